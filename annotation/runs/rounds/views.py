"""The pages of rounds: the list, and one round with what to do next."""

import uuid

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.projects.permissions import may, project_for
from annotation.runs.rounds import services
from annotation.runs.rounds.forms import KeyForm, RoundForm
from annotation.runs.rounds.steps import steps_of

SHOWN = 50


def rounds_of(project):
    return project.rounds.select_related("project", "job", "dataset", "base", "previous")


@require_safe
def round_list(request, slug):
    project = project_for(request.user, slug, "see_runs")
    found = list(rounds_of(project).order_by("-number")[:SHOWN])
    context = {
        "project": project,
        "tab": "training",
        "rounds": [(one, steps_of(one)) for one in found],
        "may_train": may(request.user, "train", project),
        "key": uuid.uuid4(),
    }
    return render(request, "runs/rounds/list.html", context)


@require_POST
def begin(request, slug):
    """A first round, or one seeded from the newest; a double click is one round."""
    project = project_for(request.user, slug, "train")
    key = KeyForm.key_in(request.POST)
    last = rounds_of(project).order_by("-number").first()
    if last is None or (key and last.key == key):
        made = services.begin_round(project=project, key=key, actor=request.user)
    else:
        made = services.next_round(found=last, key=key, actor=request.user)
    return redirect("runs:show-round", slug, made.number)


@require_http_methods(["GET", "HEAD", "POST"])
def show(request, slug, number):
    is_change = request.method == "POST"
    project = project_for(request.user, slug, "train" if is_change else "see_runs")
    found = get_object_or_404(rounds_of(project), number=number)
    tied = {"batches": found.batches, "base": found.base_id, "dataset": found.dataset_id}
    form = RoundForm(
        request.POST if is_change else None, project=project, user=request.user, initial=tied
    )
    if is_change and form.is_valid():
        try:
            services.tie(found=found, actor=request.user, **form.cleaned_data)
            return redirect("runs:show-round", slug, number)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {
        "project": project,
        "tab": "training",
        "round": found,
        "steps": steps_of(found),
        "form": form,
        "may_train": may(request.user, "train", project),
        "is_last": not project.rounds.filter(number__gt=number).exists(),
        "key": uuid.uuid4(),
        "following": found.following.order_by("number"),
    }
    return render(request, "runs/rounds/show.html", context, status=422 if form.errors else 200)


@require_POST
def seed(request, slug, number):
    """The next round, from this one."""
    project = project_for(request.user, slug, "train")
    found = get_object_or_404(rounds_of(project), number=number)
    try:
        made = services.next_round(
            found=found, key=KeyForm.key_in(request.POST), actor=request.user
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("runs:show-round", slug, number)
    return redirect("runs:show-round", slug, made.number)
