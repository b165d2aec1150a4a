"""What is printed of an analysis: its finding, and tables of figures as text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from annotation.core.numbers import grouped
from annotation.quality.wording import REASONS, format_interval, format_value

# A printed table ends here and says how many more there are: the JSON has them all.
MOST_ROWS = 25
# By what an entry of a list is called, if it says so; never a person.
NAMES = ("name", "label", "title", "key", "criterion", "kind", "value")

Reasons = Mapping[str, str | Promise]


@dataclass(frozen=True)
class Row:
    """A figure with its interval and what it rests on; note: why there is none, or how to take
    it."""

    name: str
    value: str = ""
    interval: str = ""
    n: str = ""
    note: str = ""


def _but_name(row: Row) -> Row:
    return replace(row, name="")


@dataclass(frozen=True)
class Table:
    """value, interval, n: what stands above these columns; a column without a head is left out."""

    title: str
    head: str
    rows: list[Row]
    value: str
    n: str
    interval: str
    note: str = ""

    @classmethod
    def of(
        cls,
        title: str,
        head: str,
        rows: list[Row],
        *,
        n: str,
        value: str = "",
        interval: str | None = None,
        note: str = "",
    ) -> "Table":
        """With what most tables have for heads."""
        return cls(
            title,
            head,
            rows,
            value or _("Value"),
            n,
            _("95 % interval") if interval is None else interval,
            note,
        )

    @property
    def shown(self) -> list[Row]:
        return self._folded[:MOST_ROWS]

    @property
    def more(self) -> int:
        return max(0, len(self._folded) - MOST_ROWS)

    @cached_property
    def _folded(self) -> list[Row]:
        """Figures that are missing for one reason are one line: a page of “none” says nothing."""
        folded: list[Row] = []
        for row in self.rows:
            last = folded[-1] if folded else None
            is_more = last and not last.interval and row.note and _but_name(last) == _but_name(row)
            if last and is_more and row.value == _("none"):
                folded[-1] = replace(last, name=f"{last.name}; {row.name}")
            else:
                folded.append(row)
        return folded


@dataclass(frozen=True)
class Summary:
    """finding: the one sentence; said: what else is to be known, a paragraph each."""

    finding: str
    tables: list[Table]
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What a result has ids for: handles by user id, where a lead asked for them and empty
    otherwise, and items by their id in the import file."""

    handles: Mapping[int, str]
    items: Mapping[int, str]


def row_of(name: str | Promise, estimate: Mapping, reasons: Reasons = REASONS) -> Row:
    """reasons: those of the analysis, for one word may mean another thing elsewhere."""
    n = estimate.get("n_pairable", estimate.get("n"))
    reason = estimate.get("reason")
    return Row(
        name=str(name),
        value=format_value(estimate["value"]),
        interval=format_interval(estimate.get("ci")),
        n="" if n is None else grouped(n),
        note="" if reason is None else str(reasons.get(reason, reason)),
    )


def list_estimates(result: Mapping) -> list[Row]:
    """Every figure of a result, named by where it stands: for an analysis that nobody has written
    a summary for yet. What is said of single labelers stays out."""
    return [row_of(name, estimate) for name, estimate in _walk(result, ())]


def _walk(value, path: tuple[str, ...]) -> Iterator[tuple[str, Mapping]]:
    if isinstance(value, list):
        for place, one in enumerate(value, start=1):
            yield from _walk(one, (*path, _name_of(one, place)))
    elif isinstance(value, Mapping) and "labeler" not in value and "handle" not in value:
        # A facet's value is a word; the figures are inside.
        if not isinstance(value.get("value"), str) and _is_estimate(value):
            yield " · ".join(path), value
            return
        for key, one in value.items():
            yield from _walk(one, (*path, key.replace("_", " ")))


def _is_estimate(value: Mapping) -> bool:
    return "value" in value and ("reason" in value or "ci" in value)


def _name_of(one, place: int) -> str:
    if isinstance(one, Mapping):
        for key in NAMES:
            if isinstance(one.get(key), str):
                return one[key]
    return str(place)
