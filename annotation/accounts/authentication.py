"""Who asks the API: a page of ours by its session, or a program by its token:
`Authorization: Bearer concord_…`."""

from datetime import timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.utils import timezone
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions

from annotation.accounts.models import ApiToken
from annotation.accounts.second_factor import lacks_second_factor

LAST_USED_GRAIN = timedelta(minutes=1)  # a hot token must not write on every call


def _tokens():
    """With the projects they are for, in the same statement."""
    scopes = ApiToken.projects.through.objects.filter(apitoken=OuterRef("pk"))
    return (
        ApiToken.objects.usable()
        .select_related("user")
        .annotate(project_ids=ArraySubquery(scopes.values("project")))
    )


class TokenAuthentication(authentication.BaseAuthentication):
    """Looks the sha256 of the key up; a wrong, expired or revoked one is a 401."""

    keywords = ("bearer", "token")

    def authenticate(self, request):
        words = authentication.get_authorization_header(request).split()
        if len(words) != 2 or words[0].lower().decode("latin-1") not in self.keywords:
            return None
        digest = ApiToken.digest_of(words[1].decode("latin-1"))
        token = _tokens().filter(digest=digest).first()
        if token is None or not token.user.is_active:
            raise exceptions.AuthenticationFailed("This token is unknown, expired or revoked.")
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at > LAST_USED_GRAIN:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        token.user.api_token = token
        return token.user, token

    def authenticate_header(self, request):
        return 'Bearer realm="Concord"'


class SessionAuthentication(authentication.SessionAuthentication):
    """Pages of ours that ask the API. What the pages want first, it wants too."""

    def authenticate(self, request):
        found = super().authenticate(request)
        if found is not None and lacks_second_factor(found[0]):
            raise exceptions.PermissionDenied("Set up a second factor first, at /security/.")
        return found


class OwnSessionScheme(SessionScheme):
    target_class = SessionAuthentication


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from your profile page or `manage.py create_token`.",
        }
