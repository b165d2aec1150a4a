"""A strip of who was ranked first how often: geometry only, the markup is in its template."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

WIDTH, GAP = 150.0, 1.5
NARROWEST_WITH_TEXT = 20.0


@dataclass(frozen=True)
class Segment:
    x: str
    width: str
    middle: str
    text: str


@dataclass(frozen=True)
class Strip:
    label: str
    segments: list[Segment]
    width: int = int(WIDTH)


def first_places(counts: list[int], labels: list[str]) -> Strip:
    """Counts by response position; responses that were never first have no segment."""
    return outcomes(list(zip(labels, counts, strict=False)), _("First places"))


def outcomes(named: list[tuple[str, int]], title: str) -> Strip:
    """(name, count), in the order drawn; what never happened has no segment."""
    shown = [(name, count) for name, count in named if count]
    total = sum(count for _name, count in shown)
    segments, x = [], 0.0
    for name, count in shown:
        width = (WIDTH - GAP * (len(shown) - 1)) * count / total
        text = f"{name} {count}" if width >= NARROWEST_WITH_TEXT else ""
        segments.append(Segment(f"{x:.1f}", f"{width:.1f}", f"{x + width / 2:.1f}", text))
        x += width + GAP
    places = ", ".join(f"{name} {count}" for name, count in named)
    return Strip(f"{title}: {places}", segments)
