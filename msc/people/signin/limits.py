"""What failures are counted by: an account in a network. An account alone is never locked."""

import hashlib
import ipaddress
import time

from django.core.cache import cache
from django.http import HttpRequest

from msc.access.middleware import origin_of

#: The longest time that a failure counts.
_LONGEST_SECONDS = 24 * 60 * 60


def network_of(request: HttpRequest) -> str:
    """Return the network that failures are counted for: the address, or the /64 of an IPv6 one."""
    text = origin_of(request).address or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return str(address)


def account_in_network(request: HttpRequest, email: str) -> str:
    """Return what failures of this account from this network are counted under since it was last unlocked."""
    return f"{network_of(request)}:{email.strip().lower()}:{cache.get(_unlocked(email), 0)}"


def unlock(email: str) -> None:
    """Forget the failures of the account in every network, so that its owner may try again at once."""
    cache.set(_unlocked(email), int(time.time()), _LONGEST_SECONDS)


def _unlocked(email: str) -> str:
    return "unlocked:" + hashlib.sha256(email.strip().lower().encode()).hexdigest()
