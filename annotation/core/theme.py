"""The theme switch: a form, so that it works without script; a cookie, so that the page arrives
in the right theme and nothing flashes."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from annotation.core.templatetags.concord import THEMES

ONE_YEAR = 365 * 24 * 3600


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    response = redirect(page_to_return_to(request))
    keep_theme(request, response, request.POST.get("theme", ""))
    return response


def page_to_return_to(request: HttpRequest) -> str:
    """The page of ours that a choice was made on."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return target if is_ours else "/"


def keep_theme(request: HttpRequest, response: HttpResponse, theme: str) -> None:
    """The chosen theme, or the system's where it is none of ours."""
    if theme in THEMES:
        response.set_cookie(
            "theme", theme, max_age=ONE_YEAR, samesite="Lax", secure=request.is_secure()
        )
    else:
        response.delete_cookie("theme", samesite="Lax")
