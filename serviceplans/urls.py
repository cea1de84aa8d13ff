"""Addresses of service plans."""

from django.urls import path

from serviceplans import views

app_name = "serviceplans"
urlpatterns = [
    path("", views.PlanList.as_view(), name="list"),
    path("create/", views.PlanCreate.as_view(), name="create"),
    path("<int:pk>/", views.PlanPage.as_view(), name="page"),
    path("<int:pk>/copy/", views.PlanCopy.as_view(), name="copy"),
]
