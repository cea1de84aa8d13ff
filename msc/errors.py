"""Errors that are told to people in words they understand."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Link:
    """A place to go that helps with an error."""

    label: str
    url: str


class DomainError(Exception):
    """A rule of the product refuses what was asked; the message says what is wrong and what to do.

    `field` names the form field that the message belongs beside, if there is one.
    """

    def __init__(self, message: str, *, field: str | None = None, links: tuple[Link, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.links = links


class Conflict(DomainError):
    """Somebody else changed the thing since it was read."""

    def __init__(self, *, by: str, at: datetime | None) -> None:
        super().__init__(f"{by} changed this while you were editing it.")
        self.by = by
        self.at = at
