"""What an item must be like to belong to a slice: a small language of fields, operators and
values. Neither a field nor a value ever becomes a path of the ORM or a piece of SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, JSONField, Q, TextField, Value
from django.db.models.expressions import Func
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThanOrEqual, IContains, In, LessThanOrEqual
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core.errors import DomainError
from annotation.core.text import clean

OPERATORS = {
    "is": gettext_lazy("is one of"),
    "is_not": gettext_lazy("is none of"),
    "contains": gettext_lazy("contains"),
    "at_least": gettext_lazy("is at least"),
    "at_most": gettext_lazy("is at most"),
}
NUMERIC = ("at_least", "at_most")
# Fields that are not metadata.
BATCH, WARNING = "@batch", "@warning"
MOST_CONDITIONS = 4
MOST_VALUES = 50
# jsonb puts null, texts, numbers, booleans, arrays and objects in this order, so bounds on both
# sides leave nothing but numbers.
SMALLEST, LARGEST = -1e300, 1e300


class ConditionError(DomainError):
    """What is wrong with a condition, and with which one, counted from 1."""

    def __init__(self, message: str, *, place: int):
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Condition:
    """One thing that an item's field must be."""

    field: str
    operator: str
    values: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {"field": self.field, "operator": self.operator, "values": list(self.values)}

    @property
    def text(self) -> str:
        """In words, as a lead reads it."""
        names = {BATCH: _("Batch"), WARNING: _("Warning")}
        return " ".join(
            (
                names.get(self.field, self.field),
                str(OPERATORS[self.operator]),
                ", ".join(self.values),
            )
        )


def read_conditions(
    rows: Iterable[Mapping[str, Any]], *, fields: Iterable[str]
) -> list[Condition]:
    """Checked conditions of rows with `field`, `operator` and `values`. ConditionError names the
    one that is wrong."""
    known, found = set(fields), []
    for place, row in enumerate(rows, start=1):
        found.append(_read(row, known, place))
    if not found:
        raise ConditionError(_("A slice needs at least one condition."), place=1)
    if len(found) > MOST_CONDITIONS:
        raise ConditionError(
            _("A slice has at most %(most)d conditions.") % {"most": MOST_CONDITIONS},
            place=MOST_CONDITIONS + 1,
        )
    return found


def _read(row, known, place) -> Condition:
    def wrong(message):
        return ConditionError(
            _("Condition %(place)d: %(message)s") % {"place": place, "message": message},
            place=place,
        )

    field, operator = row.get("field"), row.get("operator")
    if field not in known:
        raise wrong(_("choose a field that items here have."))
    if operator not in OPERATORS:
        raise wrong(_("choose how the field is compared."))
    values = tuple(dict.fromkeys(clean(one, field="values").strip() for one in row["values"]))
    values = tuple(value for value in values if value)
    if not values:
        raise wrong(_("say with what it is compared."))
    if len(values) > MOST_VALUES:
        raise wrong(_("at most %(most)d values fit.") % {"most": MOST_VALUES})
    if operator in NUMERIC:
        if field in (BATCH, WARNING):
            raise wrong(_("batches and warnings have no size."))
        if len(values) != 1 or number_of(values[0]) is None:
            raise wrong(_("“%(value)s” is not a number.") % {"value": ", ".join(values)[:60]})
    if operator == "contains" and len(values) != 1:
        raise wrong(_("“contains” takes one value."))
    return Condition(field, operator, values)


def number_of(text: str) -> float | None:
    """A finite number that is no trick of spelling, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if SMALLEST < number < LARGEST else None


def written(conditions: Iterable[Mapping[str, Any]]) -> list[Condition]:
    """Conditions as a row keeps them: they were checked when they were saved."""
    return [Condition(one["field"], one["operator"], tuple(one["values"])) for one in conditions]


def items_meeting(conditions: Iterable[Condition]) -> Q:
    """Of items: those for which every condition holds."""
    meeting = Q()
    for condition in conditions:
        meeting &= Q(_lookup(condition))
    return meeting


def _lookup(condition: Condition):
    if condition.field == WARNING:
        wanted = Q(warnings__overlap=list(condition.values))
        return ~wanted if condition.operator == "is_not" else wanted
    if condition.operator in NUMERIC:
        return _number(condition)
    text: Any = F("batch")
    if condition.field != BATCH:
        text = KeyTextTransform(condition.field, "metadata")
    text = Coalesce(text, Value(""), output_field=TextField())
    if condition.operator == "contains":
        return _contains(condition, text)
    chosen = In(text, list(condition.values))
    return ~Q(chosen) if condition.operator == "is_not" else chosen


def _number(condition: Condition):
    value = KeyTransform(condition.field, "metadata")
    bound = number_of(condition.values[0])
    low, high = (bound, LARGEST) if condition.operator == "at_least" else (SMALLEST, bound)
    return Q(GreaterThanOrEqual(value, Value(low, JSONField()))) & Q(
        LessThanOrEqual(value, Value(high, JSONField()))
    )


class _Holds(Func):
    """`array @> value`: is it among the array's elements?"""

    template = "(%(expressions)s)"
    arg_joiner = " @> "


def _contains(condition: Condition, text):
    """An element of a list, or a part of a text."""
    part = condition.values[0]
    if condition.field == BATCH:
        return IContains(text, part)
    value = KeyTransform(condition.field, "metadata")
    kind = Func(value, function="jsonb_typeof", output_field=TextField())
    among = Exact(_Holds(value, Value(part, JSONField()), output_field=JSONField()), Value(True))
    return (Q(Exact(kind, Value("array"))) & Q(among)) | (
        Q(Exact(kind, Value("string"))) & Q(IContains(text, part))
    )
