"""What surrounds every request: the gate for input, the one transaction, and the scope of the asking person."""

import codecs
import re
import sys
import uuid
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.defaults import server_error

from msc.access import scope
from msc.access.actors import Origin
from msc.access.answers import REFUSED, is_for_program, largest_body, refusal
from msc.access.models import User
from msc.logging import log_database_away

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: C0 controls but tab, line feed and carriage return, and what cannot be a character at all.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
MAX_QUERY_BYTES = 8_000
MAX_PARAMETERS = 400


#: Devices that no page uses; passkeys and the clipboard are used.
_NO_DEVICES = "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()"


class ResponseHeaders:
    """Set what every answer carries: no device for any page, no copy of what a program reads."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response["Permissions-Policy"] = _NO_DEVICES
        if is_for_program(request):
            response["Cache-Control"] = "no-store"
        return response


class InputGate:
    """Refuse input that no page has a use for: control characters, other encodings than UTF-8, oversize."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        status = request.META.get(REFUSED) or self._refused(request)
        return refusal(request, status) if status else self.get_response(request)

    @staticmethod
    def _refused(request: HttpRequest) -> int | None:
        raw = request.META.get("QUERY_STRING", "")
        if len(raw) > MAX_QUERY_BYTES:
            return 414
        if _content_length(request) > largest_body(request.path_info):
            return 413
        if raw.count("&") > MAX_PARAMETERS or _FORBIDDEN.search(request.path) or not _is_utf8(request):
            return 400
        return None if _is_lawful(raw.encode("latin-1", "replace")) else 400


def _content_length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else sys.maxsize


def _is_utf8(request: HttpRequest) -> bool:
    """Tell whether the content type names no charset, or one that UTF-8 includes."""
    try:
        return codecs.lookup((request.content_params or {}).get("charset", "utf-8")).name in {"utf-8", "ascii"}
    except LookupError:
        return False


def _is_lawful(encoded: bytes) -> bool:
    """Tell whether a query or a form is UTF-8 without control characters."""
    try:
        return not _FORBIDDEN.search(unquote_to_bytes(encoded.replace(b"+", b" ")).decode("utf-8"))
    except UnicodeDecodeError:
        return False


class FormGate:
    """Refuse a form whose text holds control characters or is not UTF-8; runs inside the view's CSRF check."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponseBase | None:
        # What a program posts is read by the API alone, whatever content type its client gives by default.
        if is_for_program(request):
            return None
        if request.content_type == "application/x-www-form-urlencoded":
            return None if _is_lawful(request.body) else refusal(request, 400)
        # Django puts U+FFFD for bytes of a multipart form that are not UTF-8.
        parts = [part for key, values in request.POST.lists() for part in (key, *values)]
        lawful = not any("\ufffd" in part or _FORBIDDEN.search(part) for part in parts)
        return None if lawful else refusal(request, 400)


class RequestTransaction:
    """Run the whole request, session and rendering included, in one transaction under the portal's role.

    What answers 5xx is rolled back; what was answered otherwise is committed before the answer leaves.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(settings.UNSCOPED_PATHS):
            return self.get_response(request)
        role: scope.RoleName = "support" if request.path.startswith(settings.SUPPORT_PATH) else "portal"
        try:
            with scope.entered(role):
                response = self.get_response(request)
                if response.status_code >= 500:
                    transaction.set_rollback(True)
        except (OperationalError, InterfaceError) as error:
            return unavailable(request, error)
        except DatabaseError:
            # A deferred constraint that fails at commit: somebody else was first.
            return refusal(request, 409)
        return response


class PersonScope:
    """Load the signed-in person once, narrow the transaction to their MSP and note where the request came from."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(settings.UNSCOPED_PATHS):
            return self.get_response(request)
        person = request.user  # the sign-in backend reveals this person and narrows to their MSP
        if isinstance(person, User):
            person.origin = origin_of(request)
        return self.get_response(request)


def origin_of(request: HttpRequest) -> Origin:
    """Return the network address and the id of the request, for the event record."""
    request_id = getattr(request, "request_id", None) or uuid.uuid4().hex
    request.request_id = request_id  # type: ignore[attr-defined]
    return Origin(address=_address_of(request), request_id=request_id)


def _address_of(request: HttpRequest) -> str | None:
    """Return the address of the client: behind a proxy the last one named, which the proxy itself has added."""
    named: str = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.MSC_BEHIND_PROXY else ""
    text = named.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def broken(request: HttpRequest) -> HttpResponse:
    """Answer for an exception that Django caught on its way out: a lost database passes, anything else is our fault."""
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        return unavailable(request, error)
    return refusal(request, 500) if is_for_program(request) else server_error(request)


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer that the database is away for a moment; the log says why."""
    log_database_away(error)
    return refusal(request, 503)
