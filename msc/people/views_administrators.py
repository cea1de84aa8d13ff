"""The Administrators list, the page of one, and the dialogs that change them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from msc.access.models import User
from msc.access.roles import Role
from msc.errors import DomainError
from msc.events.models import Event
from msc.pages.detail import DetailPage, PageAction, Panel
from msc.pages.dialogs import ConfirmDialog, FormDialog, Outcome
from msc.pages.list import Empty, ListPage
from msc.pages.rendering import Action, RowAction
from msc.people import services
from msc.people.forms_administrators import EditForm, InviteForm
from msc.people.people import active_administrators, with_customers, with_factor, with_state
from msc.people.states import PersonState, SecondFactor
from msc.people.tables_administrators import AdministratorFilters, AdministratorTable

NEEDS = "administrator.manage"
FEWEST_ADMINISTRATORS = 2
NEWEST_EVENTS = 20


class AdministratorList(ListPage):
    """Everybody who works for the MSP in the portal."""

    model, table, filters = User, AdministratorTable, AdministratorFilters
    name, title, noun, needs = "administrators", "Administrators", ("administrator", "administrators"), NEEDS
    template = "people/administrators.html"
    search_label = "Search name or e-mail"
    actions = (Action("Invite Administrator", "people:invite", needs=NEEDS, primary=True),)
    row_actions = (
        RowAction("Edit", "people:edit", needs=NEEDS, icon="pencil"),
        RowAction(
            "Customers",
            "assigned_customers",
            needs=NEEDS,
            icon="building",
            dialog=False,
            fields=("role",),
            when=lambda values: values[0] == Role.TENANT_ADMIN,
        ),
        RowAction(
            "Send password reset",
            "people:reset",
            needs=NEEDS,
            icon="key",
            fields=("state",),
            when=lambda values: values[0] == PersonState.ACTIVE,
        ),
        RowAction(
            "Send invitation again",
            "people:reinvite",
            needs=NEEDS,
            icon="mail",
            fields=("state",),
            when=lambda values: values[0] == PersonState.INVITED,
        ),
        RowAction(
            "Switch off",
            "people:deactivate",
            needs=NEEDS,
            icon="circle-x",
            danger=True,
            fields=("state",),
            when=lambda values: values[0] != PersonState.OFF,
        ),
        RowAction(
            "Switch on",
            "people:reactivate",
            needs=NEEDS,
            icon="check",
            fields=("state",),
            when=lambda values: values[0] == PersonState.OFF,
        ),
    )
    empty = Empty("No administrators found")

    def scoped(self, user: User) -> QuerySet[Any]:
        """Return the people of the MSP with their state."""
        return with_state(super().scoped(user))

    def above(self) -> Mapping[str, Any]:
        """Tell when the MSP would be locked out with one person."""
        return {"too_few": _administrators(self.user) < FEWEST_ADMINISTRATORS}


def _administrators(user: User) -> int:
    return active_administrators(user.msp_id).count() if user.msp_id else 0


class AdministratorPage(DetailPage):
    """One administrator: who they are, how they sign in, what they and others did to the account."""

    model, needs = User, NEEDS
    template = "people/administrator.html"

    def queryset(self) -> QuerySet[Any]:
        """Return the people of the MSP with all that the page shows."""
        return with_factor(with_customers(with_state(super().queryset())))

    def page_actions(self) -> list[PageAction]:
        """Return what may be done with the person in their state."""
        return [
            PageAction(
                action.label,
                reverse(action.url_name, args=[self.object.pk]),
                action.icon,
                dialog=action.dialog,
                danger=action.danger,
            )
            for action in AdministratorList.row_actions
            if action.when is None or action.when([getattr(self.object, name) for name in action.fields])
        ]

    def panels(self) -> Iterable[Panel]:
        """Show the account and what happened to it."""
        yield Panel(
            "Account",
            "people/_administrator.html",
            {
                "person": self.object,
                "state": PersonState(self.object.state).label,
                "factor": SecondFactor(self.object.second_factor).label,
            },
        )
        events = Event.objects.for_user(self.user).for_object(self.object).with_names().newest_first()[:NEWEST_EVENTS]
        yield Panel("History", "people/_history.html", {"events": events, "none": "Nothing happened yet."}, wide=True)


class InviteAdministrator(FormDialog):
    """Invite somebody by their address."""

    form_class, needs, creates = InviteForm, NEEDS, True
    title, verb = "Invite an administrator", "Send invitation"

    def back_url(self) -> str:
        """Return to the list."""
        return reverse("people:administrators")

    def save(self, form: InviteForm) -> Outcome:
        """Add the person and send the invitation; a tenant administrator gets customers next."""
        if self.user.msp is None:
            raise DomainError("Only people of an MSP invite others.")
        person = services.invite_administrator(by=self.user, msp=self.user.msp, **form.cleaned_data)
        address = form.cleaned_data["email"]
        page = "assigned_customers" if person.role == Role.TENANT_ADMIN else "people:administrator"
        return Outcome(reverse(page, args=[person.pk]), f"An invitation goes to {address}.", go=True)


class EditAdministrator(FormDialog):
    """Change name, phone and role."""

    model, form_class, needs = User, EditForm, NEEDS

    def get_title(self) -> str:
        """Name the person."""
        return f"Edit {self.object.full_name}"

    def back_url(self) -> str:
        """Return to the person."""
        return reverse("people:administrator", args=[self.object.pk])

    def initial(self) -> dict[str, Any]:
        """Return the person as they are."""
        person: User = self.object
        return {name: getattr(person, name) for name in ("first_name", "last_name", "phone", "role", "version")}

    def save(self, form: EditForm) -> Outcome:
        """Save the changes."""
        person = services.edit_administrator(by=self.user, person=self.object, **form.cleaned_data)
        return Outcome(self.back_url(), f"{person.full_name} is saved.")


class PersonDialog(ConfirmDialog):
    """What the questions about one administrator share."""

    model, needs = User, NEEDS

    def get_title(self) -> str:
        """Return the verb with the person's name."""
        return f"{self.verb}: {self.object.full_name}"

    def back_url(self) -> str:
        """Return to the person."""
        return reverse("people:administrator", args=[self.object.pk])

    def address(self) -> str:
        """Return the address the person is known by."""
        return services.invited_address(self.object)


class DeactivateAdministrator(PersonDialog):
    """Switch a person off."""

    verb, danger = "Switch off", True

    def refusal(self) -> DomainError | None:
        """Refuse one's own account before anything is asked."""
        return services.own_account() if self.object.pk == self.user.pk else None

    def question(self) -> str:
        """Ask."""
        return f"Switch off {self.object.full_name} ({self.address()})?"

    def consequences(self) -> Sequence[str]:
        """Tell what happens."""
        return (
            "They are signed out everywhere at once and cannot sign in.",
            "Invitations that were sent to them stop working.",
            "Their customers and what they did stay as they are. You can switch them on again.",
        )

    def perform(self) -> Outcome:
        """Do it."""
        services.deactivate_administrator(by=self.user, person=self.object)
        return Outcome(reverse("people:administrators"), f"{self.object.full_name} is switched off.")


class ReactivateAdministrator(PersonDialog):
    """Switch a person on again."""

    verb = "Switch on"

    def question(self) -> str:
        """Ask."""
        return f"Switch on {self.object.full_name} ({self.address()}) as {self.object.get_role_display()}?"

    def consequences(self) -> Sequence[str]:
        """Tell what happens."""
        return ("They can sign in again with the password and the second factor they had.",)

    def perform(self) -> Outcome:
        """Do it."""
        services.reactivate_administrator(by=self.user, person=self.object)
        return Outcome(reverse("people:administrators"), f"{self.object.full_name} is switched on.")


class ResetPassword(PersonDialog):
    """Send a link to choose a new password."""

    verb = "Send password reset"

    def question(self) -> str:
        """Ask."""
        return f"Send {self.object.full_name} a link to choose a new password?"

    def consequences(self) -> Sequence[str]:
        """Tell what happens."""
        return (f"The link goes to {self.address()} and works for one hour.", "Until then the present password works.")

    def perform(self) -> Outcome:
        """Do it."""
        services.send_password_reset(by=self.user, person=self.object)
        return Outcome(reverse("people:administrators"), f"A link goes to {self.address()}.")


class ResendInvitation(PersonDialog):
    """Send the invitation again."""

    verb = "Send invitation again"

    def question(self) -> str:
        """Ask."""
        return f"Send {self.object.full_name} a new invitation?"

    def consequences(self) -> Sequence[str]:
        """Tell what happens."""
        return (
            f"A new link goes to {self.address()} and works for seven days.",
            "Links that were sent before stop working.",
        )

    def perform(self) -> Outcome:
        """Do it."""
        services.resend_invitation(by=self.user, person=self.object)
        return Outcome(reverse("people:administrators"), f"A new invitation goes to {self.address()}.")
