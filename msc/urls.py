"""Where each app's pages hang."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from customers.views_assignments import AssignedCustomers
from msc import vendor
from msc.people.profile.views import Home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", Home.as_view(), name="home"),
    path("", include("msc.operations.urls")),
    path("account/", include("msc.people.signin.urls")),
    path("profile/", include("msc.people.profile.urls")),
    path("", include("msc.people.sso.urls")),
    path("", include("health.urls")),
    path("", include("msc.people.urls")),
    path("settings/administrators/<int:pk>/customers/", AssignedCustomers.as_view(), name="assigned_customers"),
    path(settings.SUPPORT_PATH.lstrip("/"), vendor.site.urls),
    path("service-plans/", include("serviceplans.urls")),
    path("", include("tenants.urls")),
    path("customers/", include("customers.urls")),
]
if settings.MSC_DEMO:
    urlpatterns += [path("demo/mail/", include("msc.mail.urls"))]

handler400 = "msc.access.answers.bad_request"
handler403 = "msc.access.answers.forbidden"
handler404 = "msc.access.answers.not_found"
handler500 = "msc.access.middleware.broken"
