"""The pages of sign-in under /account/; the names are allauth's, which looks them up."""

from django.urls import path, re_path
from django.views.generic import RedirectView

from msc.people.signin import views

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="account_login"),
    path("sign-in/passkey/", views.Passkey.as_view(), name="mfa_login_webauthn"),
    path("sign-out/", views.SignOut.as_view(), name="account_logout"),
    path("code/", views.Code.as_view(), name="account_confirm_login_code"),
    path("second-factor/", views.Factor.as_view(), name="mfa_authenticate"),
    path("trust/", views.Trust.as_view(), name="mfa_trust"),
    path("refused/", views.Refused.as_view(), name="account_inactive"),
    path("reset/", views.AskForReset.as_view(), name="account_reset_password"),
    path("reset/sent/", views.ResetAsked.as_view(), name="account_reset_password_done"),
    path("reset/done/", views.PasswordChosen.as_view(), name="account_reset_password_from_key_done"),
    re_path(
        r"^reset/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[0-9A-Za-z-]{1,100})/$",
        views.ChooseNewPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("again/", views.PasswordAgain.as_view(), name="account_reauthenticate"),
    path("again/second-factor/", views.FactorAgain.as_view(), name="mfa_reauthenticate"),
    path("again/passkey/", views.PasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"),
    path("password/", views.ChangePassword.as_view(), name="account_change_password"),
    path("app/add/", views.ActivateApp.as_view(), name="mfa_activate_totp"),
    path("app/remove/", views.DeactivateApp.as_view(), name="mfa_deactivate_totp"),
    path("passkeys/add/", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/", views.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", views.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("recovery-codes/", views.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("recovery-codes/new/", views.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("factors/", RedirectView.as_view(pattern_name="profile"), name="mfa_index"),
]
