"""Both sides of the file contract keep the same whitelist of options."""

import pytest

from annotation.candidates.options import GENERATE
from annotation.core.options import BadOption
from annotation.runs.harness.options import LM_EVAL
from annotation.runs.options import BY_KIND, read
from annotation.runs.scoring.options import SCORE
from training import options as trainers
from training.criteria import parse_weights
from training.errors import ConfigError

OURS = {
    **BY_KIND,
    "generate": GENERATE,
    "score": SCORE,
    "measure": (),
    "lm_eval": LM_EVAL,
}


def described(table, without=()):
    return {
        o.name: (o.type, o.default, o.low, o.high, o.choices)
        for o in table
        if o.name not in without
    }


def test_the_kinds_are_the_same():
    assert set(OURS) == set(trainers.BY_KIND)


@pytest.mark.parametrize("kind", OURS)
def test_names_types_defaults_limits_and_choices_are_the_same(kind):
    # Paths are the platform's to set; tasks are chosen from those that are there.
    without = ("prompts", "rows", "folders", "tasks")
    theirs = described(trainers.BY_KIND[kind], without=without)
    assert described(OURS[kind]) == theirs


@pytest.mark.parametrize("kind", OURS)
def test_every_option_says_what_it_does(kind):
    assert all(option.help for option in OURS[kind])


@pytest.mark.parametrize("text", ["helpful=2", " helpful=2, tone = -0.5 ,", "a=1e3", ","])
def test_criteria_that_the_trainer_reads_are_taken(text):
    parse_weights(text)
    assert read("reward", {"criteria": text}).get("criteria") == text


@pytest.mark.parametrize(
    "text", ["helpful=", "helpful", "=2", "a=0", "a=nan", "a=inf", "a=b", "a=1=2", "a=1, a=2"]
)
def test_criteria_that_the_trainer_refuses_are_refused_before_by_name(text):
    with pytest.raises(ConfigError):
        parse_weights(text)
    with pytest.raises(BadOption) as refused:
        read("reward", {"criteria": text})
    assert refused.value.field == "criteria"
