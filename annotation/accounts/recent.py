"""Step-up: what would hurt most in the hands of whoever finds an open browser is done only
shortly after a sign-in. A decorator, for `views.py` of any app:

    @needs_recent_sign_in(within=AN_HOUR)
    def change_role(request, …):
"""

import time
from datetime import timedelta
from functools import wraps

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.utils import timezone

from annotation.core.errors import DomainError

# What outlasts the session wants minutes, ACCOUNT_REAUTHENTICATION_TIMEOUT: tokens, factors.
# What a lead does as part of a day's work wants an hour: docs/decisions/1032.
AN_HOUR = timedelta(hours=1)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class SignInAgain(DomainError):
    status = 403


def signed_in_recently(request, within: timedelta | None = None) -> bool:
    """A sign-in, or a password or code given again, so long ago at most: else within minutes.

    Yes for whoever has neither of them: in the demo people come by a link, and whoever comes by
    single sign-on only is asked by that.
    """
    within = within or timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)
    if timezone.now() - request.session.began_at < within:
        return True
    records = get_authentication_records(request, request.user)
    if any(time.time() - record["at"] < within.total_seconds() for record in records):
        return True
    return not get_reauthentication_flows(request.user)


def check_recent_sign_in(request, within: timedelta = AN_HOUR) -> None:
    """For the API, which cannot ask: a browser's session must be fresh. A token has no session."""
    if request.auth is None and not signed_in_recently(request, within):
        raise SignInAgain("You signed in a while ago. Do so again at /sign-in/again/ first.")


def needs_recent_sign_in(view=None, *, also_get=False, within: timedelta | None = None):
    """Whoever signed in long ago is asked for a password or code again and comes back to what
    they were doing: a form they had sent is sent again. Pages (GET) only with `also_get`."""

    def decorate(view):
        @wraps(view)
        def asked_first(request, *args, **kwargs):
            is_meant = also_get or request.method not in SAFE_METHODS
            if is_meant and not signed_in_recently(request, within):
                raise ReauthenticationRequired  # its middleware keeps the request and asks
            return view(request, *args, **kwargs)

        return asked_first

    return decorate(view) if view else decorate
