"""API credentials: the list, the dialog that shows a secret once, and revoking."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Case, CharField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from msc.access.models import User
from msc.pages.columns import Column, Names, Values
from msc.pages.dialogs import ConfirmDialog, FormDialog, Outcome
from msc.pages.fields import NameField
from msc.pages.filters import ListFilters, MultiChoice, Search
from msc.pages.kinds import Badge, Date, LongText, Look, Number, Text
from msc.pages.list import Empty, ListPage
from msc.pages.rendering import Action, RowAction
from msc.pages.tables import ListTable
from msc.people.credentials import create_credential, revoke_credential
from msc.people.models import ApiCredential, CredentialScope

NEEDS = "credential.manage"
STATES = {
    "live": Look("Live", "check", "good"),
    "expired": Look("Expired", "clock", "warn"),
    "revoked": Look("Revoked", "circle-x"),
}
LONGEST_LIFE = timedelta(days=5 * 366)


class Scopes(LongText):
    """The scopes of a credential, in words."""

    def html(self, values: Values, names: Names) -> str:
        """Show them in one line."""
        return super().html([self.text(values, names)], names)

    def text(self, values: Values, names: Names) -> str:
        """Write them, separated by commas."""
        return ", ".join(str(CredentialScope(scope).label) for scope in values[0])


class Refused(Number):
    """How many records of a credential were refused in 30 days, which leads to their list."""

    def html(self, values: Values, names: Names) -> str:
        """Show the number; a zero leads nowhere."""
        number = super().html(values, names)
        return f'<a href="{reverse("health:refused")}?credential={values[1]}">{number}</a>' if values[0] else number


class CredentialTable(ListTable):
    """The API credentials of an MSP."""

    default_sort = "-created_at"

    name = Text("Name", always=True)
    prefix = Text("Begins with", shown=True, width=130)
    scopes = Scopes("Scopes", sort=(), shown=True, width=185)
    state = Badge("State", looks=STATES, shown=True, width=110, lead=True)
    last_used_at = Date("Last used", shown=True)
    refused = Refused(
        "Refused",
        fields=("refused", "pk"),
        sort=(),
        shown=True,
        width=95,
        hint="Records that were refused in the last 30 days",
    )
    expires_at = Date("Expires", shown=True)
    created_at = Date("Created on")
    created_by = Text("Created by", fields=("created_by__email",))

    @classmethod
    def prepare(cls, queryset: QuerySet[Any], columns: Sequence[Column]) -> QuerySet[Any]:
        """Count the refused records, which the health app keeps, where they are shown; the state comes with the rows."""
        if not any("refused" in column.fields for column in columns):
            return queryset
        mine = queryset.order_by().filter(pk=OuterRef("pk")).values("pk")
        counted: QuerySet[Any] = queryset.annotate(
            refused=Coalesce(Subquery(mine.annotate(total=Sum("refused_records__records")).values("total")), 0)
        )
        return counted


class CredentialFilters(ListFilters):
    """Search by name; filter by state."""

    q = Search("Search name")
    state = MultiChoice("State", [(name, look.word) for name, look in STATES.items()])

    def search(self, queryset: QuerySet[ApiCredential], name: str, term: str) -> QuerySet[ApiCredential]:
        """Keep credentials whose name or beginning holds the term."""
        return queryset.filter(Q(name__icontains=term.strip()) | Q(prefix__startswith=term.strip()))


class CredentialList(ListPage):
    """What programs sign in with at the API."""

    model, table, filters = ApiCredential, CredentialTable, CredentialFilters
    name, title, noun, needs = "credentials", "API credentials", ("credential", "credentials"), NEEDS
    template = "people/credentials.html"
    search_label = "Search name"
    actions = (Action("Create credential", "people:create_credential", needs=NEEDS, primary=True),)
    row_actions = (
        RowAction(
            "Revoke",
            "people:revoke_credential",
            needs=NEEDS,
            icon="circle-x",
            danger=True,
            fields=("state",),
            when=lambda values: values[0] != "revoked",
        ),
    )
    empty = Empty("No credentials yet", "Create one for each program that sends runs or reads figures.")

    def scoped(self, user: User) -> QuerySet[Any]:
        """Return the credentials with their state."""
        rows: QuerySet[Any] = super().scoped(user)
        with_state: QuerySet[Any] = rows.annotate(
            state=Case(
                When(revoked_at__isnull=False, then=Value("revoked")),
                When(expires_at__lte=timezone.now(), then=Value("expired")),
                default=Value("live"),
                output_field=CharField(),
            )
        )
        return with_state


class CredentialForm(forms.Form):
    """Name, scopes and the last day of a new credential."""

    name = NameField(max_length=120, help_text="What the program is, such as “Backup server Kiel”.")
    scopes = forms.MultipleChoiceField(choices=CredentialScope.choices, widget=forms.CheckboxSelectMultiple)
    last_day = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The credential works to the end of this day. Empty: until it is revoked.",
    )

    def clean_last_day(self) -> date | None:
        """Refuse a day that is over or absurdly far."""
        day: date | None = self.cleaned_data["last_day"]
        today = timezone.localdate()
        if day is not None and not today <= day <= today + LONGEST_LIFE:
            raise forms.ValidationError("Choose a day from today to five years ahead.")
        return day

    def expiry(self) -> datetime | None:
        """Return the moment at which the last day is over, in the person's zone."""
        day: date | None = self.cleaned_data["last_day"]
        if day is None:
            return None
        return datetime.combine(day + timedelta(days=1), time.min, timezone.get_current_timezone())


class CreateCredential(FormDialog):
    """Make a credential; the answer to the form is the only place where its secret ever stands."""

    form_class, needs, creates = CredentialForm, NEEDS, True
    title, verb = "Create an API credential", "Create credential"
    issued: tuple[ApiCredential, str] | None = None

    def back_url(self) -> str:
        """Return to the list."""
        return reverse("people:credentials")

    def save(self, form: CredentialForm) -> Outcome:
        """Make it and keep the secret for the answer."""
        typed: Mapping[str, Any] = form.cleaned_data
        self.issued = create_credential(
            by=self.user, name=typed["name"], scopes=typed["scopes"], expires_at=form.expiry()
        )
        return Outcome(self.back_url())

    def succeed(self, outcome: Outcome) -> HttpResponse:
        """Show the secret once; a second submit of the form only leads to the list."""
        if self.issued is None:
            return super().succeed(outcome)
        credential, secret = self.issued
        self.template = "people/_secret.html"  # type: ignore[misc]  # this answer is not the form
        self.title = f"{credential.name} is created"  # type: ignore[misc]
        response = self.show({"credential": credential, "secret": secret})
        response["Cache-Control"] = "no-store, private"
        return response


class RevokeCredential(ConfirmDialog):
    """Shut a program out."""

    model, needs, verb, danger = ApiCredential, NEEDS, "Revoke", True

    def get_title(self) -> str:
        """Name the credential."""
        return f"Revoke {self.object.name}"

    def back_url(self) -> str:
        """Return to the list."""
        return reverse("people:credentials")

    def question(self) -> str:
        """Ask."""
        return f"Revoke the credential {self.object.name} ({self.object.prefix}…)?"

    def consequences(self) -> Sequence[str]:
        """Tell what happens."""
        return (
            "The program that uses it is refused from its next call on.",
            "This cannot be taken back: the program needs a new credential.",
            "What it sent before stays.",
        )

    def perform(self) -> Outcome:
        """Do it."""
        revoke_credential(by=self.user, credential=self.object)
        return Outcome(self.back_url(), f"{self.object.name} is revoked.")
