"""What every request goes through, without a statement of its own."""

from django.contrib.sessions import middleware as sessions
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django_htmx.http import HttpResponseClientRedirect

from annotation.accounts.second_factor import lacks_second_factor
from annotation.accounts.sessions import AGENT_LENGTH

# All that is open to somebody who must set up a second factor first.
SET_UP_PAGES = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_generate_recovery_codes",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "account_change_password",
    "account_set_password",
    "accounts:sign-out",
    "accounts:list-sessions",
    "accounts:end-session",
    "accounts:end-other-sessions",
}


class SessionMiddleware(sessions.SessionMiddleware):
    """Django's, and the browser's name for the list of one's sessions."""

    def process_request(self, request):
        super().process_request(request)
        agent = request.headers.get("User-Agent", "")
        request.session.agent = agent.replace("\x00", "")[:AGENT_LENGTH]


class SecondFactorMiddleware(MiddlewareMixin):
    """After LoginRequiredMiddleware. Gives a new session key to whoever's role changed, and sends
    whoever needs a second factor and has none to set one up."""

    def process_view(self, request, view, args, kwargs):
        # The API asks for itself: a token signs in without a session.
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return None
        if request.session.must_rotate:
            request.session.cycle_key()
        if not lacks_second_factor(request.user):
            return None
        if request.resolver_match.view_name in SET_UP_PAGES:
            return None
        to = reverse("mfa_index")
        return HttpResponseClientRedirect(to) if request.htmx else HttpResponseRedirect(to)
