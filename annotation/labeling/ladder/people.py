"""Who is where on the ladder, as a lead sees it."""

from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from annotation.core.charts.bars import BarChart, bar_chart
from annotation.labeling.ladder import stages, testing
from annotation.labeling.ladder.own import attempts_of
from annotation.labeling.ladder.probation import Probation, probation_of
from annotation.labeling.ladder.stages import Stage
from annotation.labeling.ladder.suspension import suspension_of
from annotation.labeling.models import Appeal, StageNote
from annotation.projects.models import Membership


@dataclass(frozen=True)
class Funnel:
    counts: list[tuple[str, str, int]]  # stage, its name, how many
    chart: BarChart
    finding: str


def labelers_of(project):
    return project.memberships.active().filter(role=Membership.Role.LABELER)


def funnel_of(project) -> Funnel:
    found = dict(labelers_of(project).values_list("stage").annotate(count=Count("pk")).order_by())
    counts = [(stage.value, str(stage.label), found.get(stage, 0)) for stage in Stage]
    total = sum(found.values())
    finding = _("%(full)d of %(all)d labelers work without restriction") % {
        "full": found.get(Stage.FULL, 0),
        "all": total,
    }
    chart = bar_chart(
        label=finding,
        bars=[(name, float(count)) for _stage, name, count in counts],
        name=pgettext("of a labeler", "Stage"),
        value_name=_("Labelers"),
    )
    return Funnel(counts, chart, finding)


def listed(project, stage: str = ""):
    """Labelers, those before the work first."""
    found = labelers_of(project).select_related("user").order_by("stage", "handle")
    return found.filter(stage=stage) if stage in Stage.values else found


def to_decide(project) -> list[dict]:
    """What waits for a lead: notes and unanswered appeals."""
    notes = StageNote.objects.open().filter(membership__project=project)
    appeals = Appeal.objects.filter(
        answered_at=None, suspension__membership__project=project
    ).select_related("suspension__membership")
    waiting = [
        {"membership": note.membership, "what": note.get_kind_display(), "at": note.at}
        for note in notes.select_related("membership")
    ]
    waiting += [
        {"membership": one.suspension.membership, "what": _("Has appealed"), "at": one.made_at}
        for one in appeals
    ]
    return sorted(waiting, key=lambda one: one["at"])


def person_page(membership) -> dict:
    """Everything about one person's way."""
    is_on_probation = membership.stage == Stage.PROBATION
    probation: Probation | None = probation_of(membership) if is_on_probation else None
    return {
        "member": membership,
        "attempts": attempts_of(membership, shows_items=True),
        "changes": membership.stage_changes.select_related("changed_by"),
        "suspension": suspension_of(membership),
        "probation": probation,
        "note": StageNote.objects.open().filter(membership=membership).first(),
        "allowance": testing.allowance_of(membership) if membership.stage == Stage.TEST else None,
        "choices": [
            (stage.value, stage.label)
            for stage in Stage
            if stage not in (Stage.SUSPENDED, membership.stage)
        ],
        "rules": stages.settings_of(membership.project),
    }
