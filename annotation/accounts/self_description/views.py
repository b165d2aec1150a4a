"""A person's own page about themself. There is no page about anybody else."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotation.accounts.recent import needs_recent_sign_in
from annotation.accounts.self_description import services
from annotation.accounts.self_description.answers import FIELDS
from annotation.accounts.self_description.forms import SelfDescriptionForm


@require_http_methods(["GET", "HEAD", "POST"])
@needs_recent_sign_in(also_get=True)
def about_you(request):
    if "delete" in request.POST:
        if services.forget_description(user=request.user):
            messages.success(request, _("Your answers are deleted."))
        return redirect("accounts:describe-oneself")
    said = services.own_description(request.user) or {}
    form = SelfDescriptionForm(request.POST or None, answers=said)
    if request.method == "POST" and form.is_valid():
        answers = {name: form.cleaned_data[name] for name in FIELDS}
        services.describe_oneself(user=request.user, answers=answers)
        messages.success(request, _("Saved."))
        return redirect("accounts:describe-oneself")
    context = {"form": form, "is_kept": bool(said)}
    return render(request, "accounts/about_you.html", context, status=422 if form.errors else 200)
