"""A project's webhooks: the list, and each one with what it was sent."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.egress import allowed_origins
from annotation.core.errors import DomainError
from annotation.oversight.models import Webhook
from annotation.oversight.webhooks import sending, services
from annotation.oversight.webhooks.forms import WantsForm, WebhookForm
from annotation.projects.permissions import project_for


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def webhook_list(request, slug):
    """The webhooks, and the form for another: its secret is in the answer, and never again."""
    project = project_for(request.user, slug, "manage")
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            webhook, secret = services.add_webhook(
                project=project, actor=request.user, **form.cleaned_data
            )
            return _show(request, project, webhook, secret=secret)
        except DomainError as error:
            form.add_error("url", str(error))
    context = {
        "project": project,
        "tab": "overview",
        "form": form,
        "webhooks": project.webhooks.kept().order_by("pk"),
        "origins": allowed_origins(),
    }
    status = 422 if form.errors else 200
    return render(request, "oversight/webhooks.html", context, status=status)


@require_safe
def show_webhook(request, slug, webhook_id):
    project = project_for(request.user, slug, "manage")
    return _show(request, project, _webhook(project, webhook_id))


@require_POST
@never_cache
def change_webhook(request, slug, webhook_id):
    project = project_for(request.user, slug, "manage")
    webhook = _webhook(project, webhook_id)
    do = request.POST.get("do", "")
    form = WantsForm(request.POST) if do == "change" else None
    if form is not None and not form.is_valid():
        return _show(request, project, webhook, form=form)
    try:
        if do == "new_secret":
            secret = services.renew_secret(webhook=webhook, actor=request.user)
            return _show(request, project, webhook, secret=secret)
        return _done(request, project, webhook, do, form)
    except DomainError as error:
        return _show(request, project, webhook, problem=str(error), status=error.status)


def _done(request, project, webhook, do, form):
    actor = request.user
    if do == "change":
        services.change_webhook(webhook=webhook, wants=form.cleaned_data["wants"], actor=actor)
        messages.success(request, _("Saved."))
    elif do == "test":
        sending.send_test(webhook=webhook, actor=actor)
    elif do == "switch_on":
        services.switch_on(webhook=webhook, actor=actor)
        messages.success(request, _("It is switched on again."))
    elif do == "remove":
        services.remove_webhook(webhook=webhook, actor=actor)
        messages.success(request, _("Nothing is sent to this address any more."))
        return redirect("oversight:list-webhooks", project.slug)
    else:
        raise DomainError(_("Choose what to do."))
    return redirect("oversight:show-webhook", project.slug, webhook.pk)


def _webhook(project, webhook_id) -> Webhook:
    return get_object_or_404(project.webhooks.kept(), pk=webhook_id)


def _show(request, project, webhook, *, form=None, secret="", problem="", status=200):
    page = Paginator(webhook.deliveries.order_by("-id"), 25).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "tab": "overview",
        "webhook": webhook,
        "form": form or WantsForm(initial={"wants": webhook.wants}),
        "secret": secret,
        "problem": problem,
        "page": page,
        "is_waiting": any(delivery.state == "waiting" for delivery in page),
    }
    if form is not None and form.errors:
        status = 422
    return render(request, "oversight/webhook.html", context, status=status)
