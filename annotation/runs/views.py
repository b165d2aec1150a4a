"""The training pages."""

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.datasets.access import datasets_in
from annotation.projects.permissions import may, project_for
from annotation.runs import again, detail, presentation, services
from annotation.runs.forms import KINDS, RunForm


@require_safe
def run_list(request, slug):
    project = project_for(request.user, slug, "see_runs")
    runs = project.runs.select_related("job", "dataset", "base", "model_version").order_by("-pk")
    page = Paginator(runs, 25).get_page(request.GET.get("page"))
    for run in page:
        version = getattr(run, "model_version", None)
        metrics = version.metrics if version else {}
        run.figures = presentation.accuracies(metrics, metrics.get("baselines"))
    context = {
        "project": project,
        "tab": "training",
        "page": page,
        "versions": project.model_versions.select_related("dataset", "run").order_by("-pk")[:12],
        "may_train": may(request.user, "train", project),
        "has_dataset": project.datasets.exists(),
        "missing": services.why_no_training(),
    }
    return render(request, "runs/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def start(request, slug):
    project = project_for(request.user, slug, "train")
    given = request.POST if request.method == "POST" else request.GET
    like = _like(project, given.get("like", ""))
    kind = given.get("kind", like.kind if like else "reward")
    if kind not in {key for key, _, _ in KINDS} or (like and like.kind != kind):
        raise Http404
    known = {"project": project, "kind": kind, "user": request.user, "like": like}
    if request.method == "POST":
        form = RunForm(request.POST, **known)
        if "fill" in request.POST:
            return _show_form(request, project, form.filled())
        if "estimate" in request.POST:
            return _show_form(request, project, form)
        if form.is_valid():
            try:
                run = form.start(project=project, actor=request.user)
                return redirect("runs:show-run", slug, run.pk)
            except DomainError as error:
                form.add_error(None, str(error))
        return _show_form(request, project, form, status=422)
    asked = {
        name: request.GET[name] for name in ("dataset", "base", "reward") if name in request.GET
    }
    if said := asked.get("dataset"):  # a link names it by its hash
        datasets = datasets_in(project, request.user, "train")
        is_hash = said.isascii() and said.isalnum()
        asked["dataset"] = datasets.filter(hash__startswith=said).first() if is_hash else None
    form = RunForm(initial=asked, **known)
    return _show_form(request, project, form, not_offered=form.not_offered(asked))


def _like(project, number):
    """The run whose order the form takes over; None for none."""
    if not number:
        return None
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404
    return _run(project, int(number))


def _show_form(request, project, form, status=200, not_offered=()):
    context = {
        "project": project,
        "tab": "training",
        "form": form,
        "not_offered": not_offered,
        "like": form.like,
        **_estimate(form),
        "kinds": KINDS,
        "missing": services.why_no_training(),
        "has_dataset": form.fields["dataset"].queryset.exists(),
        "lacks_base": form.kind in services.NEEDS_A_POLICY
        and not form.fields["base"].queryset.exists(),
        "lacks_reward": form.kind == "rl" and not form.fields["reward"].queryset.exists(),
    }
    template = "runs/_start_form.html" if request.htmx else "runs/start.html"
    return render(request, template, context, status=status)


def _estimate(form):
    """The estimate of a posted form; a rule that forbids the order is its first sentence."""
    if not form.is_bound:
        return {}
    try:
        found = form.estimate()
    except DomainError as error:
        return {"refusals": [str(error)]}
    told = {"forecast": found, "refusals": found.refusals} if found else {}
    return told | {"changes": form.changes()}


def _run(project, run_id):
    runs = project.runs.select_related(
        *("job", "dataset", "base", "reward", "model_version", "created_by", "project"),
        *(f"ordered_after__{name}" for name in ("dataset", "base", "reward")),
    )
    return get_object_or_404(runs, pk=run_id)


@require_safe
def show(request, slug, run_id):
    """The page; for htmx its live part alone, which asks again while the run is active."""
    project = project_for(request.user, slug, "see_runs")
    run = _run(project, run_id)
    context = {
        "project": project,
        "tab": "training",
        "may_train": may(request.user, "train", project),
        "settings": detail.whole_settings(run),
        "changes": again.changes_of(run),
        "later": run.ordered_again.order_by("pk"),
        **detail.describe(run),
    }
    return render(request, "runs/_run.html" if request.htmx else "runs/show.html", context)


@require_POST
def cancel(request, slug, run_id):
    return _change(request, slug, run_id, services.cancel_run)


@require_POST
def resume(request, slug, run_id):
    return _change(request, slug, run_id, services.resume_run)


@require_POST
def prioritise(request, slug, run_id):
    """To the front of those that wait, or back among them."""
    is_urgent = request.POST.get("priority") == "1"
    service = partial(services.prioritise_run, priority=int(is_urgent))
    return _change(request, slug, run_id, service)


def _change(request, slug, run_id, service):
    """The run may end between the look and the click: that is a sentence, not an error page."""
    run = _run(project_for(request.user, slug, "train"), run_id)
    try:
        service(run=run, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("runs:show-run", slug, run_id)
