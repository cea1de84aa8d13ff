"""Addresses of single sign-on; allauth looks up those of the providers by their names."""

from django.urls import path, reverse_lazy
from django.views.generic import RedirectView

from msc.people.sso import settings_page, views

_SAML = "sign-in/<slug:organization_slug>/saml/"

urlpatterns = [
    path("sign-in/<slug:slug>/", views.SingleSignOnPage.as_view(), name="single_sign_on"),
    path("sign-in/<slug:provider_id>/callback/", views.callback, name="openid_connect_callback"),
    path(f"{_SAML}acs/", views.assertion, name="saml_acs"),
    path(f"{_SAML}finish/", views.finish, name="saml_finish_acs"),
    path(f"{_SAML}metadata/", views.metadata, name="saml_metadata"),
    path(f"{_SAML}sign-out/", RedirectView.as_view(url=reverse_lazy("account_logout")), name="saml_sls"),
    path("settings/sign-in/", settings_page.SingleSignOnSettings.as_view(), name="single_sign_on_settings"),
]
