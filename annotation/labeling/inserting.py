"""A judgment, its event and the end of its assignment by one statement written once.

Three inserts and updates composed by the ORM cost several times what running them does, and this
is done for every judgment there is.
"""

from functools import cache

from django.db import connection

from annotation.core import audit
from annotation.core.prepared import Prepared
from annotation.labeling.models import Judgment

STATEMENT = """
WITH judged AS (
  INSERT INTO labeling_judgment (<columns>) VALUES (<values>) RETURNING id
), told AS (
  <event>
), ended AS (
  UPDATE labeling_assignment SET state = %(ended_as)s, over_at = clock_timestamp(), draft = '{}'
   WHERE id = %(ended)s
)
SELECT id FROM judged
"""


def insert_judgment(judgment: Judgment, *, event: str, ended_as: str = "") -> None:
    """Insert a new judgment and its event, and end its assignment where `ended_as` says how."""
    values = {
        field.column: field.get_db_prep_save(getattr(judgment, field.attname), connection)
        for field in _fields()
    }
    values |= audit.values(
        event,
        actor=judgment.labeler,
        project=judgment.project,
        item=judgment.item_id,
        surplus=judgment.is_surplus,
    )
    values |= {"ended": judgment.assignment_id if ended_as else None, "ended_as": ended_as}
    (judgment.pk,) = _statement().row(values)
    judgment._state.adding, judgment._state.db = False, connection.alias


@cache
def _fields() -> list:
    return [
        field
        for field in Judgment._meta.concrete_fields
        if not (field.primary_key or field.generated)
    ]


@cache
def _statement() -> Prepared:
    fields = _fields()
    return Prepared(
        STATEMENT.replace("<columns>", ", ".join(f'"{field.column}"' for field in fields))
        .replace(
            "<values>",
            ", ".join(f"%({field.column})s::{field.db_type(connection)}" for field in fields),
        )
        .replace("<event>", audit.insert_from("judged", target="'judgment:' || judged.id"))
    )
