"""The pages of the profile."""

from django.urls import path

from msc.people.profile import views

urlpatterns = [path("", views.Profile.as_view(), name="profile")]
