"""The page behind a link of an invitation, for whoever holds it."""

from allauth.account.adapter import get_adapter
from allauth.core.internal import ratelimit
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.accounts.providers import sign_on_links
from annotation.core.errors import Conflict, DomainError
from annotation.projects.invitations import accepting
from annotation.projects.invitations.arriving import address_of, welcome
from annotation.projects.invitations.forms import NewAccountForm

# Links that are none, from one address; forms sent, with one link and from one address: an office
# of fifty comes in by one address.
LIMITS = {"unknown_link": "30/5m/ip", "accept": "20/10m/key,200/10m/ip"}


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request, token):
    invitation = accepting.invitation_behind(token)
    if invitation is None:
        if not _within(request, "unknown_link"):
            return ratelimit.respond_429(request)
        return _closed(request, "unknown", status=404)
    state = accepting.standing(invitation)
    if state not in accepting.USABLE:
        return _closed(request, state, status=410)
    if request.method == "POST" and not _within(request, "accept", key=invitation.token_digest):
        return ratelimit.respond_429(request)
    if request.user.is_authenticated:
        return _join(request, invitation)
    return _make_account(request, invitation, token)


def _join(request, invitation):
    """One button for whoever is signed in."""
    problem, status = "", 200
    if request.method == "POST":
        try:
            accepting.accept(invitation=invitation, user=request.user)
            return _arrived(request, invitation)
        except DomainError as error:
            problem, status = str(error), error.status
    context = {
        "invitation": invitation,
        "place": accepting.place_of(request.user, invitation),
        "problem": problem,
    }
    return render(request, "projects/invitation_join.html", context, status=status)


def _make_account(request, invitation, token):
    form = NewAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = accepting.accept_as_new(
                invitation=invitation,
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password"],
            )
            get_adapter().login(request, user)
            return _arrived(request, invitation)
        except Conflict as error:
            form.add_error(None, str(error))
    here = reverse("projects:accept-invitation", args=[token])
    context = {
        "invitation": invitation,
        "form": form,
        "here": here,
        "single_sign_on": sign_on_links(request) if accepting.may_sign_on(invitation) else [],
        "sign_in_url": f"{reverse('accounts:sign-in')}?{urlencode({'next': here})}",
    }
    status = 422 if form.errors else 200
    return render(request, "projects/invitation_account.html", context, status=status)


def _arrived(request, invitation):
    welcome(request, invitation)
    return redirect(address_of(invitation))


def _closed(request, state, *, status):
    return render(request, "projects/invitation_closed.html", {"state": state}, status=status)


def _within(request, action, key=None) -> bool:
    used = ratelimit.consume(
        request, app="concord", action=action, config=LIMITS, key=key, limit_get=True
    )
    return used is not None
