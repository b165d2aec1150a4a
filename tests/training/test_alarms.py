"""Alarms fire on a planted case each, once, and stay quiet on the healthy curve beside it."""

import pytest

from training.alarms import Alarms
from training.rl_loop import alarms as rl_alarms


def told(kind, curve, *, losses=(), rows=400, every=25):
    """Names in the order in which they were told, over a curve of evaluations."""
    watch = Alarms(kind)
    found = []
    for number, figures in enumerate(curve):
        if number < len(losses):
            watch.trained(number * every, losses[number])
        found += [name for name, _ in watch.checked(number * every, figures, rows)]
    return found


def losses_of(*values):
    return [{"eval_loss": value} for value in values]


FALLING = (1.0, 0.8, 0.6, 0.4, 0.3, 0.2)


@pytest.mark.parametrize(
    ("held_out", "training", "names"),
    [
        ((1.0, 0.9, 1.0, 1.1, 1.2, 1.3), FALLING, ["overfitting"]),  # once, though it goes on
        ((1.0, 0.9, 0.8, 0.7, 0.6, 0.5), FALLING, []),
        ((1.0, 0.9, 1.0, 1.1, 1.0, 1.1), FALLING, []),  # up and down is noise
        ((1.0, 0.9, 0.901, 0.902, 0.903, 0.904), FALLING, []),  # hardly a rise
        ((1.0, 0.9, 1.0, 1.1, 1.2, 1.3), FALLING[::-1], []),  # both rise: it does not learn at all
    ],
)
def test_learning_by_heart(held_out, training, names):
    assert told("sft", losses_of(*held_out), losses=training) == names


def chosen(*values):
    return [{"eval_loss": 0.5, "eval_logps/chosen": value} for value in values]


def test_dpo_may_lower_the_chosen_response_and_not_wipe_it_out():
    healthy = chosen(-100, -104, -120, -140)  # the margin grows, both sides fall: as it does
    assert told("dpo", healthy) == []
    assert told("dpo", chosen(-100, -150, -230, -400)) == ["chosen"]
    assert told("kto", chosen(-100, -150, -230, -400)) == [], "not a figure of that kind"


def accuracies(*values):
    return [{"eval_loss": 0.69, "eval_accuracy": value} for value in values]


def test_a_reward_model_that_guesses():
    guessing = accuracies(0.5, 0.51, 0.52, 0.49)
    assert told("reward", guessing) == ["chance"]
    assert told("reward", guessing, every=10) == [], "too early to say"
    assert told("reward", accuracies(0.5, 0.51, 0.56, 0.6)) == []
    assert told("reward", accuracies(0.5, 0.51, 0.56, 0.6), rows=50) == ["chance"], "within noise"
    assert told("dpo", guessing) == []


def test_the_recorded_run_that_learned_to_be_short_gives_an_alarm():
    """RLOO against a learned reward, 50 updates, means of ten: the reward rises from -1.09 to 2.21
    while responses shrink from 26.7 to 13.6 tokens. The KL, 0.64, says nothing."""
    rewards, lengths = (-1.09, 0.01, 1.08, 1.35, 1.91, 2.21), (26.7, 25.1, 22.0, 18.4, 15.2, 13.6)
    curve = [
        {"reward": reward, "kl": 0.05 + 0.12 * at, "entropy": 2.0,
         "completions/mean_length": length, "completions/clipped_ratio": 0.0}
        for at, (reward, length) in enumerate(zip(rewards, lengths, strict=True))
    ]  # fmt: skip
    found = [[name for name, _ in rl_alarms(curve[0], one, {"kl_target": None})] for one in curve]
    assert found == [[], [], [], ["length"], ["length"], ["length"]]
