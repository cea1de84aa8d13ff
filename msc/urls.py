"""Where each app's pages hang."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("msc.operations.urls")),
    path("", include("msc.people.urls")),
]
