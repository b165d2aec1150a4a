"""Values in a grid, darker where somebody should look."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.core.charts.scales import Number, short_share


@dataclass
class Cell:
    x: int
    y: int
    text: str
    style: str
    text_style: str


@dataclass
class Head:
    """The name of a column or a row: whole for the table, and as it is drawn; a column's is turned
    where it is long."""

    name: str
    text: str
    x: str
    y: str
    turn: str = ""


@dataclass
class HeatMap:
    label: str
    columns: list[Head]
    rows: list[tuple[Head, list[Cell]]]
    width: int
    height: int


CELL_WIDTH, CELL_HEIGHT, HEAT_TOP = 44, 30, 26
# Names of rows: so many characters, each so wide at most; and the gap to the cells.
ROW_HEAD, LETTER, ROW_GAP = 22, 7, 6
ROW_EDGE = 6  # a name of few wide letters reaches beyond its count
# Heads of four characters fit their columns. Where one is longer all are turned: lines at 45
# degrees are 31 px apart, however many there are and however long. A letter reaches 6 px then.
LEVEL_HEAD, TURNED_HEAD, TURNED_REACH = 4, 14, 6


def heat_map(
    *,
    label: str,
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[float | None]]],
    steps: Sequence[float] = (0.5, 0.55, 0.6, 0.65, 0.7),
    low_needs_attention: bool = True,
    missing: str = "",
    number: Number = short_share,
) -> HeatMap:
    """Values in a grid; darker = needs attention. `steps` are five rising bounds between six
    shades; None draws an outline with the word `missing` (such as n<10)."""
    if len(steps) != 5 or list(steps) != sorted(steps):
        raise ValueError("a heat map has five rising steps")
    shown = _short(columns)
    longest = max(map(len, shown), default=0)
    is_turned = longest > LEVEL_HEAD
    reach = 10 + TURNED_REACH * longest if is_turned else 0
    top = max(HEAT_TOP, reach)
    names = _short([name for name, _values in rows], ROW_HEAD)
    left = ROW_EDGE + ROW_GAP + LETTER * max(map(len, names), default=0)
    drawn = []
    for r, (name, values) in enumerate(rows):
        y = top + r * CELL_HEIGHT
        cells = []
        for c, value in enumerate(values):
            x = left + c * CELL_WIDTH
            if value is None:
                cells.append(Cell(x, y, missing if r != c else "", "hn", ""))
                continue
            shade = sum(value >= step for step in steps)
            shade = 5 - shade if low_needs_attention else shade
            ink = "inv" if shade >= 4 else "on"
            cells.append(Cell(x, y, number(value), f"h{shade}", ink))
        drawn.append((Head(name, names[r], str(left - ROW_GAP), str(y + 19)), cells))
    heads = [
        _head(name, text, left + c * CELL_WIDTH + 21, top, is_turned)
        for c, (name, text) in enumerate(zip(columns, shown, strict=True))
    ]
    return HeatMap(
        label,
        heads,
        drawn,
        left + CELL_WIDTH * len(columns) + reach,
        top + CELL_HEIGHT * len(rows),
    )


def _head(name: str, text: str, x: int, top: int, is_turned: bool) -> Head:
    if not is_turned:
        return Head(name, text, str(x), str(top - 10))
    return Head(name, text, str(x), str(top - 8), f"rotate(-45 {x} {top - 8})")


def _short(texts: Sequence[str], most: int = TURNED_HEAD) -> list[str]:
    """At most so many characters each: the beginnings, or where those are alike (the labelers
    number 01 and 02 of one company) the ends."""
    starts = [text if len(text) <= most else text[: most - 1] + "…" for text in texts]
    if len(set(starts)) == len(set(texts)):
        return starts
    return [text if len(text) <= most else "…" + text[1 - most :] for text in texts]
