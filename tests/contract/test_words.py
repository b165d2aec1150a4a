"""Every figure that the trainers write is called something on the pages."""

import pytest

from annotation.runs import presentation, words
from tests.training import toy

pytestmark = [pytest.mark.train, pytest.mark.slow, pytest.mark.xdist_group("train")]
NO_FIGURES = {"type", "t", "token", "step", "total", "epoch"}
MODEL = {"hidden_size": 32, "layers": 1, "heads": 2, "vocab_size": 320}
SHORT = {"max_steps": 2, "log_steps": 1, "eval_steps": 1, "save_steps": 2, "max_length": 96}
BY_BATCH = SHORT | {"batch_size": 4}
RL = SHORT | {"batch_size": 2, "minibatch": 2, "max_new_tokens": 4}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """(journal lines, run.json) of a short run of each kind, by name."""
    pytest.importorskip("torch")
    world = tmp_path_factory.mktemp("words")
    dataset = toy.make_dataset(world / "dataset", train=24, dev=4, test=8)
    found = {}

    def train(name, kind, base=None, **more):
        run = toy.make_run(world / name, kind, dataset, base, **more)
        status, lines, record = toy.train(run)
        assert status == 0, toy.log(run)
        found[name] = lines, record
        return run / "1" / "model"

    policy = train("sft", "sft", **BY_BATCH, **MODEL)
    reward = train("reward", "reward", policy, members=2, **BY_BATCH)
    train("dpo", "dpo", policy, **BY_BATCH)
    train("kto", "kto", policy, **BY_BATCH)
    for algorithm in ("ppo", "rloo", "grpo"):
        many = {} if algorithm == "ppo" else {"responses": 2}
        train(algorithm, "rl", policy, reward=reward, algorithm=algorithm, **RL, **many)
    return found


def figures_of(lines, record):
    """The names that pages show, as the trainers write them."""
    for line in lines:
        if line["type"] == "metric":
            yield from line.keys() - NO_FIGURES
    for part in ("metrics", "initial"):
        for one in presentation.other_figures(record[part]):
            yield one.raw.rpartition(", ")[2]


def test_every_figure_that_a_trainer_writes_is_named(told):
    names = {name for lines, record in told.values() for name in figures_of(lines, record)}
    assert {"explained_variance", "loss", "test_win_rate", "rewards/margins"} <= names
    assert sorted(name for name in names if words.figure(name) == name) == []
