"""Groups of labelers by what they say about themselves, as far as they may be shown."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.accounts.self_description.answers import FIELDS
from annotation.quality.fairness.publishing import FEWEST_GROUPS, REST, is_over
from annotation.quality.models import Report
from annotation.quality.share_rows import percent
from annotation.quality.wording import explain

NAMES = {
    "agreement": gettext_lazy("Agreement with the others"),
    "longer": gettext_lazy("Prefers the longer"),
    "first": gettext_lazy("Prefers the first shown"),
    "bad": gettext_lazy("Calls all unacceptable"),
}


@dataclass(frozen=True)
class Groups:
    """measures: heads of the columns; rows: (question, answer, at least how many, cells); hidden:
    questions of which some groups are not shown; reason: why there are no rows."""

    measures: list[str]
    rows: list[tuple[str, str, int, list[tuple[str, bool]]]]
    hidden: list[str]
    reason: str
    k: int
    days: int
    people_needed: int
    is_found: bool


def groups_of(report: Report | None, k: int) -> Groups:
    result = report.result if report is not None and not is_over(report) else None
    groups = result["groups"] if result else []
    measures = [name for name in NAMES if any(name in group["measures"] for group in groups)]
    rows = [
        (
            str(FIELDS[group["question"]][0]),
            str(FIELDS[group["question"]][1].get(group["answer"], group["answer"])),
            group["at_least"],
            [_cell(group["measures"].get(name)) for name in measures],
        )
        for group in groups
    ]
    reason = "" if rows else explain((result or {}).get("reason") or "too_few_described")
    return Groups(
        measures=[str(NAMES[name]) for name in measures],
        rows=rows,
        hidden=[str(FIELDS[name][0]) for name in (result["hidden"] if result else [])],
        reason=reason,
        k=k,
        days=REST.days,
        people_needed=FEWEST_GROUPS * k,
        is_found=any(found for row in rows for _text, found in row[3]),
    )


def _cell(told: dict | None) -> tuple[str, bool]:
    if told is None:
        return "", False
    if told["value"] is not None:
        sign = "+" if told["value"] > 0 else "−"
        return f"{sign}{percent(abs(told['value']))}", True
    if told["within"] is not None:
        return _("none above %(bound)s") % {"bound": percent(told["within"])}, False
    return explain(told["reason"]), False
