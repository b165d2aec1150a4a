"""A run that was killed, stopped or robbed: it goes on to the very same weights, or not at all."""

import json
import signal
import time

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from safetensors.torch import load_file  # noqa: E402

from tests.training import toy  # noqa: E402
from tests.training.conftest import SMALL  # noqa: E402
from training.checkpoint import newest_verified, sha256_of  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.slow]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return toy.make_encoder(tmp_path_factory.mktemp("encoder"))


def wait_for_line(run, token, process, wanted, seconds=400):
    """The journal's first line for which `wanted` is true; fails if the process ends before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for line in toy.journal(run, token):
            if wanted(line):
                return line
        assert process.poll() is None, toy.log(run, token)
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def is_checkpoint(line):
    return line["type"] == "checkpoint"


def weights(run, token):
    path = run / str(token) / "model"
    return {name: load_file(path / name) for name in sorted(p.name for p in path.glob("*.safe*"))}


def assert_same_weights(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, tensors in ours.items():
        for key, tensor in tensors.items():
            assert torch.equal(tensor, theirs[name][key]), f"{name} {key}"


def test_a_killed_encoder_run_ends_with_the_undisturbed_weights(world, dataset, encoder):
    """Killed after a checkpoint, then stopped by SIGTERM, then left alone: three attempts."""
    options = {"batch_size": 4, "epochs": 8, "save_steps": 7, "eval_steps": 10, "log_steps": 1}
    options |= {"learning_rate": 1e-3, "accumulation": 2}
    undisturbed = toy.make_run(world / "enc-0", "reward", dataset, encoder, **options)
    assert toy.train(undisturbed)[0] == 0, toy.log(undisturbed)
    run = toy.make_run(world / "enc-1", "reward", dataset, encoder, **options)

    process = toy.start(run, 1)
    wait_for_line(run, 1, process, is_checkpoint)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert toy.record(run, 1) is None

    process = toy.start(run, 2)
    first = wait_for_line(run, 2, process, lambda line: line["type"] == "metric")
    assert first["step"] > 1, "the second attempt goes on, it does not start again"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 143
    record = toy.record(run, 2)
    assert record["status"] == "cancelled"
    config = sha256_of(run / "config.json")
    saved, damaged = newest_verified(run, config)
    assert saved.token == 2
    assert damaged == []

    status, lines, record = toy.train(run, 3)

    assert status == 0, toy.log(run, 3)
    steps = [line["step"] for line in lines if line["type"] == "metric" and "loss" in line]
    assert steps[0] == saved.step + 1
    assert record["initial"] == toy.record(undisturbed)["initial"]
    assert record["metrics"] == toy.record(undisturbed)["metrics"]
    assert_same_weights(weights(run, 3), weights(undisturbed, 1))


def test_a_killed_dpo_run_passes_by_a_truncated_checkpoint(world, dataset, policy_folder):
    options = {"batch_size": 8, "epochs": 3, "save_steps": 4, "eval_steps": 15, "log_steps": 1}
    options |= {"learning_rate": 1e-3}
    undisturbed = toy.make_run(world / "dpo-0", "dpo", dataset, policy_folder, **options)
    assert toy.train(undisturbed)[0] == 0, toy.log(undisturbed)
    run = toy.make_run(world / "dpo-1", "dpo", dataset, policy_folder, **options)

    process = toy.start(run, 1)
    wait_for_line(run, 1, process, lambda line: is_checkpoint(line) and line["step"] >= 16)
    process.send_signal(signal.SIGKILL)
    process.wait()
    config = sha256_of(run / "config.json")
    newest, _ = newest_verified(run, config)
    file = newest.folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    older, damaged = newest_verified(run, config)
    assert older.step < newest.step
    assert damaged == [newest.folder]

    status, lines, _ = toy.train(run, 2)

    assert status == 0, toy.log(run, 2)
    assert any("damaged checkpoint" in line.get("message", "") for line in lines)
    steps = [line["step"] for line in lines if line["type"] == "metric" and "loss" in line]
    assert steps[0] == older.step + 1
    assert_same_weights(weights(run, 2), weights(undisturbed, 1))


def test_a_stopped_sft_run_goes_on_where_it_was(world, dataset):
    options = {"batch_size": 16, "epochs": 4, "save_steps": 1000, "log_steps": 1, **SMALL}
    undisturbed = toy.make_run(world / "sft-0", "sft", dataset, **options)
    assert toy.train(undisturbed)[0] == 0, toy.log(undisturbed)
    run = toy.make_run(world / "sft-1", "sft", dataset, **options)

    process = toy.start(run, 1)
    wait_for_line(run, 1, process, lambda line: "loss" in line and line["step"] >= 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 143, toy.log(run)
    saved = [line["step"] for line in toy.journal(run) if is_checkpoint(line)]
    assert len(saved) == 1, "a stop saves, though no save was due"
    assert not (run / "1" / "model").exists()

    status, lines, record = toy.train(run, 2)

    assert status == 0, toy.log(run, 2)
    losses = {line["step"]: line["loss"] for line in lines if "loss" in line}
    expected = {line["step"]: line["loss"] for line in toy.journal(undisturbed) if "loss" in line}
    assert min(losses) == saved[0] + 1
    assert losses == {step: loss for step, loss in expected.items() if step > saved[0]}
    assert_same_weights(weights(run, 2), weights(undisturbed, 1))


def test_a_robbed_trainer_exits_75_and_writes_nothing_more(world, dataset, encoder):
    options = {"batch_size": 2, "epochs": 1000, "save_steps": 20, "log_steps": 1}
    run = toy.make_run(world / "robbed", "reward", dataset, encoder, **options)
    process = toy.start(run, 1)
    wait_for_line(run, 1, process, is_checkpoint)

    # The next attempt claims the run as the supervisor does: by rename.
    (run / "token.new").write_text("2")
    (run / "token.new").rename(run / "token")
    robbed_at = time.time()

    assert process.wait(timeout=120) == 75, toy.log(run)
    assert toy.record(run, 1) is None
    assert not (run / "1" / "model").exists()
    lines = toy.journal(run, 1)
    assert max(line["t"] for line in lines) <= robbed_at + 0.05
    assert json.dumps(lines[-1])
