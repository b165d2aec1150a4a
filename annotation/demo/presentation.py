"""A round as its page and its command show it."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.core.charts import whiskers
from annotation.core.numbers import localised
from annotation.demo import rounds
from annotation.demo.evaluation import say_rate
from annotation.demo.options import METHODS
from annotation.runs.models import Round

CHIPS = {"done": "ok", "running": "live", "failed": "bad", "cancelled": "warn"}
STEPS = {"done": "done", "running": "now", "failed": "failed", "cancelled": "failed"}
WORDS = {
    "waiting": _("Waiting"),
    "running": _("Running"),
    "done": _("Done"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
    "queued": _("Waiting"),
}
FIGURES = (
    ("quality", _("Hidden quality, 0 to 9"), "{:.2f}"),
    ("good_share", _("Replies at 7 or above"), "{:.0%}"),
    ("fits_share", _("The action fits the problem"), "{:.0%}"),
    ("right_order_share", _("The right order number"), "{:.0%}"),
    ("courtesy", _("Courtesy, 0 to 4"), "{:.2f}"),
    ("words", _("Words a reply"), "{:.1f}"),
)


def present(found: Round) -> dict:
    """The context of the round's page."""
    stages = [
        {
            "view": stage,
            "chip": CHIPS.get(stage.state, ""),
            "step": STEPS.get(stage.state, ""),
            "word": WORDS[stage.state],
        }
        for stage in rounds.stages_of(found)
    ]
    return {
        "project": found.project,
        "round": found,
        "tab": "overview",
        "stages": stages,
        "evaluation_url": _evaluation_url(found),
        "done_count": sum(row["view"].state == "done" for row in stages),
        "seconds": found.job.seconds,
        "chip": CHIPS.get(found.job.state, ""),
        "finding": finding(found),
        "methods": METHODS if _may_go_on(found) else (),
        "rates": rates(found.result),
        "figures": figures(found.result),
        "samples": found.result.get("samples", []),
        "labelers": labelers(found.result.get("labelers", [])),
    }


def _evaluation_url(found: Round) -> str:
    """Known once the last stage is done."""
    last = found.stages[-1] if found.stages else {}
    return last.get("link", "")


def _may_go_on(found: Round) -> bool:
    return not found.job.is_active and rounds.is_ready_again(found)


def finding(found: Round) -> str:
    """The page's title: what came of it, once it is known."""
    rate = found.result.get("win_rate")
    if rate and rate["value"] is not None:
        said = gettext("Round %(number)s: the tuned policy wins %(rate)s")
        return said % {"number": found.number, "rate": say_rate(rate)}
    return gettext("Round %(number)s") % {"number": found.number}


def rates(result) -> list[dict]:
    """The two win rates with a whisker each."""
    rows = []
    for key, name, note in (
        ("win_rate", _("By fresh labelers"), _("blind, the majority of each pair’s judgments")),
        (
            "hidden_win_rate",
            _("By the hidden quality"),
            _("known to the world, never to a trainer"),
        ),
    ):
        rate = result.get(key)
        if rate is None:
            continue
        rows.append(
            {
                "name": str(name),
                "note": str(note),
                "rate": rate,
                "percent": "" if rate["value"] is None else _shown("{:.0%}", rate["value"]),
                "said": say_rate(rate),
                "chart": rate["value"] is not None
                and whiskers.whisker(rate["value"], (rate["low"], rate["high"]), name=str(name)),
            }
        )
    return rows


def figures(result) -> list[tuple[str, str, str]]:
    """(name, before, after) of each figure of the hidden function."""
    before, after = result.get("before", {}), result.get("after", {})
    return [
        (str(name), _shown(form, before[key]), _shown(form, after[key]))
        for key, name, form in FIGURES
        if key in before and key in after
    ]


def _shown(form, value) -> str:
    return localised(form.format(value)).replace("%", " %")


def _interval(row) -> str:
    ends = {key: localised(f"{row[key]:.2f}") for key in ("low", "high")}
    return gettext("[%(low)s, %(high)s]") % ends


def labelers(rows) -> list[dict]:
    """The labelers' rows as text."""
    return [
        {
            **row,
            "share": "" if row["agreement"] is None else localised(f"{row['agreement']:.2f}"),
            "interval": "" if row["low"] is None else _interval(row),
            "chart": row["agreement"] is not None
            and whiskers.whisker(row["agreement"], (row["low"], row["high"]), name=row["labeler"]),
        }
        for row in rows
    ]
