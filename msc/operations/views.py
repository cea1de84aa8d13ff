"""The three addresses for those who run the portal; none of them shows a name or a version."""

import hmac
from ipaddress import ip_address
from threading import Event

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from msc.access import scope
from msc.logging import log_database_away
from msc.operations.metrics import exposition

#: While this file exists no new requests should come: it is made before a restart.
DRAINING = settings.VAR_DIR / "draining"
_migrated = Event()
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


@never_cache
@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """Answer while the process answers at all; asks nothing of anybody else."""
    return _plain("ok")


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when requests may come: the database answers, is migrated, and no restart is due."""
    if DRAINING.exists():
        return _plain("draining", status=503)
    try:
        return _plain("ok") if _is_migrated() else _plain("not migrated", status=503)
    except DatabaseError as error:
        return _away(error)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures, to whoever knows the token or, without one, to this machine itself."""
    if not _may_read_metrics(request):
        raise Http404
    try:
        return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError as error:
        return _away(error)


def _away(error: DatabaseError) -> HttpResponse:
    log_database_away(error)
    return _plain("database away", status=503)


def _plain(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{text}\n", content_type="text/plain; charset=utf-8", status=status)


def _is_migrated() -> bool:
    """Ask the database; that all migrations are applied is looked up until it is so, and never again."""
    with scope.entered("portal"), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        if not _migrated.is_set():
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return False
            _migrated.set()
    return True


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.MSC_METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.MSC_METRICS_TOKEN}".encode())
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and not any(name in request.META for name in FORWARDED)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
