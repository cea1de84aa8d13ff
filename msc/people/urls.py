"""Addresses of administrators, credentials, the MSP's settings and its events."""

from django.urls import path

from msc.people import (
    views_administrators as administrators,
)
from msc.people import (
    views_credentials as credentials,
)
from msc.people import (
    views_events as events,
)
from msc.people import (
    views_invitation,
    views_settings,
)

app_name = "people"
urlpatterns = [
    path("invitation/", views_invitation.AcceptInvitation.as_view(), name="invitation"),
    path("settings/", views_settings.MspSettings.as_view(), name="settings"),
    path("settings/administrators/", administrators.AdministratorList.as_view(), name="administrators"),
    path("settings/administrators/invite/", administrators.InviteAdministrator.as_view(), name="invite"),
    path("settings/administrators/<int:pk>/", administrators.AdministratorPage.as_view(), name="administrator"),
    path("settings/administrators/<int:pk>/edit/", administrators.EditAdministrator.as_view(), name="edit"),
    path(
        "settings/administrators/<int:pk>/deactivate/",
        administrators.DeactivateAdministrator.as_view(),
        name="deactivate",
    ),
    path(
        "settings/administrators/<int:pk>/reactivate/",
        administrators.ReactivateAdministrator.as_view(),
        name="reactivate",
    ),
    path("settings/administrators/<int:pk>/reset/", administrators.ResetPassword.as_view(), name="reset"),
    path("settings/administrators/<int:pk>/reinvite/", administrators.ResendInvitation.as_view(), name="reinvite"),
    path("settings/credentials/", credentials.CredentialList.as_view(), name="credentials"),
    path("settings/credentials/create/", credentials.CreateCredential.as_view(), name="create_credential"),
    path("settings/credentials/<int:pk>/revoke/", credentials.RevokeCredential.as_view(), name="revoke_credential"),
    path("events/", events.Events.as_view(), name="events"),
    path("events/audit/", events.AuditTrail.as_view(), name="audit"),
    path("events/log-ins/", events.LogIns.as_view(), name="log_ins"),
    path("events/e-mails/", events.Outbox.as_view(), name="outbox"),
    path("events/<int:pk>/", events.EventPage.as_view(), name="event"),
]
