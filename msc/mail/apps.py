from django.apps import AppConfig


class MailConfig(AppConfig):
    """The outbox: e-mail that is never lost and never doubled."""

    name = "msc.mail"
    label = "mail"
