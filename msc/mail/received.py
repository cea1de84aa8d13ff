"""The mails of the demonstration, read back from the folder that they were written to."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path

from django.conf import settings

from msc.mail.carriers import folder_of

NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}\.eml")
SHOWN = 100


@dataclass(frozen=True)
class Received:
    """One mail in its file."""

    path: Path

    @cached_property
    def _message(self) -> EmailMessage:
        return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(self.path.read_bytes())

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def subject(self) -> str:
        return str(self._message["Subject"])

    @property
    def to(self) -> str:
        return str(self._message["To"])

    @property
    def sender(self) -> str:
        return str(self._message["From"])

    @property
    def at(self) -> datetime:
        return parsedate_to_datetime(str(self._message["Date"]))

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        body = self._message.get_body((kind,))
        return str(body.get_content()) if body else ""


def newest() -> list[Received]:
    """Return the newest mails; none where mails do not go to a folder."""
    folder = folder_of(settings.EMAIL_URL)
    paths = folder.glob("*.eml") if folder else ()
    return [Received(path) for path in sorted(paths, reverse=True)[:SHOWN]]


def find(name: str) -> Received | None:
    """Return the mail of that file name; a name of any other form finds nothing."""
    folder = folder_of(settings.EMAIL_URL)
    if folder is None or not NAME.fullmatch(name) or not (folder / name).is_file():
        return None
    return Received(folder / name)
