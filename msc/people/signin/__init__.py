"""Sign-in: password and code, authenticator apps, passkeys, sessions; django-allauth does the flows."""
