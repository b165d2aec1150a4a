"""Snapshots made by hand, for analyses: no database."""

from datetime import date

import numpy as np

from annotation.quality.snapshot import MOST_RESPONSES, Facet, Facts, Snapshot
from annotation.quality.snapshot.gold import Gold
from annotation.quality.snapshot.repeats import Repeats

MONDAY = date(2026, 1, 5).toordinal()
MARKS = ("headers", "lists", "bold")
FIRST_ITEM, FIRST_GENERATOR = 1000, 5000  # their ids


def make_snapshot(
    item,
    labeler,
    ranks,
    *,
    n_items=None,
    shown=None,
    top=None,
    characters=None,
    marks=None,
    generator=None,
    generators=None,
    day=None,
    seconds=None,
    unacceptable=None,
    ratings=None,
    prompt=None,
    facets=None,
    labeler_ids=None,
) -> Snapshot:
    """item, labeler: (rows,) indices; ranks: (rows, responses); characters, generator and marks
    of style: (items, responses), generator an index into generators, their names. The rest as in
    `Snapshot`, or not known; no answer is known beforehand, and nothing was asked again."""
    item, labeler = np.asarray(item, int), np.asarray(labeler, int)
    ranks = np.asarray(ranks, dtype=float)
    n_items = item.max(initial=-1) + 1 if n_items is None else n_items
    n_labelers = labeler.max(initial=-1) + 1
    rows, width = ranks.shape
    bad = np.zeros(ranks.shape, bool) if unacceptable is None else np.asarray(unacceptable)
    length = np.full((n_items, width), 100.0) if characters is None else np.asarray(characters)
    style = {"characters": length} | dict.fromkeys(MARKS, np.where(np.isnan(length), length, 0.0))
    known = np.full((n_items, width), -1) if generator is None else np.asarray(generator)
    return Snapshot(
        item_ids=np.arange(n_items) + FIRST_ITEM,
        labeler_ids=np.arange(n_labelers) + 1 if labeler_ids is None else np.array(labeler_ids),
        handles=[f"w{number:03}" for number in range(n_labelers)],
        item=item,
        labeler=labeler,
        version=np.ones(rows, int),
        ranks=_wide(np.where(bad, 99.0, ranks)),
        unacceptable=_wide(bad, False),
        top=np.full((rows, MOST_RESPONSES), np.nan) if top is None else _wide(top),
        strength=np.full((rows, MOST_RESPONSES - 1), -1, np.int8),
        shown=_wide(np.full(ranks.shape, -1) if shown is None else shown, -1).astype(np.int8),
        seconds=np.full(rows, np.nan) if seconds is None else np.asarray(seconds, float),
        day=np.full(rows, MONDAY) if day is None else np.asarray(day),
        ratings={key: _wide(values) for key, values in (ratings or {}).items()},
        flags={},
        criteria={key: key.title() for key in ratings or {}},
        flag_labels={},
        yes_no=frozenset(),
        canonical=np.tile(np.arange(MOST_RESPONSES), (n_items, 1)),
        facts=_facts(n_items, style | (marks or {}), known, generators, prompt, facets),
        at=np.zeros(rows),
        gold=_no_gold(),
        repeats=Repeats.of([]),
        state=(rows, rows),
    )


def snapshot_of(
    generators, judgments, *, styles=None, ratings=None, facets=None, top=None, labelers=None
) -> Snapshot:
    """The same, written down: generators: for each item a name for each response, None where it is
    not known; judgments: (item index, ranks by response, perhaps the places they were shown at),
    in the order of their items; styles {mark: per item a number for each response}; ratings
    {criterion: per judgment}; facets {key: a value per item}; top per judgment as
    `Snapshot.top`."""
    names = sorted({name for item in generators for name in item if name is not None})
    place = {name: index for index, name in enumerate(names)} | {None: -1}
    styles = {mark: _padded(values) for mark, values in (styles or {}).items()}
    shown = [list(more[0]) if more else [] for _, _, *more in judgments]
    return make_snapshot(
        [item for item, *_ in judgments],
        range(len(judgments)) if labelers is None else labelers,
        _padded([ranks for _, ranks, *_ in judgments]),
        n_items=len(generators),
        shown=_padded(shown, -1),
        top=_padded(top or [[] for _ in judgments]),
        characters=styles.pop("characters", _padded([[0.0] * len(item) for item in generators])),
        marks=styles,
        generator=_padded([[place[name] for name in item] for item in generators], -1),
        generators=names,
        ratings={key: _padded(values) for key, values in (ratings or {}).items()},
        facets=facets,
    )


def _facts(n_items, style, generator, names, prompt, facets) -> Facts:
    if names is None:
        names = [f"g{number}" for number in range(int(generator.max(initial=-1)) + 1)]
    return Facts(
        generators=names,
        generator_ids=np.arange(len(names)) + FIRST_GENERATOR,
        generator=_wide(generator, -1).astype(np.int64),
        style={name: _wide(values) for name, values in style.items()},
        prompt=np.arange(n_items) if prompt is None else np.asarray(prompt),
        facets={key: _facet(values) for key, values in (facets or {}).items()},
        batch=_facet([None] * n_items),
    )


def _no_gold() -> Gold:
    table, none = np.zeros((0, MOST_RESPONSES)), np.zeros(0, np.int64)
    return Gold(
        item_ids=none,
        labeler_id=none,
        item=none,
        ranks=table,
        top=table,
        shown=table.astype(np.int8),
        seconds=np.zeros(0),
        at=np.zeros(0),
        canonical=table.astype(np.int64),
        facts=_facts(0, dict.fromkeys(("characters", *MARKS), table), table - 1, None, None, None),
        answer=table,
        answer_top=table,
    )


def _padded(lists, filler=np.nan) -> np.ndarray:
    """(rows, 9); None becomes NaN."""
    table = np.full((len(lists), MOST_RESPONSES), filler, dtype=np.float64)
    for row, values in enumerate(lists):
        table[row, : len(values)] = [np.nan if value is None else value for value in values]
    return table


def _wide(table, filler=np.nan):
    table = np.asarray(table)
    kind = bool if table.dtype == bool else float
    wide = np.full((len(table), MOST_RESPONSES), filler, dtype=kind)
    wide[:, : table.shape[1]] = table
    return wide


def _facet(values) -> Facet:
    names = sorted({value for value in values if value is not None})
    place = {name: index for index, name in enumerate(names)} | {None: -1}
    return Facet(names, np.array([place[value] for value in values], dtype=np.int64))
