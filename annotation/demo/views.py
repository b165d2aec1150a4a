"""The round's page: started by one button, watched while it runs, read when it is over."""

import re

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.demo import presentation, rounds
from annotation.projects.permissions import may, project_for, visible_in
from annotation.runs.models import Round


@require_POST
def start(request, slug):
    project = project_for(request.user, slug, "train")
    try:
        chosen = {name: request.POST[name] for name in ("method", "again") if name in request.POST}
        if re.fullmatch("[0-9]{1,6}", chosen.get("again", "")):
            chosen["again"] = int(chosen["again"])
        found = rounds.start_round(project=project, actor=request.user, options=chosen)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("runs:show-project", slug)
    return redirect("demo:show-round", found.pk)


@require_safe
def show(request, round_id):
    found = _round(request, round_id, "see_runs")
    template = "demo/_round.html" if request.htmx else "demo/round.html"
    context = presentation.present(found)
    context["may_train"] = may(request.user, "train", found.project)
    return render(request, template, context)


@require_POST
def cancel(request, round_id):
    found = _round(request, round_id, "train")
    try:
        rounds.cancel_round(found=found, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("demo:show-round", round_id)


def _round(request, round_id, action):
    """The round with its project, whose `.role` says which tabs there are; else 404."""
    rows = visible_in(Round.objects.all(), request.user, action).select_related("project", "job")
    found = get_object_or_404(rows, pk=round_id)
    found.project = project_for(request.user, found.project.slug, action)
    return found
