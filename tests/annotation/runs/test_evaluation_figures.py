"""What a comparison says: from outcomes to win rate, interval, test and slices. Pure."""

from datetime import UTC, datetime, timedelta

import pytest

from annotation.runs.evaluation.figures import Outcome, figures_of, majority

START = datetime(2026, 3, 1, tzinfo=UTC)


def outcomes(*values, **more):
    return [
        Outcome(prompt=n, value=value, at=START + timedelta(minutes=n), **more)
        for n, value in enumerate(values)
    ]


def test_the_majority_decides_and_a_draw_is_even():
    assert [majority(votes) for votes in ([1, 1, -1], [-1, 0], [1, -1], [0], [])] == [
        1.0,
        0.0,
        0.5,
        0.5,
        0.5,
    ]


def test_a_tie_counts_half_and_what_is_not_complete_not_at_all():
    found = figures_of(outcomes(1.0, 1.0, 0.5, 0.0, None), seed=1)
    assert (found["prompts"], found["complete"]) == (5, 4)
    assert (found["wins"], found["ties"], found["losses"]) == (2, 1, 1)
    assert found["win_rate"]["value"] == 0.625
    assert found["win_rate"]["low"] < 0.625 < found["win_rate"]["high"]


def test_a_prompt_counts_when_all_its_pairs_do_and_as_their_mean():
    rows = [Outcome(1, 1.0), Outcome(1, 0.0), Outcome(2, 1.0), Outcome(2, None), Outcome(3, 1.0)]
    found = figures_of(rows, seed=1)
    assert (found["prompts"], found["complete"], found["win_rate"]["n"]) == (3, 2, 2)
    assert found["win_rate"]["value"] == 0.75


def test_nothing_complete_says_nothing():
    found = figures_of(outcomes(None, None), seed=1)
    assert found["win_rate"]["value"] is None
    assert found["sequential"]["finding"] == "undecided"
    assert found["sequential"]["path"] == []
    assert found["at_equal_length"]["reason"] == "no_data"


def test_all_won_has_an_interval_below_one():
    rate = figures_of(outcomes(*[1.0] * 30), seed=1)["win_rate"]
    assert (rate["value"], rate["high"]) == (1.0, 1.0)
    assert rate["low"] == pytest.approx(0.8865, abs=1e-3)  # Wilson's of 30 of 30


def test_the_test_goes_in_the_order_of_completion():
    """First 20 losses, then 60 wins, told in another order: it had refuted even chances before."""
    rows = outcomes(*[0.0] * 20, *[1.0] * 60)
    found = figures_of(list(reversed(rows)), seed=1)["sequential"]
    assert found["decided_at"] < 20
    assert found["finding"] == "worse"
    assert found["path"][-1][0] == 80


def test_a_clear_win_is_found_and_the_path_ends_where_the_interval_does():
    found = figures_of(outcomes(*[1.0, 1.0, 1.0, 0.0] * 20), seed=1)
    test = found["sequential"]
    assert test["finding"] == "better"
    assert test["path"][-1][1:] == [0.75, test["low"], test["high"]]
    assert test["low"] < found["win_rate"]["low"], "looking at any time costs width"


def test_a_longer_winner_is_weaker_at_equal_length():
    """The new one wins where it is much longer and loses where it is shorter."""
    rows = [
        Outcome(n, float(n % 4 != 0), 400 if n % 4 else 90, 100, START + timedelta(minutes=n))
        for n in range(60)
    ]
    # Without exceptions there is no slope to estimate: any steeper one would fit better.
    noisy = [*rows, *(Outcome(100 + n, float(n % 2), 110, 100, START) for n in range(20))]
    noisy += [Outcome(200 + n, 0.0, 400, 100, START) for n in range(6)]
    noisy += [Outcome(300 + n, 1.0, 90, 100, START) for n in range(6)]
    found = figures_of(noisy, seed=1)
    assert found["at_equal_length"]["value"] < found["win_rate"]["value"]
    assert found["at_equal_length"]["new_longer"] == pytest.approx(71 / 92)


def test_slices_have_a_win_rate_each():
    rows = [
        Outcome(n, float(n % 3 == 0 or n >= 30), said={"language": "de" if n < 30 else "en"})
        for n in range(60)
    ]
    [group] = figures_of(rows, seed=1)["slices"]
    assert group["key"] == "language"
    assert [(row["value"], row["rate"]["value"]) for row in group["rows"]] == [
        ("de", pytest.approx(1 / 3)),
        ("en", 1.0),
    ]


def test_a_key_with_one_value_or_too_many_makes_no_slice():
    rows = [Outcome(n, 1.0, said={"same": "x", "id": str(n)}) for n in range(20)]
    assert figures_of(rows, seed=1)["slices"] == []
