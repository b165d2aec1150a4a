"""Published comparisons and rankings of competitors, read from the reference vectors or recalled
where they are not among them."""

import json

import numpy as np

from annotation.quality.stats.outcomes import compare_generators
from annotation.quality.stats.ranked_generators import rankings_of_table
from tests.data import shared

# Home and away games of the seven teams of the American League East, 1987: Agresti 2002,
# Categorical Data Analysis, 2nd ed., table 10.10. Rows play at home; wins-losses.
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
BASEBALL = """
-   4-3 4-2 4-3 6-1 4-2 6-0
3-3 -   4-2 4-3 6-0 6-1 4-3
2-5 4-3 -   2-4 4-3 4-2 6-0
3-3 5-1 2-5 -   4-3 4-2 6-1
5-1 2-5 3-3 4-2 -   5-2 6-0
2-5 3-3 3-4 4-3 4-2 -   2-4
2-5 1-5 1-6 2-4 1-6 3-4 -
"""
# The examples of PlackettLuce 0.4 for R: tests/testthat/test-S3-methods.R and its help page;
# ranks of apple, banana, orange (and pear), 0 not ranked.
FRUITS = ((1, 2, 0), (3, 1, 2), (2, 1, 1), (1, 2, 3), (2, 1, 1), (1, 0, 2))
FOUR_FRUITS = (
    (1, 2, 0, 0), (4, 1, 2, 3), (2, 1, 1, 1), (1, 2, 3, 0), (2, 1, 1, 0), (1, 0, 3, 2)
)  # fmt: skip


def vector(name):
    rows = json.loads(shared("textbook/vectors.json").read_text())["vectors"]
    return next(row for row in rows if row["id"] == name)


def citations():
    return np.array(vector("bt_citations")["input"]["cited_by"])


def tables_of_pairs(rows, n):
    """Rows of i, j (from 1), comparisons, wins, losses, ties -> wins and ties, (n, n)."""
    wins, ties = np.zeros((n, n)), np.zeros((n, n))
    for i, j, _, won, lost, tied in rows:
        wins[i - 1, j - 1], wins[j - 1, i - 1] = won, lost
        ties[i - 1, j - 1] = ties[j - 1, i - 1] = tied
    return wins, ties


def pudding():
    """(wins, ties)."""
    return tables_of_pairs(vector("davidson_pudding")["input"]["rows"], 6)


def comparisons_of(wins, ties=None):
    """Tables as long arrays, one row each, every comparison an item."""
    wins = np.asarray(wins, dtype=int).copy()
    np.fill_diagonal(wins, 0)
    tied = np.zeros_like(wins) if ties is None else np.triu(np.asarray(ties, dtype=int), 1)
    first, second = np.indices(wins.shape)
    one, other = (
        np.concatenate([np.repeat(side.ravel(), table.ravel()) for table in (wins, tied)])
        for side in (first, second)
    )
    outcome = np.repeat([0, 1], [wins.sum(), tied.sum()])
    return compare_generators(one, other, outcome, len(wins))


def baseball():
    """The home team is shown first."""
    games = []
    for home, line in enumerate(BASEBALL.split("\n")[1:-1]):
        for away, record in enumerate(line.split()):
            if record != "-":
                won, lost = (int(count) for count in record.split("-"))
                games += [(home, away, 0)] * won + [(home, away, 2)] * lost
    return compare_generators(*zip(*games, strict=True), len(TEAMS))


def netflix():
    return rankings_of_orders(vector("pl_netflix138")["input"]["freq_and_order_1based"])


def rankings_of_orders(rows):
    """Rows of a count and an order, best first."""
    places = np.argsort([row[1:] for row in rows], axis=1) + 1
    return rankings_of_table(places, weight=[row[0] for row in rows])


def fruits(table):
    ranks = np.array(table, dtype=float)
    return rankings_of_table(np.where(ranks == 0, np.nan, ranks))
