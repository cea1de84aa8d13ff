"""How long a session lives, and what a half-finished sign-in may see."""

import time
from collections.abc import Callable
from datetime import timedelta

from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import base36_to_int

from msc.access import scope
from msc.access.models import User
from msc.events import log

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
#: The time of the last request is written at most this often.
SEEN_EVERY_SECONDS = 60
_LARGEST_ID = 2**63 - 1


class SessionLimits:
    """End sessions that idled or lived too long, note when people were last seen, and resume a half-done sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(settings.UNSCOPED_PATHS):
            if isinstance(request.user, User):
                _keep_or_end(request, request.user)
            else:
                _resume_pending(request)
        return self.get_response(request)


def begin(request: HttpRequest) -> None:
    """Start the clocks of a new session."""
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = int(time.time())


def forget_pending(request: HttpRequest) -> None:
    """Drop a sign-in that was begun and is not finished."""
    request.session.pop(LOGIN_SESSION_KEY, None)


def reveal(encoded_id: str) -> None:
    """Show the person whose id, in allauth's base 36, a link or a passkey carries; anything else shows nobody."""
    try:
        number = base36_to_int(encoded_id)
    except ValueError:
        return
    if 0 < number <= _LARGEST_ID:
        scope.reveal_person(number)


def of(person: User) -> QuerySet[UserSession]:
    """Return the person's open sessions, the last one used first."""
    stored = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    idle_since = timezone.now() - timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    mine: QuerySet[UserSession] = UserSession.objects.filter(user=person, session_key__in=stored)
    return mine.filter(last_seen_at__gt=idle_since).order_by("-last_seen_at", "-pk")


def end_sessions(person: User, *, keep: str | None = None) -> int:
    """End the person's sessions, but not the one with the key to keep, and return how many ended."""
    others = UserSession.objects.filter(user=person).exclude(session_key=keep)
    keys = list(others.values_list("session_key", flat=True))
    others.delete()
    ended, _ = Session.objects.filter(session_key__in=keys).delete()
    return ended


def _keep_or_end(request: HttpRequest, person: User) -> None:
    now = int(time.time())
    seen_at = request.session.get(SEEN_AT, now)
    signed_in_at = request.session.get(SIGNED_IN_AT, now)
    if now - seen_at > settings.SESSION_IDLE_SECONDS:
        _end(request, person, "You were signed out because nothing happened for four hours.", "idle")
    elif now - signed_in_at > settings.SESSION_COOKIE_AGE:
        _end(request, person, "You were signed out because a session lasts one day.", "one day")
    elif now - seen_at >= SEEN_EVERY_SECONDS or SEEN_AT not in request.session:
        _note_seen(request, person, now, signed_in_at)


def _end(request: HttpRequest, person: User, sentence: str, reason: str) -> None:
    """End the session; the request goes on as a stranger's, who sees nothing of the MSP."""
    log.record(by=person, action="session.closed", on=person, label=person.email, detail={"reason": reason})
    logout(request)
    messages.info(request, sentence)
    scope.enter("support" if request.path.startswith(settings.SUPPORT_PATH) else "portal")


def _note_seen(request: HttpRequest, person: User, now: int, signed_in_at: int) -> None:
    request.session[SEEN_AT] = now
    request.session[SIGNED_IN_AT] = signed_in_at
    person.last_seen_at = timezone.now()
    User.objects.filter(pk=person.pk).update(last_seen_at=person.last_seen_at)
    UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=person.last_seen_at)


def _resume_pending(request: HttpRequest) -> None:
    """Show the person who is between two steps of sign-in, whom the session names."""
    pending = request.session.get(LOGIN_SESSION_KEY)
    if isinstance(pending, dict) and pending.get("user_pk"):
        reveal(pending["user_pk"])
