"""Numbers in the reader's language, and the look for those that only machines read."""

import pytest
from django.utils import translation

from annotation.core.charts import heat_maps, lines, whiskers
from annotation.core.charts.lines import Series
from annotation.core.numbers import grouped, localised
from tests.annotation.core.machine_numbers import comma_numbers


@pytest.mark.parametrize(
    ("language", "written"), [("en", "−1,234.5"), ("de", "−1.234,5"), (None, "−1,234.5")]
)
def test_a_number_has_the_separators_of_the_language(language, written):
    with translation.override(language):
        assert localised("−1,234.5") == written


@pytest.mark.parametrize(("language", "written"), [("en", "1,234,567"), ("de", "1.234.567")])
def test_a_count_is_grouped_as_the_language_does(language, written):
    with translation.override(language):
        assert grouped(1234567) == written


@pytest.mark.parametrize(
    "html",
    [
        '<svg viewBox="0 0 1 1"><g><rect x="12,5"/></g></svg>',
        '<svg><path d="M1,5 2"></path></svg>',
        '<input type="hidden" name="share" value="0,5">',
        '<input type="number" value="0,5">',
        '<progress value="0,5" max="3"></progress>',
        '<i data-seconds="1,5"></i>',
        '<a href="?share=0,5">',
    ],
)
def test_a_comma_that_a_machine_would_meet_is_found(html):
    assert comma_numbers(html)
    assert not comma_numbers(html.replace(",", "."))


def test_what_people_read_may_have_a_comma():
    shown = '<svg aria-label="0,5 bis 0,7"><text x="1.5">0,5</text></svg>0,5'

    assert comma_numbers(shown) == []


def test_a_chart_has_commas_for_people_and_points_for_the_browser():
    with translation.override("de"):
        series = [Series("loss", [(0, 1.5), (1, 0.25)], low=[1.0, 0.125], high=[2.0, 0.5])]
        line = lines.line_chart(label="Loss", series=series)
        dot = whiskers.whisker(0.625, (0.5, 0.75), name="Accuracy")
        grid = heat_maps.heat_map(label="Kappa", columns=["a"], rows=[("a", [0.625])])

    assert line.rows[1][1] == "0,25"
    assert "0,125" in line.rows[1][2]
    assert "," not in line.lines[0].path + line.lines[0].area + dot.dot_x
    assert "0,625" in dot.label
    assert grid.rows[0][1][0].text == ",62"
