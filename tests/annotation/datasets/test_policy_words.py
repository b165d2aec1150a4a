"""A policy in the words of its page."""

import pytest

from annotation.datasets.policy import Policy
from annotation.datasets.policy_words import policy_lines


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ("import:4", "Import 4"),
        ("shop/import:4", "shop/Import 4"),
        ("shop/round:2:train", "shop/Round 2: train"),
        ("shop/hard ones", "shop/hard ones"),
        ("hard ones", "hard ones"),
    ],
)
def test_batches_have_their_words_in_one_project_and_in_several(batch, words):
    assert ("Items of", words) in policy_lines(Policy(batches=(batch,)).as_json())
