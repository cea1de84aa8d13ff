"""Which carrier the setting EMAIL_URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from msc.mail.client import PORTS, Carrier, Server, SmtpCarrier
from msc.mail.folder import FolderCarrier


class DroppingCarrier:
    """Takes every mail and keeps none: for measurements, and for portals without e-mail."""

    def offer(self, sender: str, to: str) -> None:
        """Agree to everything."""

    def hand_over(self, raw: bytes) -> None:
        """Let the mail go."""

    def reply(self) -> str:
        """Say honestly what became of it."""
        return "250 dropped: this portal sends no e-mail (EMAIL_URL is none:)"

    def close(self) -> None:
        """Nothing is held open."""


def open_carrier(url: str, our_name: str) -> Carrier:
    """Open what ``url`` names: a mail server, a folder (``file:``) or nothing (``none:``)."""
    scheme = urlsplit(url).scheme
    if scheme in PORTS:
        return SmtpCarrier(Server.from_url(url), our_name)
    folder = folder_of(url)
    if folder is not None:
        return FolderCarrier(folder)
    if scheme == "none":
        return DroppingCarrier()
    raise ValueError(f"EMAIL_URL: {scheme or 'no'} scheme, expected {', '.join(PORTS)}, file or none")


def folder_of(url: str) -> Path | None:
    """Return the folder of a ``file:`` address, or None for any other."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
