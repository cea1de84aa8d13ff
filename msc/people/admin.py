"""Support staff's view of people and API credentials."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from msc.access.models import User
from msc.access.roles import Role
from msc.events import log
from msc.people.credentials import revoke_credential
from msc.people.models import ApiCredential
from msc.people.signin import limits
from msc.support.base import Act, SupportAdmin
from msc.support.filters import belongs_to, one_of, within, yes_no


def unlock(person: User, by: User) -> str:
    """Forget the failed sign-ins of a person who locked themselves out."""
    limits.unlock(person.email)
    log.record(by=by, action="person.unlocked", on=person, label=person.email, msp_id=person.msp_id)
    return f"{person.email} may try to sign in again at once."


class PersonAdmin(SupportAdmin):
    """Who works for which MSP."""

    list_display = ("email", "full_name", "role", "partner", "is_active", "last_login")
    list_filter = (
        one_of("role", "role", Role.choices),
        yes_no("is_active", "active"),
        within("last_login", "last sign-in"),
        belongs_to("msp", "MSP"),
    )
    list_select_related = ("msp",)
    searched = ("email", "folded_name", "msp__name")
    ordering = ("email",)
    fields = (
        "email",
        "first_name",
        "last_name",
        "role",
        "partner",
        "is_active",
        "joined_at",
        "last_login",
        "last_seen_at",
    )
    readonly_fields = ("partner", "joined_at", "last_seen_at")
    acts = (
        Act(
            "unlock",
            "Unlock",
            unlock,
            consequences=("Failed sign-ins of this account are forgotten.", "Password and second factor stay."),
        ),
    )


def revoke(credential: ApiCredential, by: User) -> str:
    """Shut a program out."""
    revoke_credential(by=by, credential=credential)
    return f"{credential.name} is revoked."


class CredentialAdmin(SupportAdmin):
    """What programs sign in with; secrets are known to nobody."""

    list_display = ("name", "prefix", "partner", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_filter = (within("last_used_at", "last used"), within("created_at", "created"), belongs_to("msp", "MSP"))
    list_select_related = ("msp",)
    searched = ("name", "prefix", "msp__name")
    ordering = ("-created_at", "-id")
    fields = (
        "name",
        "prefix",
        "scopes",
        "partner",
        "created_by",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    readonly_fields = ("partner", "prefix", "created_by", "created_at", "last_used_at", "revoked_at")
    acts = (
        Act(
            "revoke",
            "Revoke",
            revoke,
            consequences=(
                "The program that uses it is refused from its next call on.",
                "This cannot be taken back: the MSP makes a new credential.",
            ),
            offered=lambda credential: credential.revoked_at is None,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the credentials without their digests, which support staff's role may not read."""
        credentials: QuerySet[Any] = super().get_queryset(request)
        return credentials.defer("digest")
