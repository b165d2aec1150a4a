"""Signing in and the second factor: django-allauth's views with what is different here."""

from allauth.account.forms import LoginForm
from allauth.account.views import LoginView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.base.views import IndexView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from annotation.accounts import services
from annotation.accounts.notices import tell
from annotation.accounts.providers import sign_on_links
from annotation.accounts.second_factor import accept_code, lacks_second_factor
from annotation.core import audit


class SignInForm(LoginForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        name, password = self.fields["login"], self.fields["password"]
        name.label = gettext_lazy("User name or e-mail address")
        name.max_length = 254
        name.widget.attrs = {"autocomplete": "username webauthn", "maxlength": 254}
        password.help_text = ""
        password.widget.attrs.pop("placeholder", None)


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    form_class = SignInForm

    def get_context_data(self, **kwargs):
        more = {
            "single_sign_on": sign_on_links(self.request),
            "passkey_url": reverse("mfa_login_webauthn"),
        }
        return super().get_context_data(**kwargs) | more

    def form_invalid(self, form):
        return self.render_to_response(self.get_context_data(form=form), status=422)


class CodeOnce:
    """Forms that ask for a code of an app or of the list: it is spent by being right."""

    def clean_code(self):
        forget_attempts = check_rate_limit(self.user)
        code = self.cleaned_data["code"]
        self.authenticator = accept_code(self.user, code)
        if self.authenticator is None:
            raise get_adapter().validation_error("incorrect_code")
        forget_attempts()
        return code


class CodeForm(CodeOnce, AuthenticateForm):
    pass


class CodeAgainForm(CodeOnce, ReauthenticateForm):
    pass


class Security(IndexView):
    """All of it on one page; the first one that somebody sees who needs a second factor."""

    def get_context_data(self, **kwargs):
        wanted = lacks_second_factor(self.request.user)
        return super().get_context_data(**kwargs) | {"is_wanted": wanted}


class NewFactor:
    """A second factor is written down, and the session from before it gets another key."""

    def form_valid(self, form):
        with transaction.atomic():
            answer = super().form_valid(form)
            self.was_added(form)
            user = self.request.user
            audit.record("second_factor.added", actor=user, target=f"user:{user.pk}")
            tell(user, "second_factor.added")
        self.request.session.cycle_key()
        return answer

    def was_added(self, form):
        pass


class AddApp(NewFactor, ActivateTOTPView):
    def was_added(self, form):
        accept_code(self.request.user, form.cleaned_data["code"])  # no sign-in by it afterwards


class AddPasskey(NewFactor, AddWebAuthnView):
    """Always one that the device asks a person's finger, face or PIN for: it signs in alone."""

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        return context | {"options": begin_registration(self.request.user, True)}


class RemovedFactor:
    """A second factor less is written down."""

    event = "second_factor.removed"

    def form_valid(self, form):
        with transaction.atomic():
            answer = super().form_valid(form)
            user = self.request.user
            audit.record(self.event, actor=user, target=f"user:{user.pk}")
            tell(user, self.event)
        return answer


class RemoveApp(RemovedFactor, DeactivateTOTPView):
    pass


class RemovePasskey(RemovedFactor, RemoveWebAuthnView):
    pass


class RenewCodes(RemovedFactor, GenerateRecoveryCodesView):
    event = "second_factor.codes_renewed"


@require_safe
def list_sessions(request):
    sessions = request.user.sessions.order_by("-seen_at")
    return render(
        request,
        "accounts/sessions.html",
        {"sessions": sessions, "own": request.session.session_key},
    )


@require_POST
def end_session(request, public_id):
    own = request.session.session_key
    for session in request.user.sessions.exclude(session_key=own):
        if session.public_id == public_id:
            services.end_session(session=session)
            messages.success(request, _("That browser is signed out."))
            return redirect("accounts:list-sessions")
    raise Http404


@require_POST
def end_other_sessions(request):
    services.end_other_sessions(user=request.user, but=request.session.session_key)
    messages.success(request, _("Every other browser is signed out."))
    return redirect("accounts:list-sessions")
