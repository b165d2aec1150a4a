"""The demo's sign-in, preferences, and the page of one's own tokens."""

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from annotation.accounts import services
from annotation.accounts.forms import PreferencesForm
from annotation.accounts.preferences import preferences_of, save_preferences
from annotation.accounts.sign_in_events import record_sign_in
from annotation.core.errors import NotFound
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
