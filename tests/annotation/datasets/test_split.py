"""Splits: by the prompt's text alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.datasets.policy import SPLITS, Policy, PolicyError
from annotation.datasets.split import split_key, split_of

WRITTEN = {
    "one": "dev",
    "two": "test",
    "three": "train",
    "four": "train",
    "five": "dev",
    "six": "dev",
    "seven": "train",
    "eight": "dev",
}


def ask(text, role="user"):
    return [{"role": role, "content": text}]


def test_the_split_of_a_prompt_is_written_in_stone():
    """A new version of the code must not move a prompt from test to train."""
    places = {
        text: split_of(split_key(ask(text)), shares=(0.4, 0.3, 0.3), salt="s") for text in WRITTEN
    }
    assert places == WRITTEN


@pytest.mark.parametrize(
    "twin", ["What  is\tit? ", "WHAT IS IT?", "What is it？", "\nWhat is it?\n"]
)
def test_prompts_that_look_the_same_have_one_key(twin):
    assert split_key(ask(twin)) == split_key(ask("What is it?"))


@pytest.mark.parametrize("other", [ask("What is it!"), ask("What is it?", "system")])
def test_other_prompts_have_other_keys(other):
    assert split_key(other) != split_key(ask("What is it?"))


def test_shares_are_kept_on_average():
    keys = [split_key(ask(f"question {n}")) for n in range(4000)]
    placed = [split_of(key, shares=(0.7, 0.1, 0.2)) for key in keys]
    # 4000 prompts: three standard errors of a share of 0.2 are 0.019.
    for split, share in zip(SPLITS, (0.7, 0.1, 0.2), strict=True):
        assert placed.count(split) / 4000 == pytest.approx(share, abs=0.022)


def test_another_salt_deals_differently():
    keys = [split_key(ask(f"question {n}")) for n in range(100)]
    assert [split_of(k, shares=(0.5, 0, 0.5), salt="a") for k in keys] != [
        split_of(k, shares=(0.5, 0, 0.5), salt="b") for k in keys
    ]


@given(st.text(), st.integers(0, 100), st.integers(0, 100), st.text(max_size=10))
def test_a_split_with_no_share_gets_no_prompt(text, one, two, salt):
    low, high = sorted((one, two))
    shares = Policy(split=(low / 100, (high - low) / 100, (100 - high) / 100)).split
    split = split_of(split_key(ask(text)), shares=shares, salt=salt.replace("\0", ""))
    assert dict(zip(SPLITS, shares, strict=True))[split] > 0


def test_a_policy_has_one_spelling():
    loose = {"batches": ["b", "a", "b"], "split": [1, 0, 0]}
    policy = Policy.from_json(loose)
    assert policy.as_json()["batches"] == ["a", "b"]
    assert [repr(share) for share in policy.as_json()["split"]] == ["1.0", "0.0", "0.0"]
    assert Policy.from_json(policy.as_json()) == policy
    assert Policy.from_json({}) == Policy()


@pytest.mark.parametrize("value", [None, [], "majority", 3])
def test_a_policy_is_an_object(value):
    with pytest.raises(PolicyError, match="object"):
        Policy.from_json(value)
