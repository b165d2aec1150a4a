"""What is known of the judged items and their responses, beside the judgments."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Exists, OuterRef

from annotation.labeling.models import Item, Judgment
from annotation.quality.snapshot.style import STYLE, VERSION, marks_of
from annotation.quality.stats.estimate import FloatArray, IntArray

MOST_RESPONSES = 9
# A key of the items' metadata by which figures can be told apart: no free text, no ids.
MOST_VALUES = 30
LONGEST_VALUE = 60
# So many of them, those that are said of most items: each is a part of three reports.
MOST_FACETS = 12


@dataclass(frozen=True)
class Facet:
    """A key of the items' metadata with few values: value (items,), index into values, -1 none."""

    values: list[str]
    value: IntArray


@dataclass(frozen=True)
class Facts:
    """generator (items, 9), index into generators, -1 where nothing is known of it or there is no
    such response; generator_ids (generators,) their rows; style {name: (items, 9)}, NaN no such
    response; prompt (items,) which prompt, indices from 0; facets by key; batch: which batch each
    item came in with, in alphabetical order."""

    generators: list[str]
    generator_ids: IntArray
    generator: IntArray
    style: dict[str, FloatArray]
    prompt: IntArray
    facets: dict[str, Facet]
    batch: Facet
    facets_left_out: int = 0

    @property
    def response_count(self) -> IntArray:
        """(items,) how many responses each has."""
        counts: IntArray = np.isfinite(self.style["characters"]).sum(axis=1)
        return counts

    def update(self, digest: Any) -> None:
        """Take all of it into a hash."""
        said = [
            *self.generators,
            *self.facets,
            *(v for f in self.facets.values() for v in f.values),
            *self.batch.values,
        ]
        digest.update("\0".join(said).encode())
        arrays = [self.generator, self.prompt, *(self.style[name] for name in STYLE)]
        facets = [*self.facets.values(), self.batch]
        for array in [*arrays, *(facet.value for facet in facets)]:
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(f"\0{self.facets_left_out}".encode())


@dataclass(frozen=True)
class Known:
    """What `facts_of` needs, of every judged item of a project: item_ids, ascending; said: its
    prompt, metadata and batch; the rest as in `Facts`."""

    item_ids: IntArray
    generators: list[str]
    generator_ids: IntArray
    generator: IntArray
    style: dict[str, FloatArray]
    said: list[tuple[int, dict, str]]


def read_facts(project) -> Known:
    """Once for work and known answers; inside the transaction of the snapshot."""
    generators = list(project.generators.order_by("name", "revision").values_list())
    generator_ids = np.array([row[0] for row in generators], dtype=np.int64)
    judged = Exists(Judgment.objects.filter(item=OuterRef("pk")))
    rows = Item.objects.filter(judged, project=project).order_by("pk")
    said = {pk: rest for pk, *rest in rows.values_list("pk", "prompt", "metadata", "batch")}
    item_ids = np.array(list(said), dtype=np.int64)
    generator = np.full((len(item_ids), MOST_RESPONSES), -1, dtype=np.int64)
    style = {name: np.full(generator.shape, np.nan) for name in STYLE}
    place_of = {int(pk): place for place, pk in enumerate(generator_ids)}
    row_of = {pk: row for row, pk in enumerate(said)}
    for item, position, written_by, text, *marks in _responses(project):
        where = row_of[item], position - 1
        generator[where] = place_of.get(written_by, -1)
        # Judged since the last ones were counted: the next snapshot finds it counted.
        found = marks if text is None else marks_of(text)
        for name, mark in zip(STYLE, found, strict=True):
            style[name][where] = mark
    return Known(
        item_ids=item_ids,
        generators=[f"{row[2]} ({row[3]})" if row[3] else row[2] for row in generators],
        generator_ids=generator_ids,
        generator=generator,
        style=style,
        said=[(prompt, metadata, batch) for prompt, metadata, batch in said.values()],
    )


def facts_of(known: Known, item_ids: IntArray) -> Facts:
    """Of these items, ascending ids."""
    rows = np.searchsorted(known.item_ids, item_ids)
    said = [known.said[row] for row in rows]
    _, prompt = np.unique(np.array([one for one, *_ in said], np.int64), return_inverse=True)
    facets, facets_left_out = _facets([metadata for _, metadata, _ in said])
    return Facts(
        generators=known.generators,
        generator_ids=known.generator_ids,
        generator=known.generator[rows],
        style={name: marks[rows] for name, marks in known.style.items()},
        prompt=prompt,
        facets=facets,
        batch=_facet([batch or None for *_, batch in said]),
        facets_left_out=facets_left_out,
    )


def _responses(project) -> Iterable[tuple]:
    """(item, position, generator, text where it is not counted, *style) of every response of a
    judged item."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT place.item_id, place.position, response.generator_id,
                   CASE WHEN style.response_id IS NULL THEN response.text END,
                   {", ".join(f"style.{name}" for name in STYLE)}
              FROM labeling_item item
              JOIN labeling_itemresponse place ON place.item_id = item.id
              JOIN prompts_response response ON response.id = place.response_id
              LEFT JOIN quality_responsestyle style
                ON style.response_id = response.id AND style.version = %s
             WHERE item.project_id = %s
               AND EXISTS (SELECT 1 FROM labeling_judgment WHERE item_id = item.id)
            """,  # noqa: S608  names of ours
            [VERSION, project.pk],
        )
        while rows := cursor.fetchmany(10_000):
            yield from rows


def _facets(metadata: list[dict]) -> tuple[dict[str, Facet], int]:
    """By key, in alphabetical order: MOST_FACETS of those with two to MOST_VALUES short values,
    first what is said of most items; and how many more there are."""
    count: Counter[str] = Counter()
    values: dict[str, set[str]] = {}
    for meta in metadata:
        for key, value in meta.items():
            if (word := _word(value)) is not None:
                count[key] += 1
                if len(of_key := values.setdefault(key, set())) <= MOST_VALUES:
                    of_key.add(word)
    fit = [key for key, words in values.items() if 2 <= len(words) <= MOST_VALUES]
    kept = sorted(fit, key=lambda key: (-count[key], key))[:MOST_FACETS]
    found = {key: _facet([_word(meta.get(key)) for meta in metadata]) for key in sorted(kept)}
    return found, len(fit) - len(kept)


def _facet(said: list[str | None]) -> Facet:
    """Its values in alphabetical order."""
    values = sorted({word for word in said if word is not None})
    place = {word: index for index, word in enumerate(values)}
    return Facet(values, np.array([place.get(word, -1) for word in said], dtype=np.int64))


def _word(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    word = str(value)
    return word if 0 < len(word) <= LONGEST_VALUE else None
