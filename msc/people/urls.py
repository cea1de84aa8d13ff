"""Addresses of administrators, credentials, the MSP's settings and its events."""

from django.urls import path

from msc.people import invitation_views

app_name = "people"
urlpatterns = [
    path("invitation/", invitation_views.AcceptInvitation.as_view(), name="invitation"),
]
