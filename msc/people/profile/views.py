"""The profile, and the way from the first page to where somebody works."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse

from msc.access.models import User
from msc.pages.detail import PageAction, Panel
from msc.pages.dialogs import ConfirmDialog, FormDialog, Outcome
from msc.pages.views import PortalView
from msc.people.profile import services
from msc.people.profile.browsers import browser_of
from msc.people.profile.forms import ProfileForm
from msc.people.signin import factors as second_factors
from msc.people.signin import sessions


class Home(PortalView):
    """Leads people to where they work."""

    needs = "profile.edit"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect support staff to their site and everybody else to the customers."""
        return redirect(home_of(self.user))


def home_of(person: User) -> str:
    """Return the address of the page where the person's work begins."""
    if person.is_staff:
        return str(settings.SUPPORT_PATH)
    try:
        return reverse("customers:list")
    except NoReverseMatch:
        return reverse("profile")


class Profile(PortalView):
    """The person's own page: who they are, how they sign in, where they are signed in."""

    needs = "profile.edit"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show the panels."""
        panels = [self._about(), self._sign_in(), self._sessions()]
        return render(request, "people/profile.html", {"title": "Profile", "panels": panels})

    def _about(self) -> Panel:
        edit = PageAction("Edit", reverse("profile_edit"))
        return Panel("About you", "people/_about.html", {"person": self.user}, (edit,))

    def _sign_in(self) -> Panel:
        factors = second_factors.of(self.user)
        by_type = {factor.type: factor for factor in factors}
        recovery = by_type.get(Authenticator.Type.RECOVERY_CODES)
        context = {
            "has_password": self.user.has_usable_password(),
            "app": by_type.get(Authenticator.Type.TOTP),
            "passkeys": [factor for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
            "codes_left": len(recovery.wrap().get_unused_codes()) if recovery else 0,
            "has_factor": any(factor is not recovery for factor in factors),
        }
        return Panel("How you sign in", "people/_sign_in.html", context)

    def _sessions(self) -> Panel:
        key = self.request.session.session_key
        shown = [
            {
                "browser": browser_of(session.user_agent),
                "address": session.ip,
                "signed_in_at": session.created_at,
                "seen_at": session.last_seen_at,
                "is_this": session.session_key == key,
            }
            for session in sessions.of(self.user)
        ]
        end = PageAction("Sign out everywhere else", reverse("profile_end_sessions"), "logout")
        actions = (end,) if any(not session["is_this"] for session in shown) else ()
        return Panel("Where you are signed in", "people/_sessions.html", {"sessions": shown}, actions, wide=True)


class EditProfile(FormDialog):
    """Change one's own name, phone number and time zone."""

    needs = "profile.edit"
    title = "Edit your profile"
    form_class = ProfileForm

    def form_arguments(self) -> dict[str, Any]:
        """Give the form the person, for the name of the MSP's zone."""
        return {"person": self.user}

    def initial(self) -> dict[str, Any]:
        """Return what is known of the person."""
        names = ("first_name", "last_name", "phone", "time_zone", "version")
        self.user.refresh_from_db(fields=names)  # another request may have changed them since this one began
        return {name: getattr(self.user, name) for name in names}

    def back_url(self) -> str:
        """Lead back to the profile."""
        return reverse("profile")

    def save(self, form: ProfileForm) -> Outcome:
        """Save it."""
        services.edit_profile(by=self.user, **form.cleaned_data)
        return Outcome(reverse("profile"), "Your profile is saved.")


class EndOtherSessions(ConfirmDialog):
    """Sign out everywhere else."""

    needs = "profile.edit"
    title = "Sign out everywhere else"
    verb = "Sign out everywhere else"

    def question(self) -> str:
        """Ask."""
        return "End all your sessions but this one?"

    def consequences(self) -> tuple[str, ...]:
        """Name what it does not do."""
        return (
            "Whoever uses the other sessions has to sign in again.",
            "Browsers that you trusted stay trusted; changing your password ends that too.",
        )

    def back_url(self) -> str:
        """Lead back to the profile."""
        return reverse("profile")

    def perform(self) -> Outcome:
        """End them."""
        ended = services.end_other_sessions(by=self.user, keep=self.request.session.session_key)
        words = "1 other session" if ended == 1 else f"{ended} other sessions"
        return Outcome(reverse("profile"), f"You are signed out of {words}.")
