"""What was judged by whom, what was left out of the figures and why, and by which rubric.

All of it as it was when the figures were computed: judgments are append-only, so whatever came
later has a higher id.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, Min
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.labeling.models import Judgment, Purpose, newer_revisions
from annotation.quality.models import Report
from annotation.quality.reporting.tables import Row, row_of

# What is no ordinary work, in the words of the report.
PURPOSES: dict[str, str | Promise] = {
    Purpose.GOLD: gettext_lazy("On items with a known answer"),
    Purpose.REPEAT: gettext_lazy(
        "Asked again of the same labeler, to see if they agree with themselves"
    ),
    Purpose.TRAINING: gettext_lazy("For training, before the work"),
    Purpose.TEST: gettext_lazy("In a test, before the work"),
    Purpose.CALIBRATION: gettext_lazy("In a calibration round"),
}


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
    figures: dict[str, dict]

    @property
    def rows(self) -> list[Row]:
        names = {"raw": _("raw"), "alpha_nominal": _("alpha")}
        return [row_of(names[key], one) for key, one in self.figures.items()]

    def as_json(self) -> dict:
        return {
            "number": self.number,
            "published_at": self.published_at,
            "judgments": self.judgments,
            "figures": self.figures,
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
    exclusions = _exclusions(known, report.last_judgment)
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


def _exclusions(known, last: int) -> list[Fact]:
    """One pass over the judgments there were; what was asked again has revisions of its own."""
    newer = newer_revisions().filter(pk__lte=last)
    rows = (
        known.annotate(is_replaced=Exists(newer))
        .order_by()
        .values("purpose", "is_replaced", "is_retraction")
        .annotate(count=Count("pk"))
    )
    counts: Counter[str] = Counter()
    for row in rows:
        counts[_why_left_out(row)] += row["count"]
    names = {
        "superseded": _("Replaced by a later revision of the same labeler"),
        "retracted": _("Taken back by their labeler"),
        **PURPOSES,
    }
    return [Fact(str(key), str(name), counts[key]) for key, name in names.items() if counts[key]]


def _why_left_out(row: dict) -> str:
    if row["is_replaced"]:
        return "superseded"
    return "retracted" if row["is_retraction"] else row["purpose"]


def _versions(project, report: Report) -> list[VersionRow]:
    published = dict(project.rubric_versions.values_list("number", "published_at"))
    return [
        VersionRow(
            one["number"],
            published.get(one["number"]),
            one["judgments"],
            {key: one[key] for key in ("raw", "alpha_nominal") if one[key]},
        )
        for one in report.result["versions"]
    ]
