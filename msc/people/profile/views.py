"""The profile, and the way from the first page to where somebody works."""

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views import View

from msc.access.models import User


class Home(LoginRequiredMixin, View):
    """Lead people to where they work."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect support staff to their site and everybody else to the customers."""
        return redirect(home_of(request.user))  # type: ignore[arg-type]


def home_of(person: User) -> str:
    """Return the address of the page where the person's work begins."""
    if person.is_staff:
        return str(settings.SUPPORT_PATH)
    try:
        return reverse("customers:list")
    except NoReverseMatch:
        return reverse("profile")


class Profile(LoginRequiredMixin, View):
    """The person's own page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show it."""
        return render(request, "people/profile.html")
