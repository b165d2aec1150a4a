"""How the judgments of an item fell out, and which prompts end in ties or in nothing good."""

import numpy as np

from annotation.core.intervals import wilson_interval
from annotation.quality.snapshot import Snapshot
from annotation.quality.snapshot.ballots import all_bad, sole_best
from annotation.quality.stats.estimate import BoolArray, IntArray

LEAST = 3  # judgments of a prompt: below, a share of ties is a matter of one person
MOST_LISTED = 12


def all_tied(snapshot: Snapshot) -> BoolArray:
    """(rows,) judgments without any preference, though they compare acceptable responses."""
    ranked = np.isfinite(snapshot.ranks)
    low = np.where(ranked, snapshot.ranks, np.inf).min(axis=1)
    high = np.where(ranked, snapshot.ranks, -np.inf).max(axis=1)
    left_out = (snapshot.top == 0).any(axis=1)
    found: BoolArray = (ranked.sum(axis=1) >= 2) & (low == high) & ~left_out
    return found & ~all_bad(snapshot)


def distributions(snapshot: Snapshot) -> IntArray:
    """(items, 11) judgments by what came alone to the top (nine positions), several at the top,
    all unacceptable."""
    alone = sole_best(snapshot)
    best = np.where(all_bad(snapshot), 10, np.where(alone >= 0, alone, 9))
    table = np.zeros((len(snapshot.item_ids), 11), dtype=np.int64)
    np.add.at(table, (snapshot.item, best), 1)
    return table


def strip_of(snapshot: Snapshot, table: IntArray, item: int) -> dict:
    """{"first", "shared", "bad"}: counts by position, as many as the item has responses."""
    width = int(snapshot.response_count[item])
    row = [int(count) for count in table[item]]
    return {"first": row[:width], "shared": row[9], "bad": row[10]}


def heavy_prompts(snapshot: Snapshot, which: BoolArray) -> list[dict]:
    """Prompts by the lower end of the interval of such judgments' share, the highest first: few
    judgments do not carry a prompt to the top. [{"item", "items", "n", "value", "ci"}]"""
    prompt = snapshot.facts.prompt[snapshot.item]
    n = np.bincount(prompt)
    hits = np.bincount(prompt, weights=which).astype(np.int64)
    overall = hits.sum() / max(1, n.sum())
    first, items = _first_items(snapshot, len(n))
    rows = []
    for at in np.flatnonzero((n >= LEAST) & (hits > overall * n)):
        ci = wilson_interval(int(hits[at]), int(n[at]))
        if ci is not None:
            rows.append(
                {
                    "item": int(first[at]),
                    "items": int(items[at]),
                    "n": int(n[at]),
                    "value": float(hits[at] / n[at]),
                    "ci": list(ci),
                }
            )
    rows.sort(key=lambda row: (-row["ci"][0], row["item"]))
    return rows[:MOST_LISTED]


def _first_items(snapshot: Snapshot, n_prompts: int) -> tuple[IntArray, IntArray]:
    """(prompts,) the id of each one's first item, and how many it has."""
    first = np.full(n_prompts, np.iinfo(np.int64).max)
    np.minimum.at(first, snapshot.facts.prompt, snapshot.item_ids)
    return first, np.bincount(snapshot.facts.prompt, minlength=n_prompts)
