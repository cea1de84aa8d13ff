"""Who acts: a person, an API credential or a task, each with where the request came from."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Origin:
    """Where an act came from: the network address and the id of the request that groups its events."""

    address: str | None = None
    request_id: str = ""


NOWHERE = Origin()


class Actor(Protocol):
    """What the event record needs to know of whoever acts."""

    @property
    def actor_kind(self) -> str: ...
    @property
    def actor_id(self) -> int | None: ...
    @property
    def actor_label(self) -> str: ...
    @property
    def msp_id(self) -> int | None: ...
    @property
    def origin(self) -> Origin: ...


@dataclass(frozen=True)
class TaskActor:
    """The portal itself, at work in a background task or a management command."""

    name: str
    msp_id: int | None = None
    origin: Origin = NOWHERE
    actor_kind: str = "task"
    actor_id: int | None = None

    @property
    def actor_label(self) -> str:
        return self.name
