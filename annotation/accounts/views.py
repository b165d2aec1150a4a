"""The demo's sign-in, preferences, and the page of one's own tokens."""

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.accounts import services
from annotation.accounts.forms import PreferencesForm
from annotation.accounts.models import ApiToken
from annotation.accounts.preferences import preferences_of, save_preferences
from annotation.accounts.recent import needs_recent_sign_in
from annotation.accounts.sign_in_events import record_sign_in
from annotation.core.errors import DomainError, NotFound
from annotation.core.language import keep_language
from annotation.core.templatetags.concord import chosen_theme
from annotation.core.theme import keep_theme


@login_not_required
@require_safe
def demo_sign_in(request, signed):
    try:
        user = services.user_of_demo_link(
            signed, remote_address=request.META.get("REMOTE_ADDR", "")
        )
    except NotFound as error:
        raise Http404 from error
    login(request, user)
    record_sign_in(user)
    return redirect("projects:list-projects")  # which leads those who only judge to their queue


@require_http_methods(["GET", "POST"])
@needs_recent_sign_in
def profile(request):
    """Tokens of the person who is signed in; a new one is shown once, right after it is made."""
    new_key, error = None, None
    if request.method == "POST":
        try:
            _token, new_key = services.create_token(
                user=request.user, name=request.POST.get("name", "")
            )
        except DomainError as broken:
            error = str(broken)
    context = {
        "tokens": request.user.api_tokens.usable().order_by("-id"),
        "new_key": new_key,
        "error": error,
        "api_docs": reverse("api-docs"),
    }
    return render(request, "accounts/profile.html", context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_preferences(request):
    """How this person likes to work, on one page."""
    kept = preferences_of(request.user)
    theme = chosen_theme({"request": request})
    if "reset_keys" in request.POST:
        save_preferences(request.user, replace(kept, keys={}))
        messages.success(request, _("The usual keys act again."))
        return redirect("accounts:edit-preferences")
    form = PreferencesForm(request.POST or None, preferences=kept, theme=theme)
    if request.method == "POST" and form.is_valid():
        save_preferences(request.user, form.preferences)
        language = form.cleaned_data["language"]
        with override(language or get_language()):
            messages.success(request, _("Saved."))
        response = redirect("accounts:edit-preferences")
        keep_theme(request, response, form.cleaned_data["theme"])
        keep_language(request, response, language)
        return response
    status = 422 if form.errors else 200
    return render(request, "accounts/preferences.html", {"form": form}, status=status)


@require_POST
def revoke_token(request, token_id):
    token = get_object_or_404(ApiToken, pk=token_id, user=request.user, revoked_at=None)
    services.revoke_token(token=token, actor=request.user)
    messages.info(request, _("The token “%(name)s” no longer works.") % {"name": token.name})
    return redirect("accounts:profile")
