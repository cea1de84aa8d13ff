"""Settings that are well formed and still cannot work: `manage.py check` lists them, web and worker do not start."""

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host
from django.utils.module_loading import import_string

from msc.mail.client import PORTS

_MAIL_SERVERS = tuple(PORTS)
_BROKERS = ("redis", "rediss", "redis+socket", "sentinel")


def refuse_what_cannot_work() -> None:
    """Refuse to start with settings that cannot work; the exception has a sentence for each."""
    if sentences := list(_sentences()):
        raise ImproperlyConfigured(" ".join(sentences))


def check_settings(**_more: Any) -> list[checks.CheckMessage]:
    """Report the same sentences to Django's own checks."""
    return [checks.Error(sentence, id="msc.E001") for sentence in _sentences()]


def _sentences() -> Iterator[str]:
    yield from _of_email()
    yield from _of_addresses()
    try:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        yield f"MSC_VAR must be a folder that exists or can be made ({error.strerror})."
    try:
        works = callable(import_string(settings.MSC_PROVISIONER))
    except ImportError:
        works = False
    if not works:
        yield "MSC_PROVISIONER must be the dotted path of a function that can be imported."


def _of_email() -> Iterator[str]:
    if not settings.EMAIL_URL:
        yield "EMAIL_URL is needed unless MSC_ORIGIN is on localhost: nobody can sign in without email."
    elif problem := _email_problem():
        yield f"EMAIL_URL {problem}."
    if "@" not in parseaddr(settings.MSC_MAIL_FROM)[1].strip("@"):
        yield "MSC_MAIL_FROM must be an email address, such as Managed Services Center <noreply@msc.example>."


def _email_problem() -> str:
    try:
        parts = urlsplit(settings.EMAIL_URL)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not an address"
    if parts.scheme in _MAIL_SERVERS:
        return "" if host else "names no mail server: smtp://host:port"
    if parts.scheme == "file":
        return "" if parts.path.startswith("/") and not parts.netloc else "must name a folder: file:///folder"
    return "" if parts.scheme == "none" else f"must begin with {', '.join(_MAIL_SERVERS)}, file or none"


def _of_addresses() -> Iterator[str]:
    origin = urlsplit(settings.MSC_ORIGIN)
    host = f"[{origin.hostname}]" if ":" in (origin.hostname or "") else origin.hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield "MSC_ALLOWED_HOSTS must name the host of MSC_ORIGIN."
    if urlsplit(settings.REDIS_URL).scheme not in _BROKERS:
        yield f"REDIS_URL must begin with {', '.join(_BROKERS)}."
