"""Addresses of signing in under the names that django-allauth uses: without a namespace, and only
those that are wanted here. There is no sign-up."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path

from annotation.accounts import address_views
from annotation.accounts import sign_on_views as views

RESET = r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$"

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="account_login"),
    path("sign-in/closed/", account.account_inactive, name="account_inactive"),
    path(
        "sign-in/passkey/", login_not_required(webauthn.login_webauthn), name="mfa_login_webauthn"
    ),
    path("sign-in/code/", mfa.authenticate, name="mfa_authenticate"),
    path("sign-in/again/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/again/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path(
        "sign-in/again/passkey/",
        webauthn.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    # Closed, and says so: mails of django-allauth name its address.
    path("sign-up/", account.signup, name="account_signup"),
    path("sign-out/", login_not_required(auth_views.LogoutView.as_view()), name="account_logout"),
    path("sign-on/<slug:provider_id>/", oidc.login, name="openid_connect_login"),
    path("sign-on/<slug:provider_id>/back/", oidc.callback, name="openid_connect_callback"),
    path("sign-on/cancelled", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("sign-on/failed", social.login_error, name="socialaccount_login_error"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(RESET, account.password_reset_from_key, name="account_reset_password_from_key"),
    path("security/address/", address_views.ChangeAddress.as_view(), name="account_email"),
    path(
        "security/address/sent/",
        account.email_verification_sent,
        name="account_email_verification_sent",
    ),
    path(
        "security/address/<str:key>/",
        address_views.ConfirmAddress.as_view(),
        name="account_confirm_email",
    ),
    path("security/", views.Security.as_view(), name="mfa_index"),
    path("security/app/", views.AddApp.as_view(), name="mfa_activate_totp"),
    path("security/app/remove/", views.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("security/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("security/codes/new/", views.RenewCodes.as_view(), name="mfa_generate_recovery_codes"),
    path(
        "security/codes/file/", codes.download_recovery_codes, name="mfa_download_recovery_codes"
    ),
    path("security/passkeys/", views.Security.as_view(), name="mfa_list_webauthn"),
    path("security/passkeys/new/", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "security/passkeys/<int:pk>/remove/",
        views.RemovePasskey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path("security/passkeys/<int:pk>/name/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
]
