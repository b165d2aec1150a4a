"""Harness tasks of a policy: ordering them, watching, calling off, the figures."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.projects.permissions import may, project_for
from annotation.runs import services as runs
from annotation.runs.harness import presentation, services
from annotation.runs.harness.catalogue import catalogue
from annotation.runs.harness.forms import HarnessForm
from annotation.runs.models import HarnessEvaluation, ModelVersion


@require_http_methods(["GET", "HEAD", "POST"])
def order(request, slug, version_id):
    project = project_for(request.user, slug, "train")
    policies = ModelVersion.objects.filter(project=project, kind=ModelVersion.Kind.POLICY)
    version = get_object_or_404(policies.select_related("project"), pk=version_id)
    there = catalogue()
    form = HarnessForm(request.POST or None, there=there)
    if request.method == "POST" and form.is_valid():
        try:
            made = form.order(version=version, actor=request.user)
            return redirect("runs:show-harness", slug, made.pk)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {
        "project": project,
        "tab": "training",
        "version": version,
        "form": form,
        "there": there,
        "chosen": form["tasks"].value() or [],
        "missing": runs.why_no_training(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "runs/harness/order.html", context, status=status)


def _evaluation(project, harness_id) -> HarnessEvaluation:
    rows = HarnessEvaluation.objects.select_related("version__project", "job", "created_by")
    return get_object_or_404(rows.filter(version__project=project), pk=harness_id)


@require_safe
def show(request, slug, harness_id):
    """The page; for htmx its live part alone, which asks again while there is something to see."""
    project = project_for(request.user, slug, "see_runs")
    evaluation = _evaluation(project, harness_id)
    figures = evaluation.figures.order_by("is_part", "task", "pk")
    context = {
        "project": project,
        "tab": "training",
        "evaluation": evaluation,
        "job": evaluation.job,
        "rows": presentation.rows(figures[: presentation.MOST_ROWS]),
        "total": figures.count(),
        "settings": presentation.settings_of(evaluation),
        "may_train": may(request.user, "train", project),
    }
    template = "runs/harness/_live.html" if request.htmx else "runs/harness/show.html"
    return render(request, template, context)


@require_POST
def cancel(request, slug, harness_id):
    return _change(request, slug, harness_id, services.cancel)


@require_POST
def retry(request, slug, harness_id):
    return _change(request, slug, harness_id, services.retry)


def _change(request, slug, harness_id, service):
    evaluation = _evaluation(project_for(request.user, slug, "train"), harness_id)
    try:
        service(evaluation=evaluation, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("runs:show-harness", slug, harness_id)
