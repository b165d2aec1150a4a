"""Do length and Markdown win by themselves?"""

import math

import numpy as np

from annotation.quality.analyses.bias.choices import Choices
from annotation.quality.analyses.bias.shapes import odds, share
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.project.odds import feature_odds

# More comparisons narrow nothing that matters, and a column for each generator takes room.
MOST = 40_000
MARKS = ("headers", "lists", "bold")
DOUBLING = math.log(2)
_NAMES = ("characters", *MARKS)


def form_figures(snapshot: Snapshot, choices: Choices) -> dict:
    """{"longer", "length", "marks": {name: {"more", "odds"}}, "n_fitted"}.

    length: odds ratio of a response twice as long, beside position and generators alone; of a
    mark: with length and the other marks held equal, for a response that has it against one that
    has none.
    """
    decisive = choices.decisive
    item = snapshot.item[decisive.row]
    style = {name: decisive.of_both(snapshot.facts.style[name], item) for name in _NAMES}
    fitted = decisive.at_most(MOST)
    where = snapshot.item[fitted.row]
    of_fitted = {name: fitted.of_both(snapshot.facts.style[name], where) for name in _NAMES}
    length = np.log1p(of_fitted["characters"][0]) - np.log1p(of_fitted["characters"][1])
    columns = [length / DOUBLING, *(_lead(*of_fitted[name]) for name in MARKS)]
    shown = _shown_first(snapshot, fitted)
    generators = fitted.of_both(snapshot.facts.generator, where)
    turned = np.where(shown, 1.0, -1.0)
    won = np.where(shown, fitted.won, 1 - fitted.won)
    sides = tuple(np.where(shown, generators[at], generators[1 - at]) for at in (0, 1))

    def fit(which):
        table = np.stack(which, axis=1) * turned[:, None]
        return feature_odds(won, table, item=where, generators=sides)

    alone, together = fit(columns[:1]), fit(columns)
    return {
        "longer": _more(decisive.won, *style["characters"]),
        "length": odds(alone[0]),
        "marks": {
            name: {
                "more": _more(decisive.won, *style[name]),
                "odds": odds(together[place]),
            }
            for place, name in enumerate(MARKS, start=1)
        },
        "n_fitted": len(fitted),
        "n_decisive": len(decisive),
    }


def _lead(one, other):
    """From -1 to 1: how much more of a mark the one has, 0 where both have as much."""
    return (one - other) / np.maximum(one + other, 1.0)


def _shown_first(snapshot: Snapshot, choices: Choices):
    """Whether `one` stood before the other; as the item has them where nobody knows."""
    one, other = choices.of_both(snapshot.shown, choices.row)
    return np.where((one >= 0) & (other >= 0), one < other, True)


def _more(won, one, other) -> dict:
    """Share of decisive comparisons for the response with more of it, where they differ. No test:
    several comparisons of one ranking are no independent votes."""
    differ = one != other
    hits = int(((one > other) == (won == 1))[differ].sum())
    return share(hits, int(differ.sum()), tested_against=None)
