"""Requests to identity providers: an MSP's setting must not lead the portal into its own network."""

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings


class PrivateAddress(requests.RequestException):
    """The provider's host stands in a private network."""


class OutsideSession(requests.Session):
    """A session that follows no redirect and, unless the operator allows it, enters no private network."""

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:  # as in requests
        """Send the request if its host may be asked."""
        refuse_private(str(url))
        kwargs["allow_redirects"] = False
        kwargs.setdefault("timeout", settings.SOCIALACCOUNT_REQUESTS_TIMEOUT)
        return super().request(method, url, *args, **kwargs)


def refuse_private(url: str) -> None:
    """Raise an error when the host of the address is not out on the internet."""
    if settings.MSC_SSO_PRIVATE_NETWORK:
        return
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise PrivateAddress("An identity provider must be reached by https.")
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise PrivateAddress("The host of the identity provider is not known.") from error
    if not all(ipaddress.ip_address(address[4][0]).is_global for address in found):
        raise PrivateAddress("The host of the identity provider stands in a private network.")
