"""The pages of the profile."""

from django.urls import path

from msc.people.profile import views

urlpatterns = [
    path("", views.Profile.as_view(), name="profile"),
    path("edit/", views.EditProfile.as_view(), name="profile_edit"),
    path("sessions/end/", views.EndOtherSessions.as_view(), name="profile_end_sessions"),
]
