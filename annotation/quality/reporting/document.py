"""All that the report of a project says, for the page and as JSON."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from annotation.labeling.models import Item
from annotation.quality import services
from annotation.quality.analyses import ANALYSES
from annotation.quality.documents import handles_of, public_result
from annotation.quality.models import Report
from annotation.quality.pages import PAGES
from annotation.quality.prompts_page import items_named
from annotation.quality.reporting.coverage import Coverage, coverage_of
from annotation.quality.reporting.methods import Method, methods_of
from annotation.quality.reporting.people import without_people
from annotation.quality.reporting.summaries import summarise
from annotation.quality.reporting.tables import Known, Summary
from annotation.quality.wording import NO_PAGE


@dataclass(frozen=True)
class Section:
    """One analysis: what is printed of it, and in `report` all of it."""

    kind: str
    title: str
    report: Report
    summary: Summary
    is_stale: bool
    with_people: bool

    def as_json(self) -> dict:
        result = public_result(self.report)
        return {
            "kind": self.kind,
            "input_sha256": self.report.input_sha256,
            "code_version": self.report.code_version,
            "computed_at": self.report.computed_at,
            "judgments": self.report.judgment_count,
            "is_stale": self.is_stale,
            "result": result if self.with_people else without_people(result),
        }


@dataclass(frozen=True)
class Document:
    """coverage is None, and there are no sections, where nothing was computed yet; handles by
    user id, where they were asked for."""

    finding: str
    made_at: datetime
    coverage: Coverage | None
    sections: list[Section]
    missing: list[str]
    methods: list[Method]
    handles: dict[int, str]

    def as_json(self) -> dict:
        said = {
            "made_at": self.made_at,
            "coverage": self.coverage and self.coverage.as_json(),
            "analyses": [section.as_json() for section in self.sections],
            "not_computed": self.missing,
            "methods": [method.as_json() for method in self.methods],
        }
        return said | ({"labelers": self.handles} if self.handles else {})


def document_of(project, *, with_names: bool = False, besides: tuple[str, ...] = ()) -> Document:
    """Of the newest report of every analysis; nobody is named without `with_names`. besides:
    what else was done with the judgments, whose methods are to be told."""
    reports = {kind: services.latest_report(project, kind) for kind in ANALYSES}
    found = {kind: report for kind, report in reports.items() if report is not None}
    handles = handles_of(project) if with_names else {}
    known = Known(handles, _external_ids(found.get("prompts")))
    state = services.state_of(project)
    agreement = found.get("agreement")
    sections = [
        Section(
            kind=kind,
            title=_title(kind),
            report=report,
            summary=summarise(kind, report.result, known),
            is_stale=report.state != state,
            with_people=with_names,
        )
        for kind, report in found.items()
    ]
    return Document(
        finding=next((one.summary.finding for one in sections if one.kind == "agreement"), ""),
        made_at=timezone.now(),
        coverage=coverage_of(project, agreement) if agreement else None,
        sections=sections,
        missing=[kind for kind in reports if kind not in found],
        methods=methods_of([*found, *besides]),
        handles=handles,
    )


def _external_ids(report: Report | None) -> dict[int, str]:
    if report is None:
        return {}
    named = Item.objects.filter(project=report.project_id, pk__in=items_named(report.result))
    return dict(named.values_list("pk", "external_id"))


def _title(kind: str) -> str:
    """What the row of pages calls it, or what has no page there."""
    for key, page in PAGES.items():
        if page.kind == kind and key != "report":
            return str(page.heading)
    return str(NO_PAGE.get(kind) or kind.replace("_", " ").capitalize())
