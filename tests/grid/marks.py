"""Canary values: every seeded text says whose it is and who may know it.

`CnryOwnSecret` is a text of the customer `own` that support staff may not know, `CnryNorOpen` one of the MSP
Northwind that they may. The owners:

Own  the customers of Northwind that tom is in charge of      Nor  Northwind itself: its people, plans, credentials
Sib  the other customers of Northwind                          Eas  Eastgate itself
For  the customers of Eastgate
"""

import re

_MARK = re.compile(rb"cnry(own|sib|for|nor|eas)(open|secret)", re.IGNORECASE)

_NORTHWIND = {"ownopen", "ownsecret", "sibopen", "sibsecret", "noropen", "norsecret"}
_EASTGATE = {"foropen", "forsecret", "easopen", "eassecret"}
#: What each reader may be shown.
MAY_SEE: dict[str, set[str]] = {
    "ada": _NORTHWIND,
    "rita": _NORTHWIND,
    "tom": {"ownopen", "ownsecret", "noropen"},
    "eve": _EASTGATE,
    "sam": {"ownopen", "sibopen", "foropen", "noropen", "easopen"},
    "nobody": set(),
    "program": _NORTHWIND,
    "narrow": _NORTHWIND,
    "foreign": _EASTGATE,
    "revoked": set(),
}


def mark(owner: str, kind: str) -> str:
    """Return the mark of a text, such as `mark("Own", "Secret")`."""
    return f"Cnry{owner}{kind}"


def seen_in(text: bytes) -> set[str]:
    """Return the marks that stand in the text."""
    return {(owner + kind).decode().lower() for owner, kind in _MARK.findall(text)}


def too_much(reader: str, text: bytes) -> set[str]:
    """Return the marks in the text that the reader may not see."""
    return seen_in(text) - MAY_SEE[reader]
