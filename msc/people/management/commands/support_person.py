"""Add a person of the vendor's support staff, or switch one off."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError

from msc.access.actors import TaskActor
from msc.errors import DomainError
from msc.people.support_staff import add_support_person, switch_off_support_person


class Command(BaseCommand):
    """Whoever runs the portal says who supports it."""

    help = "Add a person of the vendor's support staff, who gets an e-mail to choose a password; or switch one off."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for the address, and for a name or the wish to switch off."""
        parser.add_argument("email")
        parser.add_argument("--first-name", default="Support")
        parser.add_argument("--last-name", default="Staff")
        parser.add_argument("--switch-off", action="store_true", help="refuse this person from now on")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it, or say why not."""
        actor, email = TaskActor("manage.py support_person"), options["email"]
        try:
            if options["switch_off"]:
                switch_off_support_person(by=actor, email=email)
                self.stdout.write(f"{email} is switched off.")
            else:
                names = {"first_name": options["first_name"], "last_name": options["last_name"]}
                add_support_person(by=actor, email=email, **names)
                self.stdout.write(f"{email} has been sent a link to choose a password. It works for one hour.")
        except DomainError as error:
            raise CommandError(error.message) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
