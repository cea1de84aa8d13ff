"""Mails as files in a folder: what the demonstration has instead of a mail server."""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from msc.mail.client import ServerAway


class FolderCarrier:
    """Writes each mail as a file of its own, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made yet."""
        self._folder = folder
        self._name = ""

    def offer(self, sender: str, to: str) -> None:
        """Choose a name that sorts by time, and make the folder if there is none."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ServerAway(str(error)) from error
        now = datetime.now(UTC)
        self._name = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.eml"

    def hand_over(self, raw: bytes) -> None:
        """Write beside and rename, so that a reader never sees half a mail."""
        part = self._folder / f".{self._name}.part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(raw)
        part.rename(self._folder / self._name)

    def reply(self) -> str:
        """Name the file."""
        return f"250 written to {self._name}"

    def close(self) -> None:
        """Nothing is held open."""
