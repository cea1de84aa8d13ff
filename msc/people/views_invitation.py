"""The page on which an invited person chooses a password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from msc.access.middleware import origin_of
from msc.errors import DomainError
from msc.people.invitations import accept_invitation, find_open
from msc.people.models import Invitation

TEMPLATE = "people/invitation.html"
LONGEST_TOKEN = 200


class PasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Choose a password; what is wrong with it stands beside the first field."""

    def validate_password_for_user(self, user: Any, *_names: Any) -> None:
        """Judge the first field."""
        super().validate_password_for_user(user, "new_password1")


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class AcceptInvitation(View):
    """Show the form to whoever holds the link; only posting it uses the link up."""

    def get(self, request: HttpRequest) -> HttpResponse:
        token = request.GET.get("token", "")
        try:
            invitation = find_open(token)
        except DomainError as error:
            return self._refused(request, error)
        return self._form(request, token, invitation, PasswordForm(invitation.person))

    def post(self, request: HttpRequest) -> HttpResponse:
        token = request.POST.get("token", "")
        try:
            invitation = find_open(token)
            form = PasswordForm(invitation.person, request.POST)
            if not form.is_valid():
                return self._form(request, token, invitation, form, status=422)
            person = accept_invitation(
                token=token, password=form.cleaned_data["new_password1"], origin=origin_of(request)
            )
        except DomainError as error:
            return self._refused(request, error)
        messages.success(request, f"Your password is set. Sign in as {person.email}.")
        return redirect("account_login")

    @staticmethod
    def _form(
        request: HttpRequest, token: str, invitation: Invitation, form: BaseForm, *, status: int = 200
    ) -> HttpResponse:
        context = {"form": form, "invitation": invitation, "token": token}
        response = render(request, TEMPLATE, context, status=status)
        # The address of this page holds the token, which no other page may learn. With "no-referrer" browsers would send
        # the form without an origin, and it would be refused as forged.
        response["Referrer-Policy"] = "strict-origin"
        return response

    @staticmethod
    def _refused(request: HttpRequest, error: DomainError) -> HttpResponse:
        return render(request, TEMPLATE, {"refusal": error.message}, status=410)
