"""The pages of generation runs: the list, a new order with its estimate, and each run."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.candidates.generation import detail, services
from annotation.candidates.generation.forms import OrderForm
from annotation.candidates.models import GenerationRun
from annotation.core.errors import DomainError
from annotation.projects.permissions import may, project_for


@require_safe
def run_list(request, slug):
    project = project_for(request.user, slug, "see_runs")
    runs = project.generation_runs.select_related("job", "endpoint", "generator").order_by("-pk")
    context = {
        "project": project,
        "tab": "candidates",
        "page": Paginator(runs, 25).get_page(request.GET.get("page")),
        "has_endpoint": project.endpoints.kept().exists(),
        "may_train": may(request.user, "train", project),
    }
    return render(request, "candidates/runs.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_run(request, slug):
    """The order; `do=start` starts it, all else says what it would cost."""
    project = project_for(request.user, slug, "train")
    form = OrderForm(request.POST or None, project=project)
    context = {"project": project, "tab": "candidates", "form": form}
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            if request.POST.get("do") == "start":
                return _start(request, form.order)
            order = form.order
            context |= {"estimates": order.estimates(), "prompt_count": len(order.prompts()),
                        "is_estimated": True}  # fmt: skip
        except DomainError as error:
            form.add_error(None, str(error))
    if form.errors:
        status = 422
    return render(request, "candidates/new_run.html", context, status=status)


def _start(request, order):
    runs = order.start(actor=request.user)
    slug = order.project.slug
    if len(runs) == 1:
        return redirect("candidates:show-run", slug, runs[0].pk)
    said = ngettext("%(count)d run is ordered.", "%(count)d runs are ordered.", len(runs))
    messages.success(request, said % {"count": len(runs)})
    return redirect("candidates:list-runs", slug)


def _run(project, run_id) -> GenerationRun:
    runs = project.generation_runs.select_related(
        "job", "endpoint", "generator", "created_by", "project"
    )
    return get_object_or_404(runs, pk=run_id)


@require_safe
def show_run(request, slug, run_id):
    """The page; for htmx its live part alone, which asks again while the run is active."""
    project = project_for(request.user, slug, "see_runs")
    run = _run(project, run_id)
    context = {
        "project": project,
        "tab": "candidates",
        "run": run,
        "job": run.job,
        "figures": detail.figures_of(run),
        "failures": detail.failures_of(run),
        "stopped_by": detail.stopped_by(run),
        "samples": detail.samples_of(run),
        "may_train": may(request.user, "train", project),
    }
    return render(
        request, "candidates/_run.html" if request.htmx else "candidates/run.html", context
    )


@require_POST
def cancel_run(request, slug, run_id):
    return _change(request, slug, run_id, services.cancel_generation)


@require_POST
def resume_run(request, slug, run_id):
    return _change(request, slug, run_id, services.resume_generation)


def _change(request, slug, run_id, service):
    """The run may end between the look and the click: that is a sentence, not an error page."""
    run = _run(project_for(request.user, slug, "train"), run_id)
    try:
        service(run=run, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("candidates:show-run", slug, run_id)
