"""The rule against passwords that are made of what anybody knows about the person."""

import re
from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ValidationError

from msc.access.models import User
from msc.access.names import folded_name
from msc.people.signin.factors import PRODUCT

SHORTEST_WORD = 3
#: How many characters a password needs beside such words.
OTHER_CHARACTERS = 8


class KnownWordsValidator:
    """Refuse a password that has little beside the person's name and address, the MSP's name and the portal's."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Take the known words out and look at how much is left."""
        folded = rest = re.sub(r"[\W_]", "", folded_name(password))
        for word in sorted(_known_words(user), key=len, reverse=True):
            rest = rest.replace(word, "")
        if rest != folded and len(rest) < OTHER_CHARACTERS:
            raise ValidationError(
                "This password is too similar to your name, your email address, or the name of your MSP or of this "
                f"portal. Leave them out, or add at least {OTHER_CHARACTERS} other characters.",
                code="password_of_known_words",
            )

    def get_help_text(self) -> str:
        """Say the rule."""
        return "Your password must not consist of names that others know."


def _known_words(user: User | None) -> set[str]:
    texts = [PRODUCT, settings.MSC_VENDOR_NAME, "MSC"]
    if user is not None:
        texts += [user.first_name, user.last_name, user.email, user.msp.name if user.msp else ""]
    return {word for text in texts for word in _words(folded_name(text)) if len(word) >= SHORTEST_WORD}


def _words(text: str) -> Iterator[str]:
    yield from re.split(r"[\W_]+", text)
    yield re.sub(r"[\W_]", "", text)
