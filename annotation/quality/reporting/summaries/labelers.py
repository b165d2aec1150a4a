"""Who stands out among labelers, in counts, and what the middle one does."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
from django.utils.translation import gettext as _

from annotation.core.charts.scales import span
from annotation.core.numbers import grouped
from annotation.quality.reporting.tables import Known, Row, Summary, Table
from annotation.quality.signals.figures import FEWEST_OF_A_CROWD, say
from annotation.quality.signals.page import title_of
from annotation.quality.signals.wording import KINDS, SIGNAL_REASONS, SIGNALS, SignalWords


def summarise_labelers(result: Mapping, known: Known) -> Summary:
    """Nobody singly, but for the handles of those who stand out where they were asked for."""
    people = result["labelers"]
    flagged = [one for one in people if one["findings"]]
    tables = [
        Table.of(
            _("Who stands out, and how"),
            _("Finding"),
            _by_kind(flagged, known.handles),
            value=_("Labelers"),
            interval="",
            n="",
            note=_("A flag advises; a person decides. Tests are adjusted over all labelers."),
        ),
        Table.of(
            _("The middle labeler"),
            _("Signal"),
            [_median(words, [one["signals"].get(key) for one in people])
             for key, words in SIGNALS.items()],
            value=_("Median"),
            interval=_("Four in five lie in"),
            n=_("Labelers"),
        ),
    ]  # fmt: skip
    return Summary(title_of(len(flagged), len(people)), [one for one in tables if one.rows])


def _by_kind(flagged: list[dict], handles: Mapping[int, str]) -> list[Row]:
    rows = []
    for kind, words in KINDS.items():
        who = [one for one in flagged if any(f["kind"] == kind for f in one["findings"])]
        if who:
            named = [handles[one["labeler"]] for one in who if one["labeler"] in handles]
            rows.append(Row(str(words.title), grouped(len(who)), note=", ".join(sorted(named))))
    return rows


def _median(words: SignalWords, signals: list[dict | None]) -> Row:
    name, note = str(words.name), str(words.reads)
    values = [one["value"] for one in signals if one is not None and one["value"] is not None]
    if not values:
        reasons = Counter(one["reason"] for one in signals if one is not None)
        reason = reasons.most_common(1)[0][0] if reasons else "no_data"
        return Row(name, _("none"), n=grouped(0), note=str(SIGNAL_REASONS[reason]))
    low, middle, high = (say(float(x), words.form) for x in np.quantile(values, (0.1, 0.5, 0.9)))
    usual = span(low, high) if len(values) >= FEWEST_OF_A_CROWD else ""
    return Row(name, middle, usual, grouped(len(values)), note)
