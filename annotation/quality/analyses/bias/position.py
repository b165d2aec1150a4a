"""Does the response shown first win more often, and was its place drawn?"""

import math

import numpy as np

from annotation.quality.analyses.bias.choices import (
    Choices,
    weeks_of,
)
from annotation.quality.analyses.bias.shapes import LEAST, figure, share
from annotation.quality.snapshot import Snapshot
from annotation.quality.snapshot.ballots import response_counts, sole_best
from annotation.quality.stats.chance import chi_square_tail, two_sided
from annotation.quality.stats.estimate import IntArray

# An order this far from even, beyond chance, was not drawn: place and response are one then.
MOST_UNEVEN = 0.1
UNEVEN_P = 0.01


def position_figures(snapshot: Snapshot, choices: Choices) -> dict:
    """{"order", "first", "places", "listed", "most_moved"}: see docs/statistics.md."""
    counts = response_counts(snapshot)
    order = _order(snapshot, counts)
    week, hit, _ = first_shown(snapshot, choices)
    known = _recorded(snapshot, counts)
    first = share(int(hit.sum()), len(hit))
    if not known.any():
        first = figure(reason="not_recorded" if len(choices) else "no_data")
    elif order["is_uneven"]:
        first = figure(reason="order_not_random", n=len(hit))
    return {
        "order": order,
        "first": first,
        "places": [] if order["is_uneven"] else _by_place(snapshot, counts, known),
        "listed": None if first["value"] is not None else _listed(counts, choices),
        "most_moved": _most_moved(snapshot, choices, first["value"]),
    }


def first_shown(snapshot: Snapshot, choices: Choices) -> tuple[IntArray, IntArray, IntArray]:
    """Of decisive judgments of two responses whose order is known: the week, whether the first
    shown won, and the row."""
    decisive = choices.decisive
    two = response_counts(snapshot)[decisive.row] == 2
    decisive = decisive.take(two)
    one, other = decisive.of_both(snapshot.shown, decisive.row)
    known = (one >= 0) & (other >= 0)
    hit = np.where(one < other, decisive.won, 1 - decisive.won)[known].astype(np.int64)
    row = decisive.row[known]
    return weeks_of(snapshot.day[row]), hit, row


def _recorded(snapshot: Snapshot, counts: IntArray):
    return (snapshot.shown >= 0).sum(axis=1) == np.maximum(counts, 1)


def _order(snapshot: Snapshot, counts: IntArray) -> dict:
    """How often the first response of an item was shown first, against one in so many."""
    known = _recorded(snapshot, counts) & (counts >= 2)
    n = int(known.sum())
    if n < LEAST:
        reason = "not_recorded" if n == 0 and len(counts) else "too_few" if n else "no_data"
        return figure(reason=reason, n=n) | {"expected": None, "is_uneven": False}
    stood = int((snapshot.shown[known, 0] == 0).sum())
    chance = 1 / counts[known]
    expected = float(chance.mean())
    z = (stood - float(chance.sum())) / math.sqrt(float((chance * (1 - chance)).sum()))
    p = two_sided(z)
    uneven = abs(stood / n - expected) > MOST_UNEVEN and p < UNEVEN_P
    found = share(stood, n, tested_against=None) | {"p": p}
    return found | {"expected": expected, "is_uneven": uneven}


def _by_place(snapshot: Snapshot, counts: IntArray, known) -> list[dict]:
    """For three to nine responses: how often each place was alone at the top. One answer per
    judgment, so that the test counts nothing twice."""
    best, found = sole_best(snapshot), []
    for size in range(3, 10):
        rows = np.flatnonzero((counts == size) & known & (best >= 0))
        n = len(rows)
        if n < LEAST:
            if n:
                found.append({"responses": size, "n": n, "p": None, "q": None, "places": []})
            continue
        place = snapshot.shown[rows, best[rows]]
        times = np.bincount(place, minlength=size)
        spread = float(((times - n / size) ** 2).sum() / (n / size))
        found.append(
            {
                "responses": size,
                "n": n,
                "p": chi_square_tail(spread, size - 1),
                "q": None,
                "places": [share(int(t), n, tested_against=1 / size) for t in times],
            }
        )
    return found


def _listed(counts: IntArray, choices: Choices) -> dict:
    """Where the order is not known, or was not drawn: the share of the first as the file has the
    two. It may as well be of the better generator."""
    decisive = choices.decisive
    won = decisive.won[counts[decisive.row] == 2]
    return share(int(won.sum()), len(won))


def _most_moved(snapshot: Snapshot, choices: Choices, first: float | None) -> dict | None:
    """What counter-balancing left over: the generator whose share of wins moved most because it
    did not stand first half of the time. None without a figure for the first place."""
    if first is None:
        return None
    _, hit, row = first_shown(snapshot, choices)
    item = snapshot.item[row]
    stood_first = np.where(snapshot.shown[row, 0] == 0, 0, 1)
    moved = []
    for number, name in enumerate(snapshot.facts.generators):
        here = snapshot.facts.generator[item, :2] == number
        takes_part = here.sum(axis=1) == 1
        n = int(takes_part.sum())
        if n < LEAST:
            continue
        stood = float(here[takes_part, stood_first[takes_part]].mean())
        shift = 2 * (first - 0.5) * (stood - 0.5)
        moved.append({"generator": name, "stood_first": stood, "shift": shift, "n": n})
    return max(moved, key=lambda one: abs(one["shift"])) if moved else None
