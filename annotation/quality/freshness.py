"""Which projects' figures are behind, told without reading a single figure; and which reports are
of no use any more."""

from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from annotation.labeling.lately import with_last_change
from annotation.projects.models import Project
from annotation.quality.analyses import ANALYSES
from annotation.quality.gold import this_monday
from annotation.quality.models import Report, gold_states, state_of

LATELY = timedelta(days=1)


def is_behind(project) -> bool:
    """Whether any analysis lacks a report of this version over what is there now."""
    state = state_of(project)
    found = _newest(project.reports).values_list("judgment_count", "last_judgment", "gold_state")
    return list(found) != [state] * len(ANALYSES)


def perhaps_behind() -> set[int]:
    """Ids of the projects worth a closer look: judged lately, with figures of an older version or
    not of every kind, or with other known answers than their figures rest on."""
    judged = with_last_change(Project.objects).filter(changed_at__gt=timezone.now() - LATELY)
    kinds = Report.objects.filter(kind__in=ANALYSES).order_by().values("project")
    incomplete = kinds.annotate(of_now=Count("kind", filter=_of_this_version(), distinct=True))
    gold = gold_states()
    return {
        *judged.values_list("pk", flat=True),
        *incomplete.filter(of_now__lt=len(ANALYSES)).values_list("project", flat=True),
        *(
            project
            for project, state in _newest(Report.objects).values_list("project", "gold_state")
            if state != gold.get(project, "")
        ),
    }


def forget_others(report: Report) -> None:
    """Delete what the report replaces. The newest of before this Monday stays: it is what people
    are shown of themselves until the next one. Inside the transaction that keeps the report."""
    others = Report.objects.filter(project=report.project, kind=report.kind).exclude(pk=report.pk)
    if report.computed_at >= this_monday():
        older = others.filter(code_version=report.code_version, computed_at__lt=this_monday())
        others = others.exclude(pk__in=older.newest_first().values_list("pk", flat=True)[:1])
    others.delete()


def _newest(reports):
    """The report in force of each project and kind."""
    newest_first = reports.filter(_of_this_version()).order_by(
        "project", "kind", "-computed_at", "-pk"
    )
    return newest_first.distinct("project", "kind")


def _of_this_version() -> Q:
    of_now = Q()
    for kind, analysis in ANALYSES.items():
        of_now |= Q(kind=kind, code_version=analysis.version)
    return of_now
