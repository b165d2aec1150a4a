"""What repeats another response, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.candidates.marks.duplicates import (
    find_duplicates,
    jaccard,
    shingles,
    similarity,
)

LONG = "The study of sleep in healthy adults shows that a dim light is enough to raise the pulse"


def pairs(*texts, **options):
    return [
        (pair.first, pair.later, pair.is_equal)
        for pair in find_duplicates(dict(enumerate(texts)), **options)
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("True", "True."), ("A  b\nc", "a b c"), ("**Yes**, sir!", "Yes sir"), ("ﬁne", "fine")],
)
def test_spacing_case_and_signs_of_sentences_make_no_difference(one, other):
    assert pairs(one, other) == [(0, 1, True)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3.14", "314"),
        ("a + b", "a - b"),
        ("yes", "no"),
        ("!", "?"),
        (f"{LONG}.", f"{LONG} not."),
        (f"{LONG} by 12 beats.", f"{LONG} by 21 beats."),
        (f"{LONG}: true", f"{LONG}: false"),
        (f"{LONG}, and it can be helped", f"{LONG}, and it can't be helped"),
        ("", ""),
    ],
)
def test_a_small_change_that_turns_it_around_is_a_difference(one, other):
    assert pairs(one, other, threshold=0.5) == []


def test_a_changed_word_is_near_and_the_threshold_decides():
    other = LONG.replace("shows", "proves")
    alike = similarity(LONG, other)

    assert 0.8 < alike < 0.95
    assert pairs(LONG, other, threshold=alike) == [(0, 1, False)]
    assert pairs(LONG, other, threshold=alike + 0.001) == []


def test_of_three_that_repeat_each_other_the_first_stays():
    assert pairs("One.", "Two.", "one", "ONE!", "two") == [
        (0, 2, True),
        (0, 3, True),
        (1, 4, True),
    ]


def test_jaccard_is_the_share_of_what_both_have():
    assert jaccard(frozenset("abc"), frozenset("bcd")) == 0.5
    assert shingles("abcdefg") == {"abcde", "bcdef", "cdefg"}


texts = st.lists(st.text("ab1 .", max_size=80), min_size=2, max_size=6)


@given(texts, st.floats(0.5, 1))
def test_whoever_stays_is_no_repeat_and_comes_first(given_texts, threshold):
    found = find_duplicates(dict(enumerate(given_texts)), threshold=threshold)
    later = [pair.later for pair in found]

    assert len(later) == len(set(later))
    assert all(pair.first < pair.later and pair.first not in later for pair in found)
    assert all(pair.is_equal or pair.similarity >= threshold for pair in found)


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_the_same_both_ways(one, other):
    assert similarity(one, other) == similarity(other, one)
    assert similarity(one, one) == 1.0
