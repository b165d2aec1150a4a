"""An invited person without an account comes in by single sign-on: no password is made up.

The address is proven by both sides. We mailed the link, and nobody saw it but who reads that mail;
the provider says of the same address that it is theirs.
"""

from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import Resolver404, resolve

from annotation.accounts.adapters import SingleSignOnAdapter
from annotation.core.errors import DomainError
from annotation.projects.invitations import accepting
from annotation.projects.invitations.arriving import address_of, welcome
from annotation.projects.models import Invitation


class InvitedSignOn(SingleSignOnAdapter):
    """Settings name it: accounts, which has the rest of the rules, knows no invitation."""

    def pre_social_login(self, request, sociallogin):
        """Whoever has an account here signs in to it, and joins by the page's button. The way
        back is kept beside the state that we sent to the provider, not in its answer."""
        super().pre_social_login(request, sociallogin)
        if sociallogin.is_existing:
            return
        page = sociallogin.state.get("next") or ""
        if (invitation := invitation_at(page)) is None:
            return
        try:
            user = accepting.accept_by_sign_on(
                invitation=invitation, proven=self.proven_addresses(sociallogin)
            )
        except DomainError as error:
            messages.error(request, str(error))
            raise ImmediateHttpResponse(HttpResponseRedirect(page)) from error
        sociallogin.connect(request, user)
        sociallogin.state["next"] = address_of(invitation)
        welcome(request, invitation)


def invitation_at(path: str) -> Invitation | None:
    """The one whose page this is, if it can be used."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    if match.view_name != "projects:accept-invitation":
        return None
    invitation = accepting.invitation_behind(match.kwargs["token"])
    if invitation is None or accepting.standing(invitation) not in accepting.USABLE:
        return None
    return invitation
