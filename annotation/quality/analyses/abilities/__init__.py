"""How able each generator is, from what people said of its responses.

{"generators": [{"id", "name"}], "boards": [board], "held_equal", "rankings", "elo", "facets",
"facets_left_out"}:
the first board is of whole rankings, the others of the ratings on each criterion; what is in them,
docs/statistics.md says. Every list over generators is in the order of "generators".
"""

import numpy as np
from django.utils.translation import gettext_noop

from annotation.quality.analyses.abilities import beside
from annotation.quality.analyses.abilities.board import board_of
from annotation.quality.analyses.abilities.games import Field, field_of, games_of
from annotation.quality.figures import Progress
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.estimate import FloatArray

CODE_VERSION = "2"
STEPS = 4


def compute(snapshot: Snapshot, progress: Progress) -> dict:
    progress(0, STEPS, gettext_noop("Fitting abilities"))
    field = field_of(snapshot)
    ranks = _named(snapshot, field, snapshot.ranks)
    games = games_of(snapshot, field, snapshot.ranks, snapshot.top)
    whole = board_of(games, field, criterion=None, n_judgments=len(snapshot.item))
    progress(1, STEPS, gettext_noop("Fitting abilities by criterion"))
    boards = [whole, *(_of_criterion(snapshot, field, key) for key in snapshot.criteria)]
    progress(2, STEPS, gettext_noop("Holding style equal"))
    is_identified = whole["reason"] is None and not whole["connecting"]
    held = beside.held_equal(snapshot, games, is_identified=is_identified)
    progress(3, STEPS, gettext_noop("Fitting whole rankings and parts"))
    return {
        "generators": [
            {"id": int(pk), "name": name} for pk, name in zip(field.ids, field.names, strict=True)
        ],
        "boards": [board | {"label": _label(snapshot, board)} for board in boards],
        "held_equal": held,
        "rankings": beside.from_rankings(snapshot, field, ranks),
        "elo": beside.elo_of(games),
        "facets": beside.by_part(snapshot, games),
        "facets_left_out": snapshot.facts.facets_left_out,
    }


def _label(snapshot: Snapshot, board: dict) -> str | None:
    return board["criterion"] and snapshot.criteria[board["criterion"]]


def _of_criterion(snapshot: Snapshot, field: Field, key: str) -> dict:
    """A higher rating is the better one; who rated two responses the same tied them."""
    ratings = snapshot.ratings[key]
    games = games_of(snapshot, field, -ratings)
    n_rated = int(np.isfinite(ratings).any(axis=1).sum())
    return board_of(games, field, criterion=key, n_judgments=n_rated)


def _named(snapshot: Snapshot, field: Field, ranks: FloatArray) -> FloatArray:
    """Ranks of responses of which it is known what wrote them."""
    known: FloatArray = np.where(field.generator[snapshot.item] >= 0, ranks, np.nan)
    return known
