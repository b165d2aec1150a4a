"""Snapshots worked out by hand, for analyses: no database."""

import numpy as np

from annotation.quality.snapshot import MOST_RESPONSES, Facet, Facts, Snapshot

MARKS = ("characters", "headers", "lists", "bold")


def snapshot_of(
    generators, judgments, *, styles=None, ratings=None, facets=None, top=None, labelers=None
) -> Snapshot:
    """generators: for each item a name for each response, None where it is not known; judgments:
    (item index, ranks by response, perhaps the places they were shown at), in the order of their
    items; styles {mark: per item a number for each response}; ratings {criterion: per judgment};
    facets {key: a value per item}; top per judgment as `Snapshot.top`."""
    names = sorted({name for item in generators for name in item if name is not None})
    n_items, rows = len(generators), len(judgments)
    place = {name: index for index, name in enumerate(names)} | {None: -1}
    written_by = [[place[name] for name in item] for item in generators]
    there = _padded([[1.0] * len(item) for item in generators]) == 1.0
    style = {mark: np.where(there, 0.0, np.nan) for mark in MARKS}
    style |= {mark: _padded(values) for mark, values in (styles or {}).items()}
    who = list(range(rows)) if labelers is None else labelers
    ratings = {key: _padded(values) for key, values in (ratings or {}).items()}
    shown = [list(more[0]) if more else [] for _, _, *more in judgments]
    return Snapshot(
        item_ids=np.arange(n_items) + 100,
        labeler_ids=np.arange(max(who, default=-1) + 1) + 1,
        handles=[f"w{one}" for one in range(max(who, default=-1) + 1)],
        item=np.array([item for item, *_ in judgments], dtype=np.int64),
        labeler=np.array(who, dtype=np.int64),
        version=np.ones(rows, dtype=np.int64),
        ranks=_padded([ranks for _, ranks, *_ in judgments]),
        unacceptable=np.zeros((rows, MOST_RESPONSES), dtype=bool),
        top=_padded(top or [[] for _ in judgments]),
        strength=np.full((rows, MOST_RESPONSES - 1), -1, dtype=np.int8),
        shown=_padded(shown, -1).astype(np.int8),
        seconds=np.full(rows, np.nan),
        day=np.full(rows, 738_000, dtype=np.int64),
        ratings=ratings,
        flags={},
        criteria={key: key.title() for key in ratings},
        flag_labels={},
        yes_no=frozenset(),
        canonical=np.tile(np.arange(MOST_RESPONSES), (n_items, 1)),
        facts=Facts(
            generators=names,
            generator_ids=np.arange(len(names)) + 1000,
            generator=_padded(written_by, -1).astype(np.int64),
            style=style,
            batch=np.zeros(n_items, dtype=np.int64),
            prompt=np.arange(n_items),
            facets={key: _facet(values) for key, values in (facets or {}).items()},
        ),
        at=np.zeros(rows),
        gold=None,  # known answers and repeats are no part of the analyses tested with these
        repeats=None,
        state=(rows, rows),
    )


def _padded(lists, filler=np.nan) -> np.ndarray:
    """(rows, 9); None becomes NaN."""
    table = np.full((len(lists), MOST_RESPONSES), filler, dtype=np.float64)
    for row, values in enumerate(lists):
        table[row, : len(values)] = [np.nan if value is None else value for value in values]
    return table


def _facet(values) -> Facet:
    names = sorted({value for value in values if value is not None})
    place = {name: index for index, name in enumerate(names)} | {None: -1}
    return Facet(names, np.array([place[value] for value in values], dtype=np.int64))
