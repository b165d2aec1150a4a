"""The signals of one person: for whoever reviews them, and, with less in it, for themselves."""

from dataclasses import dataclass, replace
from datetime import datetime

from annotation.projects.permissions import projects_where
from annotation.quality.analyses import ANALYSES
from annotation.quality.documents import people_of
from annotation.quality.gold import this_monday
from annotation.quality.services import latest_report
from annotation.quality.signals.figures import Figure, crowds_of, figure
from annotation.quality.signals.page import Finding, figures_of, findings_of
from annotation.quality.signals.wording import KINDS, NOT_FOR_THEMSELVES, SIGNALS

KIND = "labelers"


@dataclass(frozen=True)
class PersonSignals:
    project: str
    n: int
    findings: list[Finding]
    figures: list[Figure]
    computed_at: datetime


def signals_of(project, user_id: int) -> PersonSignals | None:
    """Of one person in the latest report; None where there is none, or they are not in it."""
    report = latest_report(project, KIND)
    one = report and _entry(report.result, user_id)
    if not one:
        return None
    crowds = crowds_of(report.result["labelers"])
    return PersonSignals(
        project=project.name,
        n=one["n"],
        findings=findings_of(one, crowds, people_of(project)),
        figures=figures_of(one, crowds),
        computed_at=report.computed_at,
    )


def own_signals(labeler) -> list[PersonSignals]:
    """What labelers see of themselves, by project: as of a report before this Monday, rounded,
    without anything that rests on known answers by itself, and without anybody's name. A figure
    that moved after each judgment would tell which items are gold."""
    found = []
    for project in projects_where(labeler, "judge").order_by("name"):
        report = (
            project.reports.filter(
                kind=KIND, code_version=ANALYSES[KIND].version, computed_at__lt=this_monday()
            )
            .newest_first()
            .first()
        )
        one = report and _entry(report.result, labeler.pk)
        if one:
            found.append(_own(project, report, one))
    return found


def _own(project, report, one: dict) -> PersonSignals:
    crowds = crowds_of(report.result["labelers"])

    def told(keys) -> list[Figure]:
        figures = [
            figure(key, one["signals"][key], crowds.get(key), whole=True)
            for key in keys
            if key not in NOT_FOR_THEMSELVES
        ]
        return [replace(shown, usual="") for shown in figures if shown.is_defined]

    return PersonSignals(
        project=project.name,
        n=one["n"],
        findings=[
            Finding(
                kind=found["kind"],
                title=str(KINDS[found["kind"]].own_title),
                text=str(KINDS[found["kind"]].own_text),
                certainty="",
                evidence=told(found["evidence"]),
            )
            for found in one["findings"]
            if KINDS[found["kind"]].own_title
        ],
        figures=told(SIGNALS),
        computed_at=report.computed_at,
    )


def _entry(result: dict, user_id: int) -> dict | None:
    return next((one for one in result["labelers"] if one["labeler"] == user_id), None)
