"""A rubric's versions with who published them, how much was judged by each, and how well."""

from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from annotation.labeling.models import Judgment
from annotation.projects.models import RubricVersion
from annotation.quality.analyses.by_version import FEWEST_ITEMS
from annotation.quality.wording import explain, format_interval, format_value


@dataclass(frozen=True)
class Entry:
    """One version. Its figures are of the last report."""

    version: RubricVersion
    judgments: int
    raw: dict | None
    alpha: dict | None

    @property
    def raw_text(self) -> str:
        return _text(self.raw)

    @property
    def raw_interval(self) -> str:
        return format_interval(self.raw["ci"]) if self.raw else ""

    @property
    def alpha_text(self) -> str:
        return _text(self.alpha)

    @property
    def alpha_interval(self) -> str:
        return format_interval(self.alpha["ci"]) if self.alpha else ""

    @property
    def items(self) -> int:
        return self.raw["n_pairable"] if self.raw else 0

    @property
    def why_none(self) -> str:
        """Why there is no figure."""
        if self.raw is None:
            return _("fewer than %(count)d items with two judgments under it") % {
                "count": FEWEST_ITEMS
            }
        return explain(self.raw["reason"]) if self.raw["value"] is None else ""


def _text(figure: dict | None) -> str:
    return format_value(figure["value"] if figure else None)


def history_of(project, report) -> list[Entry]:
    """Newest first. Counts are of now; figures of `report`, which may be None."""
    standing = Judgment.objects.filter(project=project).work().current().order_by()
    counts = dict(
        standing.values_list("rubric_version").annotate(count=Count("pk")).values_list(
            "rubric_version", "count"
        )
    )  # fmt: skip
    figures = {one["number"]: one for one in report.result["versions"]} if report else {}
    versions = project.rubric_versions.published().select_related("published_by")
    return [
        Entry(
            version,
            counts.get(version.pk, 0),
            figures.get(version.number, {}).get("raw"),
            figures.get(version.number, {}).get("alpha_nominal"),
        )
        for version in versions.order_by("-number")
    ]


def what_changed(entries: list[Entry]) -> str:
    """In a sentence: raw agreement after the newest version that has some, and before it."""
    known = [entry for entry in entries if entry.raw and entry.raw["value"] is not None]
    if len(known) < 2:
        return ""
    new, old = known[:2]
    words = {
        "new": new.version.number,
        "old": old.version.number,
        "new_raw": new.raw_text,
        "old_raw": old.raw_text,
    }
    if not _apart(new.raw, old.raw):
        return (
            _(
                "No change in agreement can be told yet: raw %(new_raw)s under version %(new)d, "
                "%(old_raw)s under version %(old)d, and their intervals overlap."
            )
            % words
        )
    if new.raw["value"] > old.raw["value"]:
        said = _(
            "Labelers agree more under version %(new)d: raw %(new_raw)s, and %(old_raw)s "
            "under version %(old)d."
        )
    else:
        said = _(
            "Labelers agree less under version %(new)d: raw %(new_raw)s, and %(old_raw)s "
            "under version %(old)d."
        )
    return said % words


def _apart(one: dict, other: dict) -> bool:
    """Whether their intervals do not meet: careful, for it asks for more than a test would."""
    if not one["ci"] or not other["ci"]:
        return False
    return one["ci"][0] > other["ci"][1] or other["ci"][0] > one["ci"][1]
