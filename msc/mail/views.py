"""The pages on which a demonstration shows its e-mails, to everybody: no other portal has them."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from msc.mail.received import Received, find, newest

#: A mail is somebody else's page: it may style itself, and nothing more.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


class DemonstrationView(View):
    """A page that exists in demonstrations only."""

    http_method_names = ["get", "head"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.MSC_DEMO:
            raise Http404
        response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


class MailList(DemonstrationView):
    """The newest mails, whoever they are for."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "mail/list.html", {"mails": newest()})


class MailPage(DemonstrationView):
    """One mail as text, and beside it as its reader sees it."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        return render(request, "mail/page.html", {"mail": _found(name)})


class MailHtml(DemonstrationView):
    """The HTML part of a mail under a policy that lets it do nothing."""

    def get(self, _request: HttpRequest, name: str) -> HttpResponse:
        response = HttpResponse(_found(name).html)
        response["Content-Security-Policy"] = SANDBOX
        response["X-Frame-Options"] = "SAMEORIGIN"
        return response


def _found(name: str) -> Received:
    mail = find(name)
    if mail is None:
        raise Http404
    return mail
