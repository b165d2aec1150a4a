"""The pages of generation runs: the list, a new order with its estimate, and each run."""

from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.candidates.generation import detail, services
from annotation.candidates.generation.estimate import totals_of
from annotation.candidates.generation.forms import OrderForm, ParameterSets
from annotation.candidates.generation.ordering import as_given
from annotation.candidates.generation.overview import overview_of
from annotation.candidates.generation.wording import said_of, shown
from annotation.candidates.models import GenerationOrder, GenerationRun
from annotation.core.errors import DomainError
from annotation.projects.permissions import may, project_for


@require_safe
def run_list(request, slug):
    project = project_for(request.user, slug, "see_runs")
    runs = project.generation_runs.select_related("job", "endpoint", "generator")
    runs = runs.annotate(order_size=Count("order__runs")).order_by("-pk")
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
    """The order. `do=start` starts it, `add_set` and `drop_set:2` change its sets, all else says
    what it would take."""
    project = project_for(request.user, slug, "train")
    like = _like(project, request.GET.get("like", "")) if request.method != "POST" else None
    initial = {"endpoints": [like.endpoint_id], "models": [like.generator_id]} if like else None
    form = OrderForm(request.POST or None, project=project, initial=initial)
    sets = ParameterSets(initial=[as_given(like.params)]) if like else ParameterSets()
    context, do, status = {}, request.POST.get("do", ""), 200
    if do == "add_set" or do.startswith("drop_set:"):
        sets = ParameterSets.changed(request.POST, do)
    elif request.method == "POST":
        sets = ParameterSets(request.POST)
        status = 422
        if all([form.is_valid(), sets.is_valid()]):
            try:
                order = form.order(sets)
                if do == "start":
                    return _start(request, order)
                context, status = _taken(order), 200
            except DomainError as error:
                form.add_error(None, str(error))
    context |= {"project": project, "tab": "candidates", "form": form, "sets": sets,
                "is_changed": bool(do) and not context, "key": uuid4()}  # fmt: skip
    return render(request, "candidates/new_run.html", context, status=status)


def _like(project, number: str) -> GenerationRun | None:
    """The run whose order the form takes over; None for none."""
    if not number:
        return None
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404
    return _run(project, int(number))


def _taken(order) -> dict:
    """What the order takes, in words and numbers."""
    lines = order.lines()
    return {"lines": lines, "totals": totals_of(lines), "examples": order.examples(),
            "prompt_count": len(order.prompts()), "is_estimated": True}  # fmt: skip


def _start(request, order):
    started = order.start(actor=request.user)
    runs = started.runs.all()
    if len(runs) == 1:
        return redirect("candidates:show-run", order.project.slug, runs[0].pk)
    return redirect("candidates:show-order", order.project.slug, started.pk)


@require_safe
def show_order(request, slug, order_id):
    """All runs of an order; for htmx the live part alone, which asks again while one is active."""
    project = project_for(request.user, slug, "see_runs")
    order = _order(project, order_id)
    context = {
        "project": project,
        "tab": "candidates",
        "order": order,
        "overview": overview_of(order),
        "may_train": may(request.user, "train", project),
    }
    name = "candidates/_order.html" if request.htmx else "candidates/order.html"
    return render(request, name, context)


@require_POST
def cancel_order(request, slug, order_id):
    return _change_order(request, slug, order_id, services.cancel_order)


@require_POST
def resume_order(request, slug, order_id):
    return _change_order(request, slug, order_id, services.resume_order)


def _change_order(request, slug, order_id, service):
    order = _order(project_for(request.user, slug, "train"), order_id)
    try:
        service(order=order, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("candidates:show-order", slug, order_id)


def _order(project, order_id) -> GenerationOrder:
    return get_object_or_404(project.generation_orders.select_related("created_by"), pk=order_id)


def _run(project, run_id) -> GenerationRun:
    runs = project.generation_runs.select_related(
        "job", "endpoint", "generator", "created_by", "project", "order"
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
        "can_resume": services.can_resume(run),
        "params": shown(said_of(run)),
        "order_size": run.order.runs.count() if run.order else 1,
        "samples": detail.samples_of(run, request.GET.get("page")),
        "placed": None if run.job.is_active else detail.placed_of(run),
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
