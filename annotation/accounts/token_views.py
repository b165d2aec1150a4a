"""The page of one's own API tokens."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotation.accounts.models import ApiToken
from annotation.accounts.recent import needs_recent_sign_in
from annotation.accounts.token_forms import TokenForm
from annotation.accounts.tokens import create_token
from annotation.accounts.tokens import revoke_token as revoke
from annotation.core.errors import DomainError


@require_http_methods(["GET", "HEAD", "POST"])
@needs_recent_sign_in
@never_cache
def profile(request):
    """Tokens of the person who is signed in; a new one is shown once, right after it is made."""
    new_key, form = None, TokenForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            _token, new_key = create_token(user=request.user, **form.cleaned_data)
            form = TokenForm(user=request.user)
        except DomainError as broken:
            form.add_error(None, str(broken))
    tokens = request.user.api_tokens.usable().prefetch_related("projects").order_by("-id")
    context = {
        "tokens": tokens,
        "new_key": new_key,
        "form": form,
        "api_docs": reverse("api-docs"),
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/profile.html", context, status=status)


@require_POST
def revoke_token(request, token_id):
    token = get_object_or_404(ApiToken, pk=token_id, user=request.user, revoked_at=None)
    revoke(token=token, actor=request.user)
    messages.info(request, _("The token “%(name)s” no longer works.") % {"name": token.name})
    return redirect("accounts:profile")
