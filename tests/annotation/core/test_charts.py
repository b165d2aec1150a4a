"""Charts are pictures of numbers: the numbers must be where they are said to be."""

import math
import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.template.loader import render_to_string

from annotation.core.charts.bars import bar_chart, marks_of_days
from annotation.core.charts.heat_maps import CELL_WIDTH, LETTER, ROW_EDGE, ROW_GAP, heat_map
from annotation.core.charts.lines import Series, line_chart
from annotation.core.charts.scales import nice_ticks, short_share
from annotation.core.charts.whiskers import whisker


def line(**changes):
    series = [Series("loss", [(0, 1.0), (5, 0.5), (10, 0.25)])]
    return line_chart(**{"label": "Loss falls", "series": series} | changes)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-1.7, 2.6), (0.69, 0.70), (0, 0), (1e-9, 2e-9), (3, 123456)]
)
def test_ticks_cover_the_range_in_even_round_steps(low, high):
    ticks = nice_ticks(low, high)

    assert ticks[0] <= low <= high <= ticks[-1]
    assert 3 <= len(ticks) <= 8
    steps = [b - a for a, b in zip(ticks, ticks[1:], strict=False)]
    assert max(steps) == pytest.approx(min(steps))


def test_ticks_refuse_what_is_not_finite():
    with pytest.raises(ValueError, match="finite"):
        nice_ticks(0, math.inf)


def test_a_higher_value_is_drawn_higher_and_a_later_one_further_right():
    chart = line()

    points = [tuple(map(float, p.split())) for p in chart.lines[0].path[1:].split("L")]
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted(y for _, y in points)  # SVG: down is larger
    assert points[0][0] == chart.left
    assert points[-1][0] == chart.right


def test_the_table_behind_a_line_holds_every_point_and_interval():
    series = [Series("accuracy", [(0, 0.5), (1, 0.75)], low=[0.4, 0.7], high=[0.6, 0.8])]

    chart = line_chart(label="Rises", series=series, x_name="Week", y_name="Accuracy")

    assert chart.columns == ["Week", "Accuracy", "Interval"]
    assert chart.rows == [["0", "0.5", "0.4 to 0.6"], ["1", "0.75", "0.7 to 0.8"]]
    assert chart.lines[0].area.endswith("Z")


def test_two_lines_share_a_table_and_their_labels_do_not_overlap():
    series = [Series("a", [(0, 1.0), (1, 0.50)]), Series("b", [(0, 0.0), (2, 0.50)])]

    chart = line_chart(label="Two", series=series)

    assert chart.columns == ["Step", "a", "b"]
    assert chart.rows == [["0", "1", "0"], ["1", "0.5", ""], ["2", "", "0.5"]]
    ys = sorted(float(one.end.y) for one in chart.lines)
    assert ys[1] - ys[0] >= 14


def test_a_point_that_is_no_number_is_left_out():
    chart = line(series=[Series("loss", [(0, 1.0), (1, math.nan), (2, math.inf), (3, 0.5)])])

    assert [row[0] for row in chart.rows] == ["0", "3"]


def test_no_point_at_all_says_so_instead_of_drawing():
    chart = line(series=[Series("loss", [(0, math.nan)])])

    assert chart.is_empty
    assert "Nothing to draw" in render_to_string("charts/_line.html", {"chart": chart})


def test_more_than_three_lines_are_refused():
    with pytest.raises(ValueError, match="small multiples"):
        line(series=[Series(str(n), [(0, n)]) for n in range(4)])


def test_an_event_outside_the_drawn_range_is_not_marked():
    chart = line(events=[(5, "best checkpoint"), (99, "later")])

    assert [event.text for event in chart.events] == ["best checkpoint"]


def test_a_whisker_lies_where_its_value_lies():
    view = whisker(0.5, (0.25, 0.75), name="Alpha")

    assert (view.low_x, view.high_x) == ("40.0", "120.0")
    assert view.dot_x == "77.5"  # its middle at 80 of 160
    assert view.label == "Alpha: 0.5, interval 0.25 to 0.75, on a scale from 0 to 1"


def test_a_whisker_without_a_value_gives_the_reason():
    view = whisker(None, name="Gold", reason="needs 20 gold items, has 12")

    assert not view.has_value
    assert view.label == "Gold: none, needs 20 gold items, has 12"


def test_a_negative_value_stays_within_the_picture():
    view = whisker(-0.4, (-0.6, -0.2), name="Tau-b", scale=(-1, 1))

    assert view.label.startswith("Tau-b: −0.4, interval −0.6 to −0.2")
    assert float(view.low_x) < float(view.dot_x) < float(view.high_x)


def test_bars_start_at_zero_and_the_unfinished_one_is_pale():
    chart = bar_chart(label="A day", bars=[("Mon", 10), ("Tue", 5)], last_is_unfinished=True)

    full, half = chart.bars
    assert float(half.height) == pytest.approx(float(full.height) / 2, abs=0.1)
    assert [full.style, half.style] == ["f3", "f0"]
    for bar in chart.bars:
        assert float(bar.y) + float(bar.height) == pytest.approx(chart.bottom, abs=0.1)


def test_darker_needs_attention_and_the_missing_is_only_an_outline():
    chart = heat_map(
        label="Pairs", columns=["a", "b"], rows=[("a", [None, 0.45]), ("b", [0.9, None])]
    )

    cells = [cell for _, row in chart.rows for cell in row]
    assert [cell.style for cell in cells] == ["hn", "h5", "h0", "hn"]
    assert [cell.text for cell in cells] == ["", ".45", ".90", ""]


def test_every_chart_is_an_image_with_its_finding_and_a_table_and_no_inline_style():
    charts = {
        "line": line(limit=(0.6, "target"), usual=(0.3, 0.5, "usual"), events=[(5, "best")]),
        "bars": bar_chart(label="A <day>", bars=[("Mon", 1)], target=(2, "plan 2")),
        "heat": heat_map(label="Pairs", columns=["a"], rows=[("a", [0.6])]),
    }
    for name, chart in charts.items():
        html = render_to_string(f"charts/_{name}.html", {"chart": chart})
        assert 'role="img" aria-label="' in html
        assert "Show as a table" in html
        assert not re.search(r"\sstyle=|\son\w+=|<script|<day>", html)


def test_labels_from_outside_are_escaped():
    chart = line(series=[Series("<img src=x>", [(0, 1.0)])])

    html = render_to_string("charts/_line.html", {"chart": chart})
    assert "<img" not in html
    assert "&lt;img" in html


def test_heads_that_begin_alike_are_told_apart_by_their_ends():
    def heads(*names):
        chart = heat_map(label="Pairs", columns=names, rows=[(name, [None]) for name in names])
        return [head.text for head in chart.columns]

    assert heads("Eleftheria of Athens", "Bo") == ["Eleftheria of…", "Bo"]
    assert heads("a-long-labeler-01", "a-long-labeler-02", "Bo") == [
        "…ng-labeler-01",
        "…ng-labeler-02",
        "Bo",
    ]


@pytest.mark.parametrize("count", [2, 15, 40])
def test_long_heads_are_turned_and_never_touch(count):
    names = [f"Wilhelmine-Wanda-{n:02}" for n in range(count)]
    chart = heat_map(label="Pairs", columns=names, rows=[(name, [0.5] * count) for name in names])

    assert [head.name for head in chart.columns] == names
    # At 45 degrees parallel lines lie sin(45°) of their columns' distance apart.
    xs = [float(head.x) for head in chart.columns]
    assert all(math.sin(math.pi / 4) * (b - a) > 16 for a, b in pairwise(xs))
    # A letter of 12 px is 8.5 px wide at most on the average: all of it is inside the picture.
    reach = 8.5 * max(len(head.text) for head in chart.columns) * math.sin(math.pi / 4)
    assert all(float(head.x) + reach <= chart.width for head in chart.columns)
    assert all(float(head.y) - reach >= 0 for head in chart.columns)
    svg = render_to_string("charts/_heat.html", {"chart": chart})
    assert svg.count('transform="rotate(-45 ') == count
    assert names[0] in svg, "whole in the table"


def test_short_heads_stay_level():
    chart = heat_map(label="Places", columns=["1", "2", "bad"], rows=[("A", [1.0, 2.0, None])])

    assert not any(head.turn for head in chart.columns)
    assert chart.width == ROW_EDGE + ROW_GAP + LETTER + 3 * CELL_WIDTH


def test_days_below_bars_name_their_month_once():
    days = [date(2026, 10, 30) + timedelta(days=n) for n in range(16)]
    drawn = marks_of_days(days)[::2]
    assert drawn == ["30 Oct", "1 Nov", "3", "5", "7", "9", "11", "13"]
    assert marks_of_days([]) == []
    chart = bar_chart(label="x", bars=[(str(day), 1.0) for day in days], marks=marks_of_days(days))
    assert [bar.label.text for bar in chart.bars if bar.label] == drawn
    assert chart.bars[2].name == "2026-11-01"


def test_a_rows_name_has_room_and_stands_whole_in_the_table():
    """However long it is, it begins inside the picture."""
    long = "the labeler of the second company, number 7"
    chart = heat_map(label="Pairs", columns=["a"], rows=[("demo-suspended", [0.5]), (long, [0.5])])
    for head, _cells in chart.rows:
        assert float(head.x) >= LETTER * len(head.text)
    drawn, table = render_to_string("charts/_heat.html", {"chart": chart}).split("</svg>")
    assert "demo-suspended" in drawn
    assert long not in drawn
    assert long in table


def test_a_narrow_cell_has_no_negative_zero():
    assert [short_share(value) for value in (-0.004, 0.62, -0.62, 1.0)] == [
        *(".00", ".62", "−.62", "1.00"),
    ]


def test_names_below_a_line_stay_inside_its_ends_and_every_second_one_gives_way():
    days = [f"{n} Oct" for n in range(8)]
    chart = line_chart(
        label="", series=[Series("a", [(n, 1.0 + n) for n in range(8)])], x_labels=days
    )
    assert [mark.style for mark in chart.x_ticks] == [
        "", "mid alt", "mid", "mid alt", "mid", "mid alt", "mid", "rt alt",
    ]  # fmt: skip
    few = line_chart(label="", series=[Series("a", [(0, 1.0), (1, 2.0)])], x_labels=days[:2])
    assert [mark.style for mark in few.x_ticks] == ["", "rt"]


def test_whole_counts_have_whole_numbers_beside_them():
    def ticks(*values):
        chart = bar_chart(label="", bars=[(str(n), value) for n, value in enumerate(values)])
        return [tick.text for tick in chart.y_ticks]

    assert ticks(0.0, 0.0) == ["1"]
    assert ticks(0.0, 1.0) == ["1"]
    assert ticks(0.0, 0.5) == ["0.5", "1"]


def test_no_two_ticks_are_called_the_same():
    noise = [Series("loss", [(0, 1.000021), (1, 1.000023), (2, 1.000024), (3, 1.000022)])]
    chart = line_chart(label="l", series=noise)
    texts = [tick.text for tick in chart.y_ticks]
    assert len(set(texts)) == len(texts) > 2
    assert all(len(text) <= 6 for text in texts), "no more digits than there is room for"

    narrow = line_chart(label="l", series=[Series("loss", [(0, 12.345), (1, 12.3461)])])
    texts = [tick.text for tick in narrow.y_ticks]
    assert len(set(texts)) == len(texts)


def test_there_is_no_half_of_a_step():
    chart = line_chart(label="l", series=[Series("loss", [(1, 2.0), (2, 1.0)])])
    assert [tick.text for tick in chart.x_ticks] == ["1", "2"]
