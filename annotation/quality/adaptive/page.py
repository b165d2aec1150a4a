"""What the page of adaptive work says: the finding, the figures behind it, and what is set."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.charts.lines import LineChart, Series, line_chart
from annotation.core.numbers import grouped, localised
from annotation.labeling import repeats
from annotation.projects.services import MAX_OVERLAP
from annotation.quality.adaptive import services
from annotation.quality.adaptive.choosing_page import ArmsPage, arms_page_of
from annotation.quality.models import AdaptiveWork, Refill
from annotation.quality.wording import explain, format_interval, format_value

State = Refill.State
MOST_REFILLS = 10


def percent(share: float | None) -> str:
    return _("none") if share is None else localised(f"{100 * share:.0f}\N{NO-BREAK SPACE}%")


def one_digit(value: float) -> str:
    return localised(f"{value:.1f}")


@dataclass(frozen=True)
class Row:
    """What stopping at one degree of certainty would have done."""

    sure: str
    judgments: str
    saved: str
    same: str
    interval: str


@dataclass(frozen=True)
class Page:
    finding: str
    items: int
    judgments: int
    rows: list[Row]
    chart: LineChart | None
    reason: str
    arms: ArmsPage | None


def present(result: dict, project) -> Page:
    work = services.work_of(project)
    rows = result["rows"]
    return Page(
        finding=_finding(work, rows),
        items=result["items"],
        judgments=result["judgments"],
        rows=[
            Row(
                sure=f"{row['sure']} %",
                judgments=one_digit(row["judgments"]),
                saved=percent(row["saved"]),
                same=percent(row["same"]["value"]),
                interval=_span(row["same"]["ci"]),
            )
            for row in rows
        ],
        chart=_chart(rows),
        reason=explain(result["reason"]) if result["reason"] else "",
        arms=arms_page_of(result["arms"]),
    )


def _span(ci: list[float]) -> str:
    return _("%(low)s to %(high)s") % {"low": percent(ci[0]), "high": percent(ci[1])}


def _finding(work: AdaptiveWork, rows: list[dict]) -> str:
    standing = work.standing
    if work.is_on and standing.get("stopped"):
        return _saving(standing, work)
    if work.is_on:
        return _("Adaptive work is on: it has stopped no item so far")
    if not rows:
        return _("Adaptive work is off, and too little was judged to say what it would save")
    near = min(rows, key=lambda row: abs(row["sure"] - work.sure_percent))
    return _(
        "Stopping when an answer is %(sure)d %% sure would have saved %(saved)s of the "
        "judgments, with the same answer for %(same)s of the items"
    ) % {
        "sure": near["sure"],
        "saved": percent(near["saved"]),
        "same": percent(near["same"]["value"]),
    }


def _saving(standing: dict, work: AdaptiveWork) -> str:
    values = {
        "items": grouped(standing["stopped"]),
        "mean": one_digit(standing["stopped_judgments"] / standing["stopped"]),
        "saved": grouped(abs(standing["saved"])),
        "fixed": work.fixed_overlap,
    }
    if standing["saved"] >= 0:
        text = ngettext(
            "%(items)s item is done after %(mean)s judgments: %(saved)s fewer than with %(fixed)d",
            "%(items)s items are done after %(mean)s judgments each: %(saved)s fewer than with "
            "%(fixed)d each",
            standing["stopped"],
        )
    else:
        text = ngettext(
            "%(items)s item is done after %(mean)s judgments: %(saved)s more than with %(fixed)d",
            "%(items)s items are done after %(mean)s judgments each: %(saved)s more than with "
            "%(fixed)d each",
            standing["stopped"],
        )
    return text % values


def _chart(rows: list[dict]) -> LineChart | None:
    if not rows:
        return None
    places = range(len(rows))
    same = [row["same"] for row in rows]
    return line_chart(
        label=_("Judgments saved, and items with the same answer, by how sure an answer must be"),
        series=[
            Series(
                _("same"),
                [(at, 100 * one["value"]) for at, one in zip(places, same, strict=True)],
                low=[100 * one["ci"][0] for one in same],
                high=[100 * one["ci"][1] for one in same],
            ),
            Series(
                _("saved"),
                [(at, 100 * row["saved"]) for at, row in zip(places, rows, strict=True)],
            ),
        ],
        x_name=_("Sure"),
        y_name="%",
        x_labels=[f"{row['sure']} %" for row in rows],
        y_range=(0, 100),
        y_format=lambda value: f"{value:.0f}",
    )


@dataclass(frozen=True)
class Granted:
    """A refill in the list: what came of it, and whether some of it may still be taken back."""

    refill: Refill
    count: str
    by: str
    may_be_taken_back: bool


@dataclass(frozen=True)
class Own:
    """How often one labeler said the same again."""

    handle: str
    items: int
    raw: str
    interval: str
    beyond_chance: str


@dataclass(frozen=True)
class Side:
    """What stands on the page whether there are figures or not."""

    work: AdaptiveWork
    looked_at: datetime | None
    standing: list[tuple[str, str]]
    proposal: Refill | None
    proposal_text: str
    granted: list[Granted]
    is_looking: bool
    repeats_finding: str
    own: list[Own]
    most_percent: int = repeats.MOST_PERCENT
    most_items: int = repeats.MOST_ITEMS
    most_hours: int = repeats.MOST_HOURS
    least_sure: int = services.LEAST_SURE
    most_sure: int = services.MOST_SURE
    most_overlap: int = MAX_OVERLAP
    most_budget: int = services.MOST_BUDGET


def side_of(project, repeats_report) -> Side:
    work = services.work_of(project)
    handles = dict(project.memberships.values_list("user_id", "handle"))
    refills = list(
        project.refills.exclude(state=State.DROPPED)
        .annotate(count=F("item_ids__len"))
        .defer("item_ids", "overlaps")  # a million of them, where only their number is shown
        .order_by("-pk")[:MOST_REFILLS]
    )
    proposal = next((one for one in refills if one.state == State.PROPOSED), None)
    looking = services.last_look(project)
    return Side(
        work=work,
        looked_at=work.looked_at,
        standing=_standing(work.standing),
        proposal=proposal,
        proposal_text=_proposal(proposal) if proposal else "",
        granted=[_granted(one, handles, work) for one in refills if one is not proposal],
        is_looking=looking is not None and looking.is_active,
        repeats_finding=_repeats_finding(repeats_report),
        own=_own(repeats_report, handles),
    )


def _standing(standing: dict) -> list[tuple[str, str]]:
    if not standing:
        return []
    rows = [
        (grouped(standing["sure"]), _("items stopped because their answer is sure")),
        (grouped(standing["at_most"]), _("items stopped unsure, at the most judgments")),
        (grouped(standing["unsure"]), _("items complete and unsure, that may go on")),
    ]
    if standing["mean_sure"] is not None:
        mean = percent(standing["mean_sure"])
        rows.append((mean, _("how sure the answers of stopped items are on average")))
    if standing["accuracy"] is not None:
        right = percent(standing["accuracy"])
        rows.append((right, _("how often a judgment gives its item's answer")))
    return rows


def _proposal(refill: Refill) -> str:
    if not refill.count:
        return _(
            "Nothing was found to grant: items whose answer is sure, those with the most "
            "judgments and those that wait for a judgment already get none."
        )
    proposed = ngettext(
        "Proposed: %(count)s more judgment.",
        "Proposed: %(count)s more judgments, one for each of as many items.",
        refill.count,
    ) % {"count": grouped(refill.count)}
    unsure = ngettext(
        "There is %(unsure)s item whose answer is still unsure.",
        "There are %(unsure)s items whose answer is still unsure; taken are those of which one "
        "more judgment is expected to tell the most.",
        refill.unsure_count,
    ) % {"unsure": grouped(refill.unsure_count)}
    return f"{proposed} {unsure}"


def _granted(refill: Refill, handles: dict[int, str], work: AdaptiveWork) -> Granted:
    by = _("the rule") if refill.actor_id is None else handles.get(refill.actor_id, "?")
    return Granted(
        refill=refill,
        count=grouped(refill.count),
        by=by,
        # While it is on, the rule would grant it again.
        may_be_taken_back=refill.state == State.GRANTED
        and (refill.actor_id is not None or not work.is_on),
    )


def _repeats_finding(report) -> str:
    if report is None or not report.result["items"]:
        return _("Nobody has judged the same item twice yet.")
    raw = report.result["all"]["raw"]
    if raw["value"] is None:
        return explain(raw["reason"])
    return _(
        "Asked again, labelers decide %(share)s of the comparisons as before%(interval)s."
    ) % {
        "share": percent(raw["value"]),
        "interval": f" ({_span(raw['ci'])})" if raw["ci"] else "",
    }


def _own(report, handles: dict[int, str]) -> list[Own]:
    if report is None:
        return []
    return [
        Own(
            handle=handles.get(row["labeler"], "?"),
            items=row["items"],
            raw=percent(row["raw"]["value"]) if row["raw"] else _("too few"),
            interval=_span(row["raw"]["ci"]) if row["raw"] and row["raw"]["ci"] else "",
            beyond_chance=_beyond(row["brennan_prediger"]),
        )
        for row in report.result["labelers"]
    ]


def _beyond(figure: dict | None) -> str:
    if figure is None or figure["value"] is None:
        return ""
    interval = format_interval(figure["ci"])
    return format_value(figure["value"]) + (f" ({interval})" if interval else "")
