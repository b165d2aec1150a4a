"""What was judged by whom, what was left out of the figures and why, and by which rubric.

All of it as it was when the figures were computed: judgments are append-only, so whatever came
later has a higher id.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.utils.translation import gettext as _

from annotation.labeling.models import Judgment, Purpose
from annotation.quality.models import Report
from annotation.quality.reporting.rows import SummaryRow, row_of


@dataclass(frozen=True)
class Fact:
    """A count, and in `key` what it is called where machines read."""

    key: str
    name: str
    count: int

    def as_json(self) -> dict:
        return {"key": self.key, "count": self.count}


@dataclass(frozen=True)
class VersionRow:
    number: int
    published_at: datetime | None
    judgments: int
    figures: list[SummaryRow]

    def as_json(self) -> dict:
        return {
            "number": self.number,
            "published_at": self.published_at,
            "judgments": self.judgments,
            "figures": [row.as_json() for row in self.figures],
        }


@dataclass(frozen=True)
class Coverage:
    """judged: what there is; exclusions: every judgment that is in no figure, by its reason, and
    with `counted` they make `all_judgments`."""

    judged: list[Fact]
    since: datetime | None
    until: datetime | None
    all_judgments: int
    counted: int
    exclusions: list[Fact]
    versions: list[VersionRow]

    def as_json(self) -> dict:
        return {
            "judged": {fact.key: fact.count for fact in self.judged},
            "since": self.since,
            "until": self.until,
            "judgments": {"all": self.all_judgments, "counted": self.counted},
            "exclusions": [fact.as_json() for fact in self.exclusions],
            "rubric_versions": [version.as_json() for version in self.versions],
        }


def coverage_of(project, report: Report) -> Coverage:
    """report: of agreement."""
    known = Judgment.objects.filter(project=project, pk__lte=report.last_judgment)
    dates = known.aggregate(since=Min("submitted_at"), until=Max("submitted_at"))
    exclusions = _exclusions(known)
    total = report.judgment_count
    return Coverage(
        judged=_judged(project, report.result["extent"]),
        since=dates["since"],
        until=dates["until"],
        all_judgments=total,
        counted=total - sum(fact.count for fact in exclusions),
        exclusions=exclusions,
        versions=_versions(project, report),
    )


def _judged(project, extent: dict) -> list[Fact]:
    once = extent["items"] - extent["items_judged_twice"]
    return [
        Fact("prompts", _("Prompts"), project.prompts.count()),
        Fact("items", _("Items"), project.items.count()),
        Fact("items_judged", _("Items judged"), extent["items"]),
        Fact("items_judged_twice", _("of them by two or more"), extent["items_judged_twice"]),
        Fact("items_judged_once", _("by one: they cannot agree"), once),
        Fact("generators", _("Generators"), project.generators.count()),
        Fact("labelers", _("Labelers"), extent["labelers"]),
        Fact("judgments", _("Judgments in the figures"), extent["judgments"]),
        Fact("comparisons", _("Comparisons derived from them"), extent["comparisons"]),
    ]


def _exclusions(known) -> list[Fact]:
    """One pass over the judgments, and one over those that take something back: a revision
    replaces exactly one before it, so as many are replaced as there are later revisions."""
    newer = known.filter(
        item=OuterRef("item"), labeler=OuterRef("labeler"), revision__gt=OuterRef("revision")
    )
    by_purpose = {
        row["purpose"]: row
        for row in known.order_by()
        .values("purpose")
        .annotate(all=Count("pk"), later=Count("pk", filter=Q(revision__gt=1)))
    }
    withdrawn = dict(
        known.filter(~Exists(newer), is_retraction=True)
        .order_by()
        .values_list("purpose")
        .annotate(count=Count("pk"))
    )
    found = [
        Fact(
            "superseded",
            _("Replaced by a later revision of the same labeler"),
            sum(row["later"] for row in by_purpose.values()),
        ),
        Fact("retracted", _("Taken back by their labeler"), sum(withdrawn.values())),
    ]
    reasons = {
        Purpose.GOLD: _("On items with a known answer"),
        Purpose.TRAINING: _("For training, before the work"),
        Purpose.TEST: _("In a test, before the work"),
        Purpose.CALIBRATION: _("In a calibration round"),
    }
    for purpose, name in reasons.items():
        row = by_purpose.get(purpose, {"all": 0, "later": 0})
        count = row["all"] - row["later"] - withdrawn.get(purpose, 0)
        found.append(Fact(purpose.value, name, count))
    other = sum(
        row["all"] - row["later"] - withdrawn.get(purpose, 0)
        for purpose, row in by_purpose.items()
        if purpose != Purpose.WORK and purpose not in reasons
    )
    if other:
        found.append(Fact("other", _("Not ordinary work"), other))
    return [fact for fact in found if fact.count]


def _versions(project, report: Report) -> list[VersionRow]:
    published = dict(project.rubric_versions.values_list("number", "published_at"))
    return [
        VersionRow(
            one["number"],
            published.get(one["number"]),
            one["judgments"],
            [
                row_of(name, one[key])
                for key, name in (("raw", _("raw")), ("alpha_nominal", _("alpha")))
                if one[key]
            ],
        )
        for one in report.result["versions"]
    ]
