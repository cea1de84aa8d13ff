"""The portal's pages and, beside them, the yardstick: a static page of 30 KB from the same Django."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from msc.urls import urlpatterns as portal

_LINE = "<tr><td>Alder Analytics 1</td><td>Hybrid Workloads</td><td>Plan 01</td><td>us-east-1</td></tr>\n"
_STATIC_PAGE = (_LINE * (30 * 1024 // len(_LINE) + 1))[: 30 * 1024]


def static_page(request: HttpRequest) -> HttpResponse:
    """Answer 30 KB without database, person or template: the floor of a request."""
    return HttpResponse(_STATIC_PAGE)


urlpatterns = [path("bench/static/", static_page), *portal]
