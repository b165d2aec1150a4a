"""Snapshots whose truth is known, made without a database."""

from datetime import date

import numpy as np

from annotation.quality.snapshot import Facet, Facts, Snapshot

MONDAY = date(2026, 1, 5).toordinal()


def make_snapshot(
    item,
    labeler,
    ranks,
    *,
    shown=None,
    characters=None,
    marks=None,
    generator=None,
    day=None,
    seconds=None,
    unacceptable=None,
    ratings=None,
    prompt=None,
    facets=None,
    labeler_ids=None,
):
    """item, labeler: (rows,) indices; ranks: (rows, responses); characters, generator and marks
    of style: (items, responses). The rest as in `Snapshot`, or not known."""
    item, labeler = np.asarray(item, int), np.asarray(labeler, int)
    ranks = np.asarray(ranks, dtype=float)
    n_items, n_labelers = item.max(initial=-1) + 1, labeler.max(initial=-1) + 1
    rows, width = ranks.shape
    bad = np.zeros(ranks.shape, bool) if unacceptable is None else np.asarray(unacceptable)
    ranks = np.where(bad, 99.0, ranks)
    length = np.full((n_items, width), 100.0) if characters is None else characters
    style = {"characters": length} | {
        name: (marks or {}).get(name, np.zeros((n_items, width)))
        for name in ("headers", "lists", "bold")
    }
    known = np.full((n_items, width), -1) if generator is None else np.asarray(generator)
    names = [f"g{number}" for number in range(known.max(initial=-1) + 1)]
    return Snapshot(
        item_ids=np.arange(n_items) + 1000,
        labeler_ids=np.arange(n_labelers) + 1 if labeler_ids is None else np.array(labeler_ids),
        handles=[f"w{number:03}" for number in range(n_labelers)],
        item=item,
        labeler=labeler,
        version=np.ones(rows, int),
        ranks=_wide(ranks),
        unacceptable=_wide(bad, False),
        top=np.full((rows, 9), np.nan),
        strength=np.full((rows, 8), -1, np.int8),
        shown=_wide(np.full(ranks.shape, -1) if shown is None else shown, -1).astype(np.int8),
        seconds=np.full(rows, np.nan) if seconds is None else np.asarray(seconds, float),
        day=np.full(rows, MONDAY) if day is None else np.asarray(day),
        ratings={key: _wide(values) for key, values in (ratings or {}).items()},
        flags={},
        criteria={key: key.title() for key in ratings or {}},
        flag_labels={},
        yes_no=frozenset(),
        canonical=np.tile(np.arange(9), (n_items, 1)),
        facts=Facts(
            generators=names,
            generator_ids=np.arange(len(names)),
            generator=_wide(known, -1).astype(int),
            style={name: _wide(values) for name, values in style.items()},
            batch=np.zeros(n_items, int),
            prompt=np.arange(n_items) if prompt is None else np.asarray(prompt),
            facets={
                key: Facet(sorted(set(said)), np.array([sorted(set(said)).index(s) for s in said]))
                for key, said in (facets or {}).items()
            },
        ),
        at=np.zeros(rows),
        gold=None,  # known answers and repeats are no part of these analyses
        repeats=None,
        state=(rows, rows),
    )


def _wide(table, filler=np.nan):
    table = np.asarray(table)
    kind = bool if table.dtype == bool else float
    wide = np.full((len(table), 9), filler, dtype=kind)
    wide[:, : table.shape[1]] = table
    return wide


def pairs(seed, n_items=600, n_labelers=12, per_item=3, *, first=0.0, length=0.0, days=1):
    """Judgments of two responses. first, length: what standing first, and being twice as long,
    adds to the log odds. The order shown is drawn for every judgment."""
    rng = np.random.default_rng(seed)
    worth = rng.normal(0, 1, (n_items, 2))
    characters = np.round(np.exp(rng.normal(6, 0.7, (n_items, 2))))
    item = np.repeat(np.arange(n_items), per_item)
    labeler = np.argsort(rng.random((n_items, n_labelers)), axis=1)[:, :per_item].ravel()
    is_first = rng.random(item.size) < 0.5
    ratio = np.log2(1 + characters[item, 0]) - np.log2(1 + characters[item, 1])
    logit = worth[item, 0] - worth[item, 1] + length * ratio + first * np.where(is_first, 1, -1)
    won = rng.random(item.size) < 1 / (1 + np.exp(-logit))
    tie = rng.random(item.size) < 0.1
    ranks = np.where(won[:, None], [1.0, 2.0], [2.0, 1.0])
    ranks[tie] = 1.0
    shown = np.where(is_first[:, None], [0, 1], [1, 0])
    return {
        "item": item,
        "labeler": labeler,
        "ranks": ranks,
        "shown": shown,
        "characters": characters,
        "day": MONDAY + rng.integers(0, days, item.size),
    }
