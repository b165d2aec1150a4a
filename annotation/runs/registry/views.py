"""The registry's pages: the list with its regression tables, one version, its stage, its files."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from annotation.core.charts import scales, whiskers
from annotation.core.errors import DomainError
from annotation.core.markup import render_untrusted
from annotation.datasets.publishing.push_views import pushes_of
from annotation.projects.permissions import may, project_for
from annotation.runs import detail, presentation, verdicts
from annotation.runs.benchmarking import page as benchmarking
from annotation.runs.evaluation.views import summaries
from annotation.runs.harness import presentation as harness
from annotation.runs.models import Evaluation, ModelVersion
from annotation.runs.registry import benchmarks, keeping, lineage, stages
from annotation.runs.registry.card import card_of
from annotation.runs.registry.download import download
from annotation.runs.registry.table import MOST_VERSIONS, in_words, regression_table
from annotation.runs.registry.win_rates import win_rate_lines
from annotation.runs.staleness.services import latest_check, order_check

Kind, Stage = ModelVersion.Kind, ModelVersion.Stage
PAGE_SIZE = 50


def versions_of(project):
    return project.model_versions.select_related("run__base", "dataset").order_by("pk")


@require_safe
def model_list(request, slug):
    project = project_for(request.user, slug, "see_runs")
    kind, stage = request.GET.get("kind", ""), request.GET.get("stage", "")
    every = versions_of(project).defer("card", "dataset__manifest")
    shown = _like(every, kind, stage).order_by("-pk")
    page = Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "tab": "training",
        "page": page,
        "versions": [
            (version, _accuracy(version), verdicts.against_length(version.metrics))
            for version in page
        ],
        "is_empty": not page.paginator.count and not every.exists(),
        "kinds": Kind.choices,
        "stages": Stage.choices,
        "kind": kind,
        "stage": stage,
        "extra": "&" + urlencode({"kind": kind, "stage": stage}),
        "tables": [
            (label, _table(every.filter(kind=key)))
            for key, label in Kind.choices
            if kind in ("", key)
        ],
        "words": {trend: in_words(trend) for trend in ("up", "down")},
    }
    return render(request, "runs/registry/list.html", context)


def _like(versions, kind: str, stage: str):
    """Of this kind and stage; a word that is none of them fits nothing."""
    if kind not in ("", *Kind.values) or stage not in ("", *Stage.values):
        return versions.none()
    versions = versions.filter(kind=kind) if kind else versions
    return versions.filter(stage=stage) if stage else versions


def _table(versions):
    shown = list(reversed(versions.order_by("-pk")[:MOST_VERSIONS]))
    return regression_table(
        shown, [*win_rate_lines(shown), *harness.lines_of(shown), *benchmarks.lines_of(shown)]
    )


def _accuracy(version):
    """The held-out accuracy and its baseline, as far as there are any."""
    return presentation.accuracies(version.metrics, version.metrics.get("baselines"))


def version_in(project, version_id: int) -> ModelVersion:
    versions = ModelVersion.objects.select_related(
        "run__base", "run__reward", "dataset", "generator", "project"
    )
    return get_object_or_404(versions.filter(project=project), pk=version_id)


@require_safe
def show(request, slug, version_id):
    project = project_for(request.user, slug, "see_runs")
    return render_version(request, project, version_in(project, version_id))


def render_version(request, project, version, *, measure_form=None, status=200):
    """The page of a version; with a form on it that was refused."""
    metrics = version.metrics
    may_train = may(request.user, "train", project)
    figures = presentation.accuracies(metrics, metrics.get("baselines"))
    context = {
        "project": project,
        "tab": "training",
        "version": version,
        "figures": detail.with_whiskers(figures, metrics, metrics.get("baselines")),
        "verdict": presentation.verdict(metrics),
        "others": presentation.other_figures(metrics),
        "initial": presentation.other_figures(metrics.get("initial")),
        "card": render_untrusted(card_of(version)),
        "ancestors": lineage.ancestors(version),
        "children": lineage.children(version),
        "judgment_count": lineage.judgments_behind(version.dataset),
        "moves": [(stage.value, stage.label) for stage in stages.MOVES[Stage(version.stage)]],
        "has_files": keeping.is_on_disk(version),
        "kept": keeping.kept_push(version),
        "move": keeping.latest_move(version),
        "destinations": project.destinations.kept().order_by("name"),
        "pushes": pushes_of(version.pushes),
        "evaluations": _evaluations_of(version),
        "benchmarks": benchmarks.rows_of(
            version, request.GET.get("subsets", "").replace("\0", "")
        ),
        "harness_rows": harness.rows_of(version),
        "harness_orders": harness.newest_of(version),
        **_newest(version),
        **benchmarking.context_of(version, may_train=may_train, form=measure_form),
        "may_train": may_train,
        "may_export": may(request.user, "export", project),
    }
    return render(request, "runs/model_version.html", context, status=status)


def _evaluations_of(version):
    """Those that compare it or that it judges, the newest first, with what they say."""
    found = Evaluation.objects.filter(project=version.project_id)
    found = found.filter(Q(new=version) | Q(judge=version) | Q(old__model_version=version))
    rows = found.select_related("project", "new", "old", "judge", "job").order_by("-pk")[:10]
    return summaries(rows)


def _newest(version) -> dict:
    """How a reward model does on newer judgments, as far as somebody looked."""
    if version.kind != Kind.REWARD:
        return {}
    newest = version.accuracy_checks.select_related("job").order_by("-pk").first()
    check = latest_check(version)
    told = {
        "check": check,
        "checking": newest is not None and newest.job.is_active,
        "check_failed": newest.job.error if newest and newest.job.state == "failed" else "",
    }
    if check is not None and check.value is not None:
        name, ends = gettext("Accuracy on newer judgments"), (check.low, check.high)
        told["check_value"] = presentation.number(check.value)
        told["check_ends"] = scales.span(*(presentation.number(end) for end in ends))
        told["check_chart"] = whiskers.whisker(check.value, ends, name=name)
    return told


@require_POST
def check(request, slug, version_id):
    version = version_in(project_for(request.user, slug, "train"), version_id)
    try:
        order_check(version=version, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("runs:show-model-version", slug, version_id)


@require_POST
def set_stage(request, slug, version_id):
    version = version_in(project_for(request.user, slug, "train"), version_id)
    try:
        stages.set_stage(
            version=version,
            stage=request.POST.get("stage", ""),
            actor=request.user,
            reason=request.POST.get("reason", ""),
        )
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("runs:show-model-version", slug, version_id)


@require_safe
def take(request, slug, version_id):
    version = version_in(project_for(request.user, slug, "export"), version_id)
    try:
        return download(version, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("runs:show-model-version", slug, version_id)
