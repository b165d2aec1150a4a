"""What the report says of each analysis: a function from its result to rows.

A kind without a line in SUMMARIES has all its figures in the JSON, by the keys of its result,
and none in print, where nobody could read them: its own page shows them. Names are the handles by
labeler id where a lead asked for them, and empty otherwise.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from statistics import median

from django.utils.translation import gettext as _

from annotation.quality.reporting.rows import SummaryRow, list_estimates, row_of
from annotation.quality.signals.wording import KINDS, SIGNALS
from annotation.quality.wording import COEFFICIENTS, STRENGTHS

Names = Mapping[int, str]
Summary = Callable[[dict, Names], list[SummaryRow]]


def summarise(kind: str, result: dict, names: Names) -> list[SummaryRow]:
    return SUMMARIES[kind](result, names) if kind in SUMMARIES else list_estimates(result)


def _agreement(result: dict, names: Names) -> list[SummaryRow]:
    found = result["agreement"]
    figures = found["pairs"] | found["rankings"]
    rows = [row_of(str(name), figures[key]) for key, name in COEFFICIENTS.items()]
    for one in result["criteria"]:
        label, key = one["label"], one["key"]
        alpha = _("Alpha of “%(criterion)s”") % {"criterion": label}
        rows.append(row_of(alpha, found["criteria"][key]))
        if "icc" in found["scales"][key]:
            icc = _("ICC of “%(criterion)s”") % {"criterion": label}
            rows.append(row_of(icc, found["scales"][key]["icc"]))
    for key, name in STRENGTHS.items():
        if found["strength"]:
            rows.append(row_of(str(name), found["strength"][key]))
    for one in result["flags"]:
        name = _("AC1 of the flag “%(flag)s”") % {"flag": one["label"]}
        rows.append(row_of(name, found["flags"][one["key"]]["gwet_ac1"]))
    return rows


def _labelers(result: dict, names: Names) -> list[SummaryRow]:
    """How many stand out and by what, and the median labeler's figures: nobody singly, but for
    the handles of those who stand out where they were asked for."""
    people = result["labelers"]
    flagged = [one for one in people if one["findings"]]
    rows = [
        SummaryRow(_("Labelers who stand out"), len(flagged), n=len(people), is_count=True),
    ]
    by_kind = Counter(kind for one in flagged for kind in {f["kind"] for f in one["findings"]})
    for kind, count in by_kind.most_common():
        name = str(KINDS[kind].title) if kind in KINDS else kind
        who = [
            names[one["labeler"]]
            for one in flagged
            if one["labeler"] in names and kind in {f["kind"] for f in one["findings"]}
        ]
        said = f"{name} ({', '.join(who)})" if who else name
        rows.append(SummaryRow(said, count, n=len(people), is_count=True))
    for key, words in SIGNALS.items():
        values = [
            one["signals"][key]["value"]
            for one in people
            if one["signals"].get(key, {}).get("value") is not None
        ]
        name = _("%(signal)s, median labeler") % {"signal": words.name}
        if values:
            rows.append(SummaryRow(name, float(median(values)), n=len(values)))
        else:
            why = Counter(one["signals"][key]["reason"] for one in people if key in one["signals"])
            reason = why.most_common(1)[0][0] if why else "no_data"
            rows.append(SummaryRow(name, None, n=0, reason=reason))
    return rows


def _repeats(result: dict, names: Names) -> list[SummaryRow]:
    words = {key: str(COEFFICIENTS[key]) for key in ("raw", "brennan_prediger", "alpha_nominal")}
    return [row_of(name, result["all"][key]) for key, name in words.items()]


SUMMARIES: dict[str, Summary] = {
    "agreement": _agreement,
    "labelers": _labelers,
    "repeats": _repeats,
}
