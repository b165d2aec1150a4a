"""What is known of the judged items and their responses, beside the judgments."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Exists, OuterRef

from annotation.labeling.models import Item, Judgment
from annotation.quality.stats.estimate import FloatArray, IntArray

MOST_RESPONSES = 9
# A key of the items' metadata by which figures can be told apart: no free text, no ids.
MOST_VALUES = 30
LONGEST_VALUE = 60
# Per response: its length, and the marks of style that people are known to fall for.
STYLE = {
    "characters": "length(response.text)",
    "headers": r"regexp_count(response.text, '^\s{0,3}#{1,6}\s', 1, 'n')",
    "lists": r"regexp_count(response.text, '^\s*(?:[-*+]|\d{1,3}[.)])\s', 1, 'n')",
    "bold": r"regexp_count(response.text, '\*\*[^*\n]+\*\*|__[^_\n]+__')",
}


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


def read_facts(project, item_ids: IntArray) -> Facts:
    """Of these items, ascending ids; inside the transaction of the snapshot."""
    generators = list(project.generators.order_by("name", "revision").values_list())
    names = [f"{row[2]} ({row[3]})" if row[3] else row[2] for row in generators]
    generator_ids = np.array([row[0] for row in generators], dtype=np.int64)
    generator = np.full((len(item_ids), MOST_RESPONSES), -1, dtype=np.int64)
    style = {name: np.full(generator.shape, np.nan) for name in STYLE}
    place_of = {int(pk): place for place, pk in enumerate(generator_ids)}
    for item, position, written_by, *marks in _responses(project):
        row = int(np.searchsorted(item_ids, item))
        if row == len(item_ids) or item_ids[row] != item:
            continue  # judged by gold or a round only
        generator[row, position - 1] = place_of.get(written_by, -1)
        for name, mark in zip(STYLE, marks, strict=True):
            style[name][row, position - 1] = mark
    judged = Exists(Judgment.objects.filter(item=OuterRef("pk")))
    rows = Item.objects.filter(judged, project=project)
    known = {pk: said for pk, *said in rows.values_list("pk", "prompt", "metadata", "batch")}
    of_items = [known[int(pk)] for pk in item_ids]
    _, prompt = np.unique(np.array([one for one, *_ in of_items], np.int64), return_inverse=True)
    return Facts(
        generators=names,
        generator_ids=generator_ids,
        generator=generator,
        style=style,
        prompt=prompt,
        facets=_facets([metadata for _, metadata, _ in of_items]),
        batch=_facet([batch or None for *_, batch in of_items]),
    )


def _responses(project) -> Iterable[tuple]:
    """(item, position, generator, *style) of every response of a judged item."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT place.item_id, place.position, response.generator_id,
                   {", ".join(STYLE.values())}
              FROM labeling_item item
              JOIN labeling_itemresponse place ON place.item_id = item.id
              JOIN prompts_response response ON response.id = place.response_id
             WHERE item.project_id = %s
               AND EXISTS (SELECT 1 FROM labeling_judgment WHERE item_id = item.id)
            """,  # noqa: S608  expressions of ours
            [project.pk],
        )
        while rows := cursor.fetchmany(10_000):
            yield from rows


def _facets(metadata: list[dict]) -> dict[str, Facet]:
    """By key, in alphabetical order: those with two to MOST_VALUES short values."""
    keys = sorted({key for meta in metadata for key in meta})
    found = {}
    for key in keys:
        said = [_word(meta.get(key)) for meta in metadata]
        if 2 <= len(set(said) - {None}) <= MOST_VALUES:
            found[key] = _facet(said)
    return found


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
