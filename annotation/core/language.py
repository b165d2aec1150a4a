"""The language switch for whoever is not signed in: a form and a cookie, as for the theme."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from annotation.core.theme import ONE_YEAR, page_to_return_to

LANGUAGES = dict(settings.LANGUAGES)


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    response = redirect(page_to_return_to(request))
    keep_language(request, response, request.POST.get("language", ""))
    return response


def keep_language(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """The chosen language, or the browser's where it is none of ours."""
    cookie = settings.LANGUAGE_COOKIE_NAME
    if language in LANGUAGES:
        response.set_cookie(
            cookie, language, max_age=ONE_YEAR, samesite="Lax", secure=request.is_secure()
        )
    else:
        response.delete_cookie(cookie, samesite="Lax")
