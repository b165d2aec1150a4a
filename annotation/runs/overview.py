"""A project's front page: where the work stands, what needs somebody, what came of it.

It lives here because it looks at every app, and only the rightmost may.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from annotation.core.numbers import grouped
from annotation.datasets.access import datasets_in
from annotation.labeling.models import Feedback, ItemReport
from annotation.oversight.alerts.words import sentence
from annotation.oversight.figures.presentation import overview_figures
from annotation.oversight.figures.progress import progress_of
from annotation.oversight.models import Alert, AlertKind
from annotation.projects.permissions import project_for, roles_for
from annotation.runs.staleness.services import in_force, latest_check


@dataclass(frozen=True)
class Need:
    """One thing that waits for a person: a finding, its reason, one action."""

    finding: str
    reason: str
    url: str
    action: str


@require_safe
def show_project(request, slug):
    project = project_for(request.user, slug, "see_project")
    progress = progress_of(project)
    context = {
        "project": project,
        "tab": "overview",
        "progress": progress,
        "rubric": project.rubric_versions.published().order_by("-number").first(),
        "needs": needs_of(project, progress, role=project.role),
        "jobs": project.jobs.active().order_by("-id")[:5],
        "latest_jobs": project.jobs.exclude(state__in=["queued", "running"]).order_by("-id")[:5],
        "datasets": datasets_in(project, request.user).order_by("-id")[:3],
        "model_versions": project.model_versions.select_related("run").order_by("-id")[:3],
        "rounds": project.rounds.select_related("job").order_by("-id")[:3],
        **overview_figures(project, progress),
        "may_manage": project.role in roles_for("manage"),
        "may_import": project.role in roles_for("import"),
        "may_freeze": project.role in roles_for("freeze"),
        "may_train": project.role in roles_for("train"),
    }
    return render(request, "runs/project.html", context)


def alerts_of(project) -> list[Need]:
    """Alerts that hold now, and where to do something about each."""
    places = {
        AlertKind.AGREEMENT: "quality:show-agreement",
        AlertKind.ALPHA: "quality:show-agreement",
        AlertKind.GOLD: "labeling:list-gold",
        AlertKind.QUEUE: "labeling:import",
        AlertKind.IDLE: "projects:list-people",
    }
    # Of a reward model that falls behind, `_stale` says more.
    raised = project.alerts.filter(state=Alert.State.RAISED, kind__in=places).order_by("pk")
    return [
        Need(
            str(AlertKind(alert.kind).label),
            sentence(alert.kind, alert.value, alert.threshold),
            reverse(places[AlertKind(alert.kind)], args=[project.slug]),
            _("Look at it"),
        )
        for alert in raised
    ]


def _stale(project) -> list[Need]:
    """The reward model in force no longer fits what people judge now."""
    version = in_force(project)
    check = latest_check(version) if version is not None else None
    if check is None or not check.is_stale:
        return []
    return [
        Need(
            _("The reward model %(name)s no longer fits the newest judgments")
            % {"name": version.name},
            _("On %(count)s newer comparisons it is surely less accurate than at its training.")
            % {"count": grouped(check.comparison_count)},
            reverse("runs:show-model-version", args=[project.slug, version.pk]),
            _("Look at it"),
        )
    ]


def needs_of(project, progress, *, role) -> list[Need]:
    """What waits for this role, most urgent first."""
    needs = []
    failed = project.jobs.filter(state="failed").order_by("-id").first()
    newest = project.jobs.order_by("-id").first()
    if failed is not None and failed == newest:
        needs.append(
            Need(
                _("The last job failed: %(kind)s") % {"kind": failed.kind_text},
                _(failed.error)[:300],
                reverse("projects:show-job", args=[failed.pk]),
                _("See why"),
            )
        )
    disputed = Feedback.objects.filter(judgment__project=project, state="disputed")
    disputed_count = disputed.filter(answered_at__gt=timezone.now() - timedelta(days=14)).count()
    if disputed_count and role in roles_for("review"):
        item = disputed.order_by("-answered_at").values_list("judgment__item", flat=True)[0]
        needs.append(
            Need(
                ngettext(
                    "A labeler disputes a reviewer's note",
                    "Labelers dispute %(count)d of the reviewers' notes",
                    disputed_count,
                )
                % {"count": disputed_count},
                _("Of the last 14 days; the latest is shown on its item's page."),
                reverse("labeling:show-item", args=[project.slug, item]),
                _("Read it"),
            )
        )
    if role in roles_for("manage"):
        needs += alerts_of(project)
    off = project.webhooks.kept().exclude(disabled_at=None).first()
    if off is not None and role in roles_for("manage"):
        needs.append(
            Need(
                _("A webhook was switched off"),
                _("The last messages to it never arrived."),
                reverse("oversight:show-webhook", args=[project.slug, off.pk]),
                _("See why"),
            )
        )
    needs += _stale(project)
    reported = ItemReport.objects.open().filter(item__project=project).count()
    if reported and role in roles_for("review"):
        needs.append(
            Need(
                ngettext(
                    "Labelers report a problem with an item",
                    "Labelers report %(count)d problems with items",
                    reported,
                )
                % {"count": reported},
                _("They can be resolved with a sentence, or the item withdrawn."),
                f"{reverse('labeling:list-items', args=[project.slug])}?progress=reported",
                _("Look at them"),
            )
        )
    if progress["item_count"] == 0 and role in roles_for("import"):
        needs.append(
            Need(
                _("There is nothing to judge yet"),
                _("Import prompts with their responses; judging can begin at once."),
                reverse("labeling:import", args=[project.slug]),
                _("Import items"),
            )
        )
    elif progress["wanted"] and progress["held"] >= progress["wanted"]:
        needs.append(
            Need(
                _("The queue is empty: every item has its judgments"),
                _("%(count)s judgments are ready to be frozen.")
                % {"count": grouped(progress["judgment_count"])},
                reverse("datasets:list-datasets", args=[project.slug]),
                _("Freeze a dataset"),
            )
        )
    return needs
