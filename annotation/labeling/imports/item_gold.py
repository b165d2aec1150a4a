"""Known answers that come in with their items: `"gold"` of a line, of which docs/gold.md tells.

A line's answer is checked while it is read, kept as it is written until the items are there, and
made by the same service as every other one. An item that is there already may be given its answer
later; another answer than the one it has is refused.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection

from annotation.labeling.exports.reading import read_items
from annotation.labeling.gold.files import KEYS, known_answer
from annotation.labeling.gold.making import Known, checked, make_golds
from annotation.labeling.imports.fields import only_keys
from annotation.labeling.imports.problems import Problems, RowRefused, name_of_type
from annotation.labeling.imports.staging import Spool, escaped
from annotation.labeling.models import GoldItem, Item
from annotation.labeling.verdict import VerdictError
from annotation.projects.services import current_rubric

CHUNK = 500
CREATE = """
DROP TABLE IF EXISTS pg_temp.staged_gold;
CREATE TEMPORARY TABLE staged_gold (line bigint, external_id text, gold text) ON COMMIT DROP;
"""
# The items that are there by now: before the insert those of other files.
JOIN = """
DROP TABLE IF EXISTS pg_temp.answered;
CREATE TEMPORARY TABLE answered ON COMMIT DROP AS
SELECT item.id AS item, staged.line, staged.gold FROM staged_gold AS staged
  JOIN labeling_item AS item
    ON item.project_id = %(project)s AND item.external_id = staged.external_id;
CREATE INDEX ON pg_temp.answered (item);
"""
# By the items, for they are locked in that order.
CHUNK_OF = """
SELECT item, line, gold FROM pg_temp.answered
 WHERE item > %(after)s ORDER BY item LIMIT %(chunk)s
"""


class _Answer(NamedTuple):
    """The answer of a line, its item, and the known answer that the item has by now."""

    line: int
    item: Item
    known: Known
    there: GoldItem | None

    @property
    def problem(self) -> str:
        if self.item.state == Item.State.WITHDRAWN:
            return "the item was withdrawn: nobody is lent it"
        if self.there is None:
            return ""
        said = self.known.as_columns()
        is_same = all(getattr(self.there, name) == value for name, value in said.items())
        return "" if is_same else "the item has another known answer already"


class GoldRows:
    """The known answers of one file, which whoever sent it may make, or not."""

    def __init__(self, project, *, is_allowed: bool) -> None:
        self.project, self.is_allowed = project, is_allowed
        self.rubric = current_rubric(project)
        self.spool = Spool("staged_gold", ("line", "external_id", "gold"))

    def __exit__(self, *_: object) -> None:
        self.spool.__exit__()

    def check(self, value: Any, keys: Sequence[str]) -> None:
        """Raise RowRefused where the answer does not fit the item of these responses."""
        if not self.is_allowed:
            raise RowRefused(("gold", "is for reviewers, leads and admins of the project"))
        if not isinstance(value, dict):
            raise RowRefused(("gold", f"must be an object, is {name_of_type(value)}"))
        only_keys(value, KEYS - {"item"}, "gold")
        try:
            self._known(value, keys)
        except VerdictError as error:
            raise RowRefused((f"gold.{error.field}", str(error))) from None
        except RowRefused as refused:
            inside = [(f"gold.{field}", reason) for field, reason in refused.found]
            raise RowRefused(*inside) from None

    def add(self, line: int, external_id: str, value: Any) -> None:
        text = json.dumps(value, ensure_ascii=False)
        self.spool.add(str(line), escaped(external_id), escaped(text))

    def stage(self, problems: Problems) -> None:
        """Inside the import's transaction: does an item that is there answer otherwise?"""
        self.rubric = current_rubric(self.project)  # another may be in force by now
        with connection.cursor() as cursor:
            cursor.execute(CREATE)
        self.spool.copy()
        for chunk in self._chunks(problems):
            for answer in chunk:
                if answer.problem:
                    problems.add(answer.line, "gold", answer.problem)

    def insert(self, actor, problems: Problems) -> int:
        """Make what is not there yet; how many. The items are held from now on, so that what is
        found right stays right."""
        made = 0
        for chunk in self._chunks(problems, is_held=True):
            for answer in chunk:
                if answer.problem:
                    problems.add(answer.line, "gold", answer.problem)
            new = [(answer.item, answer.known) for answer in chunk if answer.there is None]
            if not problems:
                make_golds(project=self.project, answers=new, actor=actor)
            made += len(new)
        return made

    def _chunks(self, problems: Problems, is_held: bool = False) -> Iterator[list[_Answer]]:
        """What does not fit the rubric any more is a problem of its line."""
        if not self.spool.row_count:
            return
        with connection.cursor() as cursor:
            cursor.execute(JOIN, {"project": self.project.pk})
        after = 0
        while rows := self._rows_after(after):
            after = rows[-1][0]
            items = _items([item for item, _line, _gold in rows], is_held)
            there = GoldItem.objects.in_bulk(list(items), field_name="item_id")
            keys = read_items({pk: item.external_id for pk, item in items.items()}, ())
            chunk = []
            for pk, line, text in rows:
                try:
                    known = self._known(json.loads(text), keys[pk].keys)
                except VerdictError as error:
                    problems.add(line, f"gold.{error.field}", str(error))
                    continue
                chunk.append(_Answer(line, items[pk], known, there.get(pk)))
            yield chunk

    def _rows_after(self, item: int) -> list[tuple[int, int, str]]:
        with connection.cursor() as cursor:
            cursor.execute(CHUNK_OF, {"after": item, "chunk": CHUNK})
            return cursor.fetchall()

    def _known(self, value: dict[str, Any], keys: Sequence[str]) -> Known:
        positions = {key: place for place, key in enumerate(keys, start=1)}
        item = Item(project=self.project, response_count=len(keys))
        return checked(known_answer(value, positions), item=item, rubric=self.rubric)


def _items(ids: Iterable[int], is_held: bool) -> dict[int, Item]:
    found = Item.objects.filter(pk__in=ids).order_by("pk")
    if is_held:
        found = found.select_for_update(no_key=True)
    return {item.pk: item for item in found}
