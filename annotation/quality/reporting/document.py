"""All that the report of a project says, for the page and as JSON."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from annotation.quality import services
from annotation.quality.analyses import ANALYSES
from annotation.quality.documents import handles_of
from annotation.quality.models import Report
from annotation.quality.pages import PAGES
from annotation.quality.presentation import finding
from annotation.quality.reporting.coverage import Coverage, coverage_of
from annotation.quality.reporting.methods import Method, methods_of
from annotation.quality.reporting.rows import MOST_ROWS, SummaryRow
from annotation.quality.reporting.summaries import SUMMARIES, summarise


@dataclass(frozen=True)
class Section:
    """The figures of one analysis. rows: those that are printed, of `all_rows`."""

    kind: str
    title: str
    report: Report
    all_rows: list[SummaryRow]
    is_stale: bool

    @property
    def rows(self) -> list[SummaryRow]:
        return self.all_rows[:MOST_ROWS] if self.kind in SUMMARIES else []

    @property
    def more(self) -> int:
        """How many are in the JSON only."""
        return len(self.all_rows) - len(self.rows)

    def as_json(self) -> dict:
        return {
            "kind": self.kind,
            "input_sha256": self.report.input_sha256,
            "code_version": self.report.code_version,
            "computed_at": self.report.computed_at,
            "judgments": self.report.judgment_count,
            "is_stale": self.is_stale,
            "figures": [row.as_json() for row in self.all_rows],
        }


@dataclass(frozen=True)
class Document:
    """coverage is None, and there are no sections, where nothing was computed yet."""

    finding: str
    made_at: datetime
    coverage: Coverage | None
    sections: list[Section]
    missing: list[str]
    methods: list[Method]

    def as_json(self) -> dict:
        return {
            "made_at": self.made_at,
            "coverage": self.coverage and self.coverage.as_json(),
            "analyses": [section.as_json() for section in self.sections],
            "not_computed": self.missing,
            "methods": [
                {
                    "kind": method.kind,
                    "name": str(method.name),
                    "formula": method.formula,
                    "source": method.source,
                }
                for method in self.methods
            ],
        }


def document_of(project, *, with_names: bool = False) -> Document:
    """Of the newest report of every analysis; nobody is named without `with_names`."""
    reports = {kind: services.latest_report(project, kind) for kind in ANALYSES}
    known = {kind: report for kind, report in reports.items() if report is not None}
    names = handles_of(project) if with_names else {}
    state = services.state_of(project)
    agreement = known.get("agreement")
    return Document(
        finding=finding(agreement.result["agreement"]["pairs"]["raw"]) if agreement else "",
        made_at=timezone.now(),
        coverage=coverage_of(project, agreement) if agreement else None,
        sections=[
            Section(
                kind=kind,
                title=_title(kind),
                report=report,
                all_rows=summarise(kind, report.result, names),
                is_stale=report.state != state,
            )
            for kind, report in known.items()
        ],
        missing=[kind for kind in reports if kind not in known],
        methods=methods_of(known),
    )


def _title(kind: str) -> str:
    """What the row of pages calls it."""
    for key, page in PAGES.items():
        if page.kind == kind and key != "report":
            return str(page.heading)
    return kind.replace("_", " ").capitalize()
