"""One moment of a project, in one transaction."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from annotation.core.database import consistent_reads
from annotation.projects.models import Criterion
from annotation.quality.models import state_of
from annotation.quality.snapshot.arms import read_arms
from annotation.quality.snapshot.facts import facts_of, read_facts
from annotation.quality.snapshot.gold import read_gold
from annotation.quality.snapshot.model import Snapshot
from annotation.quality.snapshot.order import columns_by_id, items_in_other_order, top_of
from annotation.quality.snapshot.repeats import read_repeats
from annotation.quality.snapshot.rows import read_judgments
from annotation.quality.snapshot.style import keep_styles
from annotation.quality.stats.comparisons import floor_unacceptable


def take_snapshot(project, alive: Callable[[], None] = lambda: None) -> Snapshot:
    """Read a project's judgments in one repeatable-read, read-only transaction. alive: called now
    and then before it, while responses are counted that nobody counted yet."""
    keep_styles(project, alive)
    with consistent_reads():
        count, last, gold_state = state_of(project)
        versions = dict(project.rubric_versions.published().values_list("pk", "flags"))
        numbers = dict(project.rubric_versions.values_list("pk", "number"))
        asked = {pk: [flag["key"] for flag in flags] for pk, flags in versions.items()}
        rows = read_judgments(project, asked)
        item_ids, item = np.unique(rows.item, return_inverse=True)
        known = read_facts(project)
        turned = items_in_other_order(project)
        gold = read_gold(project, asked, turned, known)
        repeats = read_repeats(project)
        arms = read_arms(project, item_ids)
        handles = dict(project.memberships.values_list("user_id", "handle"))
        criteria = Criterion.objects.filter(
            rubric_version__project=project, rubric_version__published_at__isnull=False
        )
        newest_first = criteria.order_by("-rubric_version__number", "position")
        said = list(newest_first.values_list("key", "label", "is_yes_no"))
    labeler_ids, labeler = np.unique(rows.labeler, return_inverse=True)
    names = [handles.get(int(pk), f"labeler {pk}") for pk in labeler_ids]
    by_name = np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)
    place = np.empty(len(names), dtype=np.int64)
    place[by_name] = np.arange(len(names))
    labels = [(key, label) for key, label, _ in said]
    criteria_in_order = _first_labels([*labels, *((key, key) for key in sorted(rows.ratings))])
    flag_labels = _first_labels(
        (flag["key"], flag["label"])
        for _, flags in sorted(versions.items(), reverse=True)
        for flag in flags
    )
    is_yes_no = _first_labels((key, answers) for key, _, answers in said)
    empty = np.full(rows.ranks.shape, np.nan)
    return Snapshot(
        item_ids=item_ids,
        labeler_ids=labeler_ids[by_name],
        handles=[names[index] for index in by_name],
        item=item,
        labeler=place[labeler],
        version=np.array([numbers.get(int(pk), 0) for pk in rows.version], dtype=np.int64),
        ranks=floor_unacceptable(rows.ranks, rows.unacceptable),
        unacceptable=rows.unacceptable,
        top=top_of(rows),
        strength=rows.strength,
        shown=rows.shown,
        seconds=rows.seconds,
        day=rows.day,
        at=rows.at,
        ratings={key: rows.ratings.get(key, empty) for key in criteria_in_order},
        flags={key: rows.flags.get(key, empty) for key in flag_labels},
        criteria=criteria_in_order,
        flag_labels=flag_labels,
        yes_no=frozenset(key for key, answers in is_yes_no.items() if answers),
        canonical=columns_by_id(item_ids, turned),
        facts=facts_of(known, item_ids),
        gold=gold,
        repeats=repeats,
        arms=arms,
        state=(count, last),
        gold_state=gold_state,
    )


def _first_labels(labels: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A criterion is called what the newest rubric version that has it calls it."""
    found: dict[str, Any] = {}
    for key, label in labels:
        found.setdefault(key, label)
    return found
