"""Step-up: what would hurt most in the hands of whoever finds an open browser is done only
shortly after a sign-in. A decorator, for `views.py` of any app:

    @needs_recent_sign_in
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

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def signed_in_recently(request) -> bool:
    """A sign-in, or a password or code given again, within the last minutes.

    Yes for whoever has neither of them: in the demo people come by a link, and whoever comes by
    single sign-on only is asked by that.
    """
    limit = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    if timezone.now() - request.session.began_at < timedelta(seconds=limit):
        return True
    records = get_authentication_records(request, request.user)
    if any(time.time() - record["at"] < limit for record in records):
        return True
    return not get_reauthentication_flows(request.user)


def needs_recent_sign_in(view=None, *, also_get=False):
    """Whoever signed in long ago is asked for a password or code again and comes back to what
    they were doing: a form they had sent is sent again. Pages (GET) only with `also_get`."""

    def decorate(view):
        @wraps(view)
        def asked_first(request, *args, **kwargs):
            is_meant = also_get or request.method not in SAFE_METHODS
            if is_meant and not signed_in_recently(request):
                raise ReauthenticationRequired  # its middleware keeps the request and asks
            return view(request, *args, **kwargs)

        return asked_first

    return decorate(view) if view else decorate
