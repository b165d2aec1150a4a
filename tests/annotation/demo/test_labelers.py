import itertools
import statistics

import pytest

from annotation.demo import labelers, world
from annotation.demo.labelers import CAREFUL, CARELESS, FRESH, PANEL, judge
from annotation.demo.reading import hidden_quality

CASES = world.sample_cases(60, seed=41)
REPLIES = {case.message: world.sample_replies(case, 4, seed=41) for case in CASES}
ORDERS = list(itertools.permutations((1, 2, 3, 4)))


def opinion(labeler, number, **options):
    case = CASES[number]
    order = list(ORDERS[(number * 7 + len(labeler.name)) % len(ORDERS)])
    return judge(
        labeler, case.message, REPLIES[case.message], **{"order": order, "seed": 1} | options
    )


def height(choice):
    return 99 if choice == "x" else choice


def preferences(labeler):
    """{(item, i, j): -1, 0 or 1} over all pairs of positions."""
    found = {}
    for number in range(len(CASES)):
        choices = opinion(labeler, number).choices
        for i, j in itertools.combinations((1, 2, 3, 4), 2):
            a, b = height(choices[i]), height(choices[j])
            found[number, i, j] = (a < b) - (a > b)
    return found


PREFERENCES = {labeler.name: preferences(labeler) for labeler in PANEL + FRESH}


def agreement(one, other):
    pairs = [(a, PREFERENCES[other][key]) for key, a in PREFERENCES[one].items()]
    decided = [(a, b) for a, b in pairs if a and b]
    return sum(a == b for a, b in decided) / len(decided)


def with_the_others(labeler):
    return statistics.mean(agreement(labeler.name, o.name) for o in PANEL if o != labeler)


def test_the_same_seed_gives_the_same_opinion_and_another_seed_another():
    assert opinion(CAREFUL[0], 0) == opinion(CAREFUL[0], 0)
    assert any(opinion(CAREFUL[0], n) != opinion(CAREFUL[0], n, seed=2) for n in range(10))


@pytest.mark.parametrize("labeler", PANEL + FRESH, ids=lambda labeler: labeler.name)
def test_every_opinion_is_complete(labeler):
    for number in range(len(CASES)):
        found = opinion(labeler, number)
        assert set(found.choices) == {1, 2, 3, 4}
        ranks = {choice for choice in found.choices.values() if choice != "x"}
        assert ranks == set(range(1, len(ranks) + 1))
        assert len(found.strength) == max(len(ranks) - 1, 0)
        assert set(found.strength) <= {1, 2, 3}
        assert set(found.ratings) == set(labelers.CRITERIA)
        for values in found.ratings.values():
            assert set(values) == {1, 2, 3, 4}
            assert set(values.values()) <= {1, 2, 3, 4, 5}
        assert found.seconds > 0


def test_there_are_ties_floors_and_rationales():
    found = [opinion(labeler, n) for labeler in CAREFUL for n in range(len(CASES))]
    ranks = [[c for c in o.choices.values() if c != "x"] for o in found]
    assert any(len(set(r)) < len(r) for r in ranks)
    assert any("x" in o.choices.values() for o in found)
    share = sum(bool(o.rationale) for o in found) / len(found)
    assert 0.1 < share < 0.4


def test_careful_labelers_agree_more_with_the_others_than_careless_ones():
    assert min(map(with_the_others, CAREFUL)) > max(map(with_the_others, CARELESS)) + 0.05


def test_careful_labelers_follow_the_hidden_quality():
    for labeler in CAREFUL + FRESH:
        right = total = 0
        for (number, i, j), sign in PREFERENCES[labeler.name].items():
            case = CASES[number]
            a, b = (hidden_quality(case.message, REPLIES[case.message][p - 1]) for p in (i, j))
            if sign and a != b:
                total += 1
                right += (sign > 0) == (a > b)
        assert total > 200
        assert right / total > 0.8, labeler.name


def test_the_inverted_labeler_is_against_the_others_and_the_random_one_undecided():
    by_kind = {labeler.kind: with_the_others(labeler) for labeler in CARELESS}
    assert by_kind["inverted"] < 0.35
    assert 0.4 < by_kind["random"] < 0.6


def test_who_always_prefers_the_first_follows_the_place_alone():
    first = next(labeler for labeler in CARELESS if labeler.kind == "first")
    for order in ORDERS[:6]:
        choices = opinion(first, 0, order=list(order)).choices
        assert sorted(choices, key=choices.get) == list(order)


def test_the_hasty_labeler_is_faster_than_anybody_can_read():
    def speed(labeler):
        return statistics.median(opinion(labeler, n).seconds for n in range(len(CASES)))

    hasty = next(labeler for labeler in CARELESS if labeler.kind == "hasty")
    assert speed(hasty) * 4 < min(speed(labeler) for labeler in PANEL if labeler != hasty)


def test_names_are_used_once():
    names = [labeler.name for labeler in PANEL + FRESH]
    assert len(set(names)) == len(names)
