"""One toy dataset and one finished run of each kind, shared by the whole session."""

import sys

import pytest

from tests.training import toy

SMALL = {"hidden_size": 64, "layers": 2, "heads": 4, "vocab_size": 400}

TRAINED = {"sft", "policy_folder", "causal_reward", "encoder_reward", "dpo", "kto"}


def pytest_collection_modifyitems(items):
    """One process's work, or each process would train all of these for itself."""
    for item in items:
        if TRAINED & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("training"))


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Models as small as these mostly wait for a second thread, and on busy cores for long."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """The folder everything of the session lives in."""
    return tmp_path_factory.mktemp("training")


@pytest.fixture(scope="session")
def dataset(world):
    """The toy dataset's entry for config.json."""
    return toy.make_dataset(world / "dataset")


def finished(run, *, fresh=False):
    status, lines, record = toy.train(run, fresh=fresh)
    assert status == 0, toy.log(run)
    return run, lines, record


@pytest.fixture(scope="session")
def sft(world, dataset):
    """A finished SFT run of a new tiny model: (folder, journal lines, run.json)."""
    run = toy.make_run(
        world / "sft",
        "sft",
        dataset,
        batch_size=16,
        epochs=12,
        learning_rate=5e-3,
        log_steps=10,
        save_steps=50,
        **SMALL,
    )
    return finished(run, fresh=True)  # as a worker would start it


@pytest.fixture(scope="session")
def policy_folder(sft):
    """The published model of the SFT run."""
    return sft[0] / "1" / "model"


@pytest.fixture(scope="session")
def causal_reward(world, dataset, policy_folder):
    """A finished reward run on the SFT policy, through TRL."""
    options = {"batch_size": 8, "epochs": 3, "log_steps": 5, "eval_steps": 15}
    return finished(toy.make_run(world / "causal", "reward", dataset, policy_folder, **options))


@pytest.fixture(scope="session")
def encoder_reward(world, dataset):
    """A finished reward run on the default encoder, through the own loop."""
    options = {"batch_size": 8, "epochs": 1, "log_steps": 2, "learning_rate": 2e-4}
    return finished(toy.make_run(world / "encoder", "reward", dataset, **options))


@pytest.fixture(scope="session")
def dpo(world, dataset, policy_folder):
    """A finished DPO run of the SFT policy."""
    options = {"batch_size": 8, "epochs": 3, "log_steps": 5, "eval_steps": 15}
    return finished(
        toy.make_run(world / "dpo", "dpo", dataset, policy_folder, learning_rate=1e-3, **options)
    )


@pytest.fixture(scope="session")
def kto(world, dataset, policy_folder):
    """A finished KTO run of the SFT policy."""
    options = {"batch_size": 16, "max_steps": 24, "log_steps": 6, "eval_steps": 12}
    return finished(
        toy.make_run(world / "kto", "kto", dataset, policy_folder, learning_rate=1e-3, **options)
    )
