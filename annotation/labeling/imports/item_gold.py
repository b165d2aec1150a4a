"""Known answers that come in with their items: `"gold"` of a line, of which docs/gold.md tells.

A line's answer is checked while it is read, kept as it is written until the items are there, and
made by the same service as every other one. An item that is there already may be given its answer
later; another answer than the one it has is refused.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection

from annotation.labeling.exports.reading import read_items
from annotation.labeling.gold.files import KEYS, known_answer
from annotation.labeling.gold.making import Known, checked, make_gold
from annotation.labeling.imports.fields import only_keys
from annotation.labeling.imports.problems import Problems, RowRefused, name_of_type
from annotation.labeling.imports.staging import Spool, escaped
from annotation.labeling.models import GoldItem, Item
from annotation.labeling.verdict import VerdictError
from annotation.projects.permissions import may

CHUNK = 500
CREATE = """
DROP TABLE IF EXISTS pg_temp.staged_gold;
CREATE TEMPORARY TABLE staged_gold (line bigint, external_id text, gold text) ON COMMIT DROP;
"""
# The items that are there by now: before the insert those of other files.
ANSWERS = """
SELECT staged.line, item.id, staged.gold FROM staged_gold AS staged
  JOIN labeling_item AS item
    ON item.project_id = %(project)s AND item.external_id = staged.external_id
 WHERE staged.line > %(line)s ORDER BY staged.line LIMIT %(chunk)s
"""


class _Answer(NamedTuple):
    """The answer of a line, its item, and the known answer that the item has by now."""

    line: int
    item: Item
    known: Known
    gold: GoldItem | None

    @property
    def is_the_one_there(self) -> bool:
        return all(
            getattr(self.gold, name) == value for name, value in self.known.as_columns().items()
        )


class GoldRows:
    """The known answers of one file. `actor` is None for the command, who may everything."""

    def __init__(self, project, actor) -> None:
        self.project = project
        self.is_allowed = actor is None or may(actor, "review", project)
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
        with connection.cursor() as cursor:
            cursor.execute(CREATE)
        self.spool.copy()
        for answer in self._answers():
            if answer.item.state == Item.State.WITHDRAWN:
                problems.add(answer.line, "gold", "the item was withdrawn: nobody is lent it")
            elif answer.gold and not answer.is_the_one_there:
                problems.add(answer.line, "gold", "the item has another known answer already")

    def insert(self, actor) -> int:
        """Make what is not there yet; how many."""
        made = 0
        for answer in self._answers():
            if answer.gold is None:
                make_gold(item=answer.item, actor=actor, known=answer.known)
                made += 1
        return made

    def _answers(self) -> Iterator[_Answer]:
        line = 0
        while rows := self._chunk(line):
            items = Item.objects.in_bulk([item for _line, item, _gold in rows])
            gold = GoldItem.objects.in_bulk(list(items), field_name="item_id")
            keys = read_items({pk: item.external_id for pk, item in items.items()}, ())
            for line, pk, text in rows:  # noqa: B007  the last one is where the next chunk begins
                known = self._known(json.loads(text), keys[pk].keys)
                yield _Answer(line, items[pk], known, gold.get(pk))

    def _chunk(self, line: int) -> list[tuple[int, int, str]]:
        values = {"project": self.project.pk, "line": line, "chunk": CHUNK}
        with connection.cursor() as cursor:
            cursor.execute(ANSWERS, values)
            return cursor.fetchall()

    def _known(self, value: dict[str, Any], keys: Sequence[str]) -> Known:
        positions = {key: place for place, key in enumerate(keys, start=1)}
        item = Item(project=self.project, response_count=len(keys))
        return checked(known_answer(value, positions), item=item)
