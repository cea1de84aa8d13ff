"""The verified e-mail address that a person needs to sign in."""

from allauth.account.models import EmailAddress

from msc.access.models import User


def confirm(person: User) -> EmailAddress:
    """Make the person's address their one verified, primary address; earlier ones are forgotten."""
    EmailAddress.objects.filter(user=person).exclude(email=person.email).delete()
    address, _ = EmailAddress.objects.update_or_create(
        user=person, email=person.email, defaults={"verified": True, "primary": True}
    )
    return address
