"""Style measured, and held equal."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.quality.stats.outcomes import compare_generators
from annotation.quality.stats.style import Style, measure_style, style_differences
from annotation.quality.stats.style_control import (
    length_controlled_win_rate,
    style_controlled_abilities,
)

MARKDOWN = """# Title

Some **bold** and __also bold__, but not 2**3 or `**code**`.

- one
* two
  1. three
2) four

```python
# no header
- no list
x = "**no bold**"
```

### Second
Ends.
"""


def test_form_is_counted_outside_of_code():
    style = measure_style(MARKDOWN)
    assert (style.headers, style.lists, style.bold, style.code) == (2, 4, 2, 1)
    assert style.length == len(MARKDOWN.strip())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Style(0, 0, 0, 0, 0)),
        ("#hashtag", Style(8, 0, 0, 0, 0)),
        ("-5 degrees", Style(10, 0, 0, 0, 0)),
        ("a __init__ b", Style(12, 0, 0, 1, 0)),
        ("some_snake__case__name", Style(22, 0, 0, 0, 0)),
        ("```\nnever closed\n# x", Style(20, 0, 0, 0, 1)),
    ],
)
def test_edges_of_markdown(text, expected):
    assert measure_style(text) == expected


@given(st.text(alphabet="#*_-`~ \n1.ab", max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_style(text):
    style = measure_style(text)
    assert min(style.headers, style.lists, style.bold, style.code) >= 0
    assert style.length <= len(text)


def test_turning_the_sides_round_turns_the_sign():
    styles = [Style(100, 1, 0, 2, 0), Style(50, 0, 3, 0, 0), Style(70, 2, 1, 0, 0)]
    others = [Style(10, 0, 0, 0, 0), Style(50, 0, 1, 4, 0), Style(90, 0, 1, 1, 0)]
    table, names = style_differences(styles, others)
    assert names == ("length", "headers", "lists", "bold")  # code never differs
    assert (table**2).mean(axis=0) == pytest.approx(np.ones(4))
    assert style_differences(others, styles)[0] == pytest.approx(-table)
    assert style_differences(styles, styles)[1] == ()


def crowd(rng, n, taste):
    """Four generators of ability 0 .3 .6 .9, the least able of which writes the longest; labelers
    whose log odds rise by `taste` for each log of length."""
    first = rng.integers(0, 4, n)
    second = (first + rng.integers(1, 4, n)) % 4
    lengths = [np.exp(rng.normal(5 - 0.4 * side, 0.5)) for side in (first, second)]
    d = 0.3 * (first - second) + taste * (np.log1p(lengths[0]) - np.log1p(lengths[1]))
    won = rng.random(n) < 1 / (1 + np.exp(-d))
    styles = [[Style(int(x), 0, 0, 0, 0) for x in side] for side in lengths]
    return compare_generators(first, second, np.where(won, 0, 2), 4), *styles


def test_a_taste_for_length_is_taken_out():
    games, first, second = crowd(np.random.default_rng(1), 8000, 1.2)
    control = style_controlled_abilities(games, first, second, reference=0, position=True)
    assert control.plain.ability[3] < 0  # the most able one looks the worst
    expected = np.array([0, 0.3, 0.6, 0.9])
    off = np.abs(control.controlled.ability - expected)[1:]
    assert (off < 4 * control.controlled.errors[1:]).all()
    effects = {e.name: e for e in control.controlled.effects}
    spread = np.sqrt(
        np.mean(
            [
                (np.log1p(a.length) - np.log1p(b.length)) ** 2
                for a, b in zip(first, second, strict=True)
            ]
        )
    )
    assert effects["length"].value == pytest.approx(1.2 * spread, abs=4 * effects["length"].error)
    assert effects["position"].value == pytest.approx(0, abs=4 * effects["position"].error)
    assert control.shift[3] < 0
    json.dumps(control.as_json(), allow_nan=False)


def test_style_that_never_differs_changes_nothing():
    games, _, _ = crowd(np.random.default_rng(2), 500, 0)
    same = [Style(9, 0, 0, 0, 0)] * 500
    control = style_controlled_abilities(games, same, same)
    assert control.controlled.ability == pytest.approx(control.plain.ability)
    assert control.controlled.effects == ()


def test_a_win_rate_at_equal_length():
    rng = np.random.default_rng(3)
    length, baseline = np.exp(rng.normal(6, 0.5, 4000)), np.exp(rng.normal(5, 0.5, 4000))
    difference = length - baseline
    # As good as the baseline; labelers like what is longer.
    d = 1.5 * np.tanh(difference / difference.std())
    outcome = np.where(rng.random(4000) < 1 / (1 + np.exp(-d)), 0, 2)
    rate = length_controlled_win_rate(outcome, length, baseline)
    assert rate.raw > 0.6
    assert rate.ci[0] < 0.5 < rate.ci[1]
    assert rate.length_effect == pytest.approx(1.5, abs=0.3)
    turned = length_controlled_win_rate(2 - outcome, baseline, length)
    assert turned.value == pytest.approx(1 - rate.value)


def test_equal_lengths_leave_the_plain_rate():
    outcome = [0] * 15 + [1] * 10 + [2] * 5
    rate = length_controlled_win_rate(outcome, [5] * 30, [5] * 30)
    assert rate.value == pytest.approx(20 / 30)
    assert rate.raw == pytest.approx(20 / 30)
    assert rate.length_effect is None


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [([], "no_data"), ([0, 2] * 9, "too_few"), ([0] * 40, "not_identified")],
)
def test_no_rate_without_its_reason(outcome, reason):
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, 100, (2, len(outcome)))
    rate = length_controlled_win_rate(outcome, *lengths)
    assert (rate.value, rate.reason, rate.ci) == (None, reason, None)
    json.dumps(rate.as_json(), allow_nan=False)


def test_length_that_explains_everything_leaves_no_rate():
    length = np.arange(1, 41)
    outcome = np.where(length > 20, 0, 2)
    assert length_controlled_win_rate(outcome, length, [20.5] * 40).reason == "not_identified"
