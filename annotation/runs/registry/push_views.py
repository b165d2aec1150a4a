"""Sending a model version somewhere, taking it off the disk, and fetching it back."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.datasets.publishing.push_views import Pages, changed, destination_said, page_of
from annotation.projects.permissions import project_for
from annotation.runs.models import ModelPush
from annotation.runs.registry import keeping
from annotation.runs.registry.pushing import push_model
from annotation.runs.registry.views import version_in

PAGES = Pages("runs:show-push", "runs:change-push")


@require_POST
def keep(request, slug, version_id):
    """Send it to a destination, take it off the disk, or fetch it back."""
    project = project_for(request.user, slug, "export")
    version, do = version_in(project, version_id), request.POST.get("do", "")
    try:
        if do == "push":
            destination = destination_said(project, request.POST)
            push = push_model(version=version, destination=destination, actor=request.user)
            return redirect("runs:show-push", slug, push.pk)
        if do == "offload":
            keeping.request_offload(version=version, actor=request.user)
        elif do == "fetch":
            keeping.request_fetch(version=version, actor=request.user)
        else:
            raise DomainError(_("Choose what to do."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("runs:show-model-version", slug, version_id)


@require_safe
def show_push(request, slug, push_id):
    project = project_for(request.user, slug, "see_runs")
    found = _push(project, push_id)
    return page_of(request, project, found, PAGES, "training", {"version": found.version})


@require_POST
def change_push(request, slug, push_id):
    project = project_for(request.user, slug, "export")
    return changed(request, slug, _push(project, push_id), PAGES)


def _push(project, push_id) -> ModelPush:
    rows = ModelPush.objects.select_related("version", "destination", "job", "created_by")
    return get_object_or_404(rows.filter(project=project), pk=push_id)
