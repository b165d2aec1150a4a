"""Agreement over whole rankings, and the items on which they differ most."""

import numpy as np

from annotation.quality.figures import SEED, as_json
from annotation.quality.snapshot import Snapshot
from annotation.quality.stats.rank_alpha import rank_alpha
from annotation.quality.stats.rankings import RankingAgreement, Rankings

MOST_DISPUTED = 12
# Above it alpha of ranks has no interval: its resamples hold a table of ranks by ranks for every
# kind of item, and rankings of many responses are nearly all of their own kind.
MOST_RANKINGS_RESAMPLED = 50_000


def ranking_figures(rankings: Rankings, orders: RankingAgreement) -> dict[str, dict]:
    seed = SEED if len(rankings) <= MOST_RANKINGS_RESAMPLED else None
    return {
        "kendall_w": as_json(orders.kendall_w, with_undefined=True),
        "tau_b": as_json(orders.tau_b, with_undefined=True),
        "tau_x": as_json(orders.tau_x, with_undefined=True),
        "rank_alpha": as_json(rank_alpha(_narrow(rankings), seed=seed), with_undefined=True),
    }


def _narrow(rankings: Rankings) -> Rankings:
    """Without the columns that no item has a response in: each would be two more ranks."""
    used = np.flatnonzero(np.isfinite(rankings.ranks).any(axis=0))
    width = int(used.max(initial=-1)) + 1
    return Rankings(
        rankings.item, rankings.labeler, rankings.ranks[:, :width], rankings.top[:, :width]
    )


def most_disputed(snapshot: Snapshot, orders: RankingAgreement) -> list[dict]:
    """Items with the lowest mean tau-b, and who came first how often, by response position."""
    tau = orders.tau_b_by_item
    judgments = np.bincount(snapshot.item, minlength=len(snapshot.item_ids))
    candidates = np.flatnonzero(np.isfinite(tau) & (tau < 1))
    order = np.lexsort((candidates, -judgments[candidates], tau[candidates]))
    chosen = candidates[order[:MOST_DISPUTED]]
    return [
        {
            "item": int(snapshot.item_ids[index]),
            "tau_b": float(tau[index]),
            "judgments": int(judgments[index]),
            "first_places": _first_places(snapshot, index),
        }
        for index in chosen
    ]


def _first_places(snapshot: Snapshot, index: int) -> list[int]:
    """How often each response shared the best tier, as far as the item has responses ranked."""
    ranks = snapshot.ranks[snapshot.item == index]
    ranked = np.isfinite(ranks)
    width = int(np.flatnonzero(ranked.any(axis=0)).max()) + 1
    best = np.nanmin(np.where(ranked, ranks, np.inf), axis=1, keepdims=True)
    return [int(count) for count in (ranks == best).sum(axis=0)[:width]]
