"""What a model's card says of the labels it learned from."""

import json
import re

import pytest

pytest.importorskip("torch", reason="the train extra is not installed")

from training.card import describe_labels, write_card  # noqa: E402
from training.events import QuietJournal  # noqa: E402
from training.options import read_options  # noqa: E402
from training.run import Outcome, Run  # noqa: E402

pytestmark = pytest.mark.train


@pytest.mark.parametrize(
    ("policy", "counts", "said"),
    [
        ({}, {}, "majority, every vote counting the same"),
        (
            {"labels": "soft"},
            {"consensus": {"method": "Crowd-BT within items", "labelers": 1200, "flips": 3}},
            "soft, by Crowd-BT within items over 1,200 labelers",
        ),
        (
            {"labels": "majority"},
            {"settled": {"items": 7, "comparisons": 9, "flips": 2}},
            "majority, every vote counting the same; 7 items by a reviewer's verdict",
        ),
    ],
)
def test_the_method_behind_the_labels_is_named(tmp_path, policy, counts, said):
    (tmp_path / "manifest.json").write_text(json.dumps({"policy": policy, "counts": counts}))
    assert describe_labels({"path": str(tmp_path)}) == said


def test_a_run_without_a_dataset_has_no_labels():
    assert describe_labels(None) == "none"


# What a reward run leaves, with every kind of entry that a card has to say.
OUTCOME = Outcome(
    counts={"read": 1914, "kept": 1871, "cut": 0, "dropped": {"tie": 43}},
    metrics={
        "accuracy": {"value": 0.7371794871794872, "low": 0.66, "high": 0.81},
        "log_loss": 0.6460431762,
        "comparisons": 1156,
        "prompts": 30,
        "margin": -0.00001,
        "calibration": {"temperature": 0.6226123, "error_before": 0.12534},
        "criteria": {"help|fulness": {"value": 0.7, "low": 0.6, "high": 0.8}},
        "train_accuracy": 0.73782,
        "seen": ["a", "b"],
    },
    baselines={
        "length": {"value": 0.484, "low": 0.389, "high": 0.583, "rule": "longer"},
        "chance": {"value": 0.5, "log_loss": 0.6931471805599453},
    },
    initial={"eval_loss": 0.693147, "eval_margin": 0.0},
    settings={
        "learning_rate": 0.00030000000000000003,
        "bf16": False,
        "std": 0.43017485522560417,
        "steps": 1099,
        "lora_alpha": None,
    },
)


def card_of(tmp_path, given):
    (tmp_path / "manifest.json").write_text(json.dumps({"policy": {}, "counts": {}}))
    (tmp_path / "token").write_text("1")
    config = {
        "run": "7",
        "seed": 12,
        "options": given,
        "base": None,
        "dataset": {"path": str(tmp_path), "hash": "5a"},
    }
    options = read_options("reward", given)
    run = Run("reward", tmp_path, config, "", options, QuietJournal(tmp_path, 1), OUTCOME)
    return write_card(run, ["It learned the taste of these labelers."])


def test_a_card_tells_words_rounded_figures_and_nothing_that_was_not_set(tmp_path):
    card = card_of(tmp_path, {"epochs": 2.0, "use_ties": True, "max_steps": None})
    lines = card.splitlines()

    for line in (
        "| Read | 1,914 |",
        "| Dropped: tie | 43 |",
        "| Accuracy | 0.737 (0.660 to 0.810) |",
        "| Log loss | 0.646 |",
        "| Comparisons | 1,156 |",
        "| Mean margin | 0.000 |",
        "| Calibration: Temperature | 0.623 |",
        r"| Criterion: help\|fulness | 0.700 (0.600 to 0.800) |",
        "| Accuracy, on training rows | 0.738 |",
        "| Length alone, the longer response wins | 0.484 (0.389 to 0.583) |",
        "| Chance | accuracy 0.500, log loss 0.693 |",
        "| Before the first step: Loss, held out | 0.693 |",
        "| Passes over the data | 2 |",
        "| Ties learned from | yes |",
        "| Learning rate | 0.0003 |",
        "| Computed in bf16 | no |",
        "| Deviation of rewards, divided by | 0.4302 |",
        "| Steps taken | 1,099 |",
    ):
        assert line in lines, line
    assert not [word for word in ("None", "True", "False", "_loss") if word in card]
    assert not re.search(r"\d\.\d{5}", card), "no more digits than count"
    assert "`eval_rows` 500" in card.split("As by default: ")[1], "the rest stands in a line"
    assert "lora_alpha" not in card
    assert "max_steps" not in card
