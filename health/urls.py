"""Addresses of health: the API, and the pages of runs, alerts and consumption."""

from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularJSONAPIView

from health import api, views, views_alerts, views_consumption, views_refused, views_usage

app_name = "health"

urlpatterns: list[URLPattern] = [
    path("alerts/", views_alerts.AlertList.as_view(), name="alerts"),
    path("alerts/<int:pk>/", views_alerts.AlertPage.as_view(), name="alert"),
    path("alerts/<int:pk>/close/", views_alerts.CloseAlert.as_view(), name="close-alert"),
    path("alerts/subscriptions/", views_alerts.Subscription.as_view(), name="subscription"),
    path("consumption/", views_consumption.Consumption.as_view(), name="consumption"),
    path("events/refused/", views_refused.RefusedList.as_view(), name="refused"),
    path("customers/<int:customer>/products/<int:pk>/usage/", views_usage.UsageList.as_view(), name="usage"),
    path("customers/<int:pk>/health/", views.CustomerHealth.as_view(), name="customer"),
    path("data-sources/<int:pk>/policy/", views.SourcePolicy.as_view(), name="policy"),
    path("api/v1/docs/", views.ApiDocs.as_view(), name="api-docs"),
    path("api/v1/runs", api.Runs.as_view(), name="api-runs"),
    path("api/v1/runs/restic", api.ResticRuns.as_view(), name="api-runs-restic"),
    path("api/v1/runs/borg", api.BorgRuns.as_view(), name="api-runs-borg"),
    path("api/v1/usage", api.Usage.as_view(), name="api-usage"),
    path("api/v1/customers", api.Customers.as_view(), name="api-customers"),
    path("api/v1/tenants", api.Tenants.as_view(), name="api-tenants"),
    path("api/v1/plans", api.Plans.as_view(), name="api-plans"),
    path("api/v1/alerts", api.Alerts.as_view(), name="api-alerts"),
    path(
        "api/v1/openapi.json",
        SpectacularJSONAPIView.as_view(authentication_classes=[], permission_classes=[]),
        name="api-schema",
    ),
]
