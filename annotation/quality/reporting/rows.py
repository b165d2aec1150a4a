"""The rows of figures in a report, and how they are found in the result of any analysis."""

from collections.abc import Iterator
from dataclasses import dataclass

from annotation.core.numbers import grouped
from annotation.quality.signals.wording import SIGNAL_REASONS
from annotation.quality.wording import REASONS, format_interval, format_value

MOST_ROWS = 80
# By what an entry of a list is called, if it says so; never a person.
NAMES = ("name", "label", "title", "key", "criterion", "kind")


@dataclass(frozen=True)
class SummaryRow:
    """A figure with its interval and what it rests on, or the reason why there is none. A count
    is shown without digits after the point."""

    name: str
    value: float | None
    ci: tuple[float, float] | None = None
    n: int | None = None
    reason: str | None = None
    is_count: bool = False

    @property
    def text(self) -> str:
        if self.value is not None and self.is_count:
            return grouped(int(self.value))
        return format_value(self.value)

    @property
    def interval(self) -> str:
        return format_interval(list(self.ci)) if self.ci else ""

    @property
    def count(self) -> str:
        return "" if self.n is None else grouped(self.n)

    @property
    def why(self) -> str:
        if self.reason is None:
            return ""
        return str(REASONS.get(self.reason) or SIGNAL_REASONS.get(self.reason) or self.reason)

    def as_json(self) -> dict:
        return {
            "name": self.name,
            "value": self.value,
            "ci": list(self.ci) if self.ci else None,
            "n": self.n,
            "reason": self.reason,
        }


def row_of(name: str, estimate: dict) -> SummaryRow:
    ci = estimate.get("ci")
    return SummaryRow(
        name=str(name),
        value=estimate["value"],
        ci=tuple(ci) if ci else None,
        n=estimate.get("n_pairable", estimate.get("n")),
        reason=estimate.get("reason"),
    )


def list_estimates(result: dict) -> list[SummaryRow]:
    """Every figure of a result, named by where it stands: for analyses without a summary of their
    own. What is said of single labelers stays out."""
    return [row_of(name, estimate) for name, estimate in _walk(result, ())]


def _walk(value, path: tuple[str, ...]) -> Iterator[tuple[str, dict]]:
    if isinstance(value, list):
        for place, one in enumerate(value, start=1):
            yield from _walk(one, (*path, _name_of(one, place)))
    elif isinstance(value, dict) and "labeler" not in value and "handle" not in value:
        if "value" in value and ("reason" in value or "ci" in value):
            if isinstance(value["value"], str):
                return  # a facet's value, which is a word
            yield " · ".join(path), value
            return
        for key, one in value.items():
            yield from _walk(one, (*path, key.replace("_", " ")))


def _name_of(one, place: int) -> str:
    if isinstance(one, dict):
        for key in NAMES:
            if isinstance(one.get(key), str):
                return one[key]
    return str(place)
