"""Prompts that nearly say the same."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.datasets.groups import Groups, read_groups
from annotation.datasets.near import BINS, groups_of_near, jaccard, runs_of, signature
from annotation.datasets.policy import Policy

WORDS = ["time", "year", "people", "way", "day", "man", "thing", "woman", "life", "child"]


def long_text(seed, words=80):
    rng = random.Random(seed)
    return " ".join(f"{rng.choice(WORDS)}{rng.randrange(40)}" for _ in range(words))


def naive_index(one, other):
    """Jaccard's index by its definition, on sets of runs of five characters."""
    sets = [{text[at : at + 5] for at in range(max(1, len(text) - 4))} for text in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_index_is_that_of_the_definition(one, other):
    assert jaccard(runs_of(one), runs_of(other)) == pytest.approx(naive_index(one, other))


def test_of_long_texts_the_index_is_near_the_truth():
    one = long_text(1, words=600)
    other = " ".join(one.split()[:540])  # nine tenths of it
    assert jaccard(runs_of(one)[:512], runs_of(other)[:512]) == pytest.approx(
        naive_index(one, other), abs=0.06
    )


def test_minima_agree_as_often_as_the_index_says():
    one, other = long_text(1, words=300), long_text(1, words=300)[:-500]
    agree = (signature(runs_of(one)) == signature(runs_of(other))).mean()
    assert agree == pytest.approx(naive_index(one, other), abs=4 * 0.5 / np.sqrt(BINS))


def test_all_near_pairs_among_many_are_found_and_nobody_else():
    base = [long_text(seed) for seed in range(300)]
    near = [f"{text} Please!" for text in base[::3]]
    texts = base + near
    groups = groups_of_near(texts, 0.8)
    assert groups == [*range(300), *range(0, 300, 3)]


def test_below_the_threshold_nobody_is_near():
    one = long_text(1)
    half = one[: len(one) // 2] + long_text(2)[: len(one) // 2]
    assert naive_index(one, half) < 0.5
    assert groups_of_near([one, half], 0.8) == [0, 1]
    assert groups_of_near([one, half], 0.5) == [0, 1]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=12), st.randoms())
def test_groups_do_not_hang_on_the_order(texts, rng):
    def as_sets(given_texts):
        groups = groups_of_near(given_texts, 0.5)
        found = {}
        for text, leader in zip(given_texts, groups, strict=True):
            found.setdefault(leader, []).append(text)
        return sorted(sorted(group) for group in found.values())

    shuffled = texts[:]
    rng.shuffle(shuffled)
    assert as_sets(shuffled) == as_sets(texts)


def test_nothing_and_one_are_no_groups():
    assert groups_of_near([], 0.8) == []
    assert groups_of_near([""], 0.8) == [0]


def ask(text):
    return [{"role": "user", "content": text}]


def test_a_group_has_one_key_whatever_the_order_and_a_leak_is_counted():
    text = long_text(3)
    prompts = [("1", ask(text)), ("2", ask(f"{text} ok")), ("3", ask(long_text(4)))]
    policy = Policy(near_prompts="together")
    groups, turned = read_groups(prompts, policy), read_groups(prompts[::-1], policy)
    assert groups.key_of("1") == groups.key_of("2") == turned.key_of("2") != groups.key_of("3")
    assert read_groups(prompts, Policy()) is None
    apart = groups.across({"1": "train", "2": "test", "3": "test"})
    assert apart == {"prompts": 2, "groups": 1, "torn": 1, "leaked": 1}
    together = groups.across({"1": "test", "2": "test", "3": "train"})
    assert (together["torn"], together["leaked"]) == (0, 0)
    assert groups.across({"1": "train"}) == {"prompts": 0, "groups": 0, "torn": 0, "leaked": 0}


def test_the_leak_is_what_a_model_could_have_seen():
    groups = Groups(dict.fromkeys("abcd", "a"), {"a": "key"})
    found = groups.across({"a": "test", "b": "dev", "c": "train", "d": "train"})
    assert found["leaked"] == 2
