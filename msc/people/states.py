"""How far a person has come in: invited, active or switched off."""

from django.db import models


class PersonState(models.TextChoices):
    """What the Administrators list says of a person."""

    ACTIVE = "active", "Active"
    INVITED = "invited", "Invited"
    OFF = "off", "Switched off"


class SecondFactor(models.TextChoices):
    """How a person proves, beside the password, that it is them; the strongest one counts."""

    PASSKEY = "passkey", "Passkey"
    APP = "app", "Authenticator app"
    EMAIL = "email", "Code by e-mail"
