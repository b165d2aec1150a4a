"""Who meets whom: rules that hold for any candidates."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.labeling.building.pairing import (
    ADAPTIVE,
    ANY,
    BALANCED,
    NEW_AGAINST_OLD,
    Candidate,
    Rule,
    choose,
    spread_of,
    why_not,
)


def world(prompts, generators, each=1):
    """Every prompt with `each` responses of every generator."""
    return {
        prompt: [
            Candidate(1000 * prompt + 10 * generator + n, generator)
            for generator in generators
            for n in range(each)
        ]
        for prompt in range(1, prompts + 1)
    }


def generators_of(chosen):
    return [[pk % 1000 // 10 for pk in some] for some in chosen.items.values()]


def test_balanced_pairs_meet_equally_often():
    chosen = choose(world(60, [1, 2, 3, 4]), Rule(BALANCED), seed=1)

    assert len(chosen.meetings) == 6
    assert spread_of(chosen.meetings.values()) == 0
    assert sum(chosen.meetings.values()) == 60


def test_balanced_triples_meet_about_equally_often():
    chosen = choose(world(100, [1, 2, 3, 4, 5]), Rule(BALANCED, k=3), seed=1)

    assert sum(chosen.meetings.values()) == 300
    assert spread_of(chosen.meetings.values()) <= 3


def test_each_generator_stands_first_about_as_often_as_second():
    chosen = choose(world(400, [1, 2]), Rule(BALANCED), seed=3)

    first = Counter(some[0] for some in generators_of(chosen))
    assert 160 <= first[1] <= 240


def test_new_meets_old_in_every_item():
    rule = Rule(NEW_AGAINST_OLD, new=frozenset({4}))
    chosen = choose(world(60, [1, 2, 3, 4]), rule, seed=1)

    assert all(4 in some and len(some) == 2 for some in generators_of(chosen))
    assert set(chosen.meetings.values()) == {20}


def test_adaptive_asks_most_where_least_is_known():
    gains = {(1, 2): 0.01, (1, 3): 0.01, (2, 3): 2.0}
    chosen = choose(world(200, [1, 2, 3]), Rule(ADAPTIVE, gains=gains), seed=1)

    assert chosen.meetings[2, 3] > 100
    assert min(chosen.meetings[1, 2], chosen.meetings[1, 3]) >= 5  # explored all the same


def test_adaptive_goes_on_when_a_pair_is_known():
    """What a pair teaches sinks with each meeting: nobody asks one question for ever."""
    gains = {(1, 2): 1.0, (1, 3): 0.5, (2, 3): 0.5}
    chosen = choose(world(300, [1, 2, 3]), Rule(ADAPTIVE, gains=gains), seed=1)

    assert min(chosen.meetings.values()) > 80


@pytest.mark.parametrize(
    ("generators", "rule", "reason"),
    [
        ([1], Rule(ANY), "too_few"),
        ([1, 1], Rule(ANY), ""),
        ([1, 1], Rule(BALANCED), "too_few_generators"),
        ([1, 2], Rule(BALANCED, k=3), ""),
        ([1, 2], Rule(BALANCED, k=3, takes_fewer=False), "too_few"),
        ([1, 2, 2], Rule(BALANCED, k=3, takes_fewer=False), "too_few_generators"),
        ([1, 2], Rule(NEW_AGAINST_OLD, new=frozenset({3})), "no_new"),
        ([1, 2], Rule(NEW_AGAINST_OLD, new=frozenset({1, 2})), "no_old"),
        ([1, 2], Rule(NEW_AGAINST_OLD, new=frozenset({2})), ""),
    ],
)
def test_a_prompt_without_an_item_has_a_reason(generators, rule, reason):
    candidates = [Candidate(n, generator) for n, generator in enumerate(generators)]

    assert why_not(candidates, rule) == reason


def test_no_more_than_the_limit():
    chosen = choose(world(10, [1, 2]), Rule(most=4), seed=1)

    assert len(chosen.items) == 4
    assert Counter(chosen.reasons.values()) == {"beyond_limit": 6}


prompts = st.dictionaries(
    st.integers(1, 30),
    st.lists(st.integers(0, 5), max_size=6),
    max_size=8,
).map(
    lambda drawn: {
        prompt: [Candidate(100 * prompt + n, by) for n, by in enumerate(some)]
        for prompt, some in drawn.items()
    }
)
rules = st.builds(
    Rule,
    name=st.sampled_from([ANY, BALANCED, NEW_AGAINST_OLD, ADAPTIVE]),
    k=st.integers(2, 5),
    takes_fewer=st.booleans(),
    new=st.frozensets(st.integers(0, 5), max_size=3),
    gains=st.just({(1, 2): 0.5}),
    most=st.none() | st.integers(1, 5),
)


@given(prompts, rules, st.integers(0, 5))
def test_whatever_the_candidates_an_item_is_one_of_its_prompts(prompts, rule, seed):
    chosen = choose(prompts, rule, seed=seed)

    assert chosen.items.keys() | chosen.reasons.keys() == prompts.keys()
    assert not chosen.items.keys() & chosen.reasons.keys()
    for prompt, some in chosen.items.items():
        by = {one.pk: one.generator for one in prompts[prompt]}
        assert set(some) <= by.keys()
        assert 2 <= len(some) == len(set(some)) <= rule.k
        assert rule.takes_fewer or len(some) == rule.k
        if rule.name != ANY:
            assert len({by[pk] for pk in some}) == len(some)
        if rule.name == NEW_AGAINST_OLD:
            assert 0 < sum(by[pk] in rule.new for pk in some) < len(some)
    assert sum(chosen.meetings.values()) == sum(
        len(list(combinations(some, 2))) for some in chosen.items.values()
    )


@given(prompts, rules, st.integers(0, 5))
def test_the_same_seed_builds_the_same(prompts, rule, seed):
    turned = dict(reversed(prompts.items()))

    assert choose(prompts, rule, seed=seed) == choose(turned, rule, seed=seed)
