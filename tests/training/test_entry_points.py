"""The four trainers as processes, from a dataset folder to a published model."""

import json

import pytest

pytest.importorskip("torch", reason="the train extra is not installed")

from tests.training import toy  # noqa: E402

pytestmark = pytest.mark.train


def of_type(lines, kind):
    return [line for line in lines if line["type"] == kind]


def test_sft_makes_a_small_policy_that_learned_the_replies(sft):
    _, lines, record = sft

    assert record["status"] == "done"
    assert record["metrics"]["test_loss"] < 0.6 * record["initial"]["eval_loss"]
    steps = [line["step"] for line in of_type(lines, "metric") if "loss" in line]
    assert steps == sorted(steps)
    assert {"check data", "load models", "train", "evaluate", "publish"} == {
        line["stage"] for line in of_type(lines, "progress")
    }


@pytest.mark.parametrize("fixture", ["sft", "dpo"])
def test_a_run_tells_its_last_step_and_shows_what_it_writes(fixture, request):
    _, lines, record = request.getfixturevalue(fixture)

    total = record["settings"]["steps"]
    assert max(line["step"] for line in of_type(lines, "metric") if "loss" in line) == total
    trained = [line for line in of_type(lines, "progress") if line["stage"] == "train"]
    assert max(line.get("step", 0) for line in trained) == total
    samples = of_type(lines, "sample")
    assert {0, total} <= {line["step"] for line in samples}
    assert len({line["prompt"] for line in samples}) == 3
    assert all(isinstance(line["text"], str) for line in samples)
    assert record["machine"]["memory"] > record["machine"]["peak_memory"] > 10_000_000


@pytest.mark.parametrize("fixture", ["causal_reward", "encoder_reward"])
def test_a_reward_model_tells_courteous_from_curt(fixture, request):
    run, lines, record = request.getfixturevalue(fixture)

    assert record["initial"]["eval_loss"] == pytest.approx(0.693147, abs=1e-4)
    assert record["metrics"]["accuracy"]["value"] >= 0.95
    # In the toy world the courteous reply is always longer: the card must not hide it.
    assert record["baselines"]["length"] == pytest.approx(
        record["baselines"]["length"] | {"value": 1.0, "rule": "longer"}
    )
    assert record["metrics"]["beats_length"]["better"] is False
    card = (run / "1" / "model" / "README.md").read_text()
    assert "not better than length" in card
    assert record["counts"]["dropped"] == {"tie": 2}
    spec = json.loads((run / "1" / "model" / "reward.json").read_text())
    assert spec["std"] > 0.01


def test_an_evaluation_keeps_to_eval_rows_and_a_tie_too_long_to_learn_is_counted(tmp_path):
    def lengthen(files):
        files["ties.train.jsonl"][0]["first"] = toy.say("lamp " * 600)

    dataset = toy.make_dataset(tmp_path / "dataset", train=8, dev=8, test=8, edit=lengthen)
    options = {"max_steps": 1, "eval_rows": 2, "max_length": 96, "allow_drops": True}
    status, lines, record = toy.train(toy.make_run(tmp_path / "run", "reward", dataset, **options))

    assert status == 0
    assert record["counts"] == {
        "read": 51, "kept": 48, "cut": 0, "dropped": {"tie": 2, "too long": 1},
    }  # fmt: skip
    first = next(line for line in of_type(lines, "progress") if line["stage"] == "evaluate")
    assert first["total"] <= 4, "two comparisons have at most four responses; dev has 16"


def test_dpo_starts_at_ln_2_and_learns_the_preference(dpo):
    _, lines, record = dpo

    first = of_type(lines, "metric")[0]
    assert first["step"] == 0
    assert first["eval_loss"] == pytest.approx(0.693147, abs=1e-4)
    assert first["eval_rewards/margins"] == pytest.approx(0, abs=1e-4)
    assert record["initial"]["eval_loss"] == first["eval_loss"]
    assert record["metrics"]["accuracy"]["value"] >= 0.95
    assert record["metrics"]["margin"] > 0.5


def test_generate_writes_n_responses_to_each_prompt(world, policy_folder):
    prompts = world / "prompts.jsonl"
    rows = [
        {"id": f"p{n}", "prompt": [{"role": "user", "content": toy.make_prompt(900 + n)}]}
        for n in range(5)
    ]
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = {"prompts": str(prompts), "n": 3, "max_new_tokens": 24, "batch_size": 4}

    runs = [
        toy.make_run(world / name, "generate", None, policy_folder, **options)
        for name in ("generate-a", "generate-b")
    ]
    for run in runs:
        status, _, record = toy.train(run)
        assert status == 0, toy.log(run)
    texts = [(run / "1" / "responses.jsonl").read_text() for run in runs]
    responses = [json.loads(line) for line in texts[0].splitlines()]

    assert [(row["prompt"], row["index"]) for row in responses] == [
        (f"p{n}", index) for n in range(5) for index in range(3)
    ]
    assert texts[0] == texts[1], "the same seed gives the same responses"
    assert {row["finish_reason"] for row in responses} <= {"stop", "length"}
    assert all(0 < row["num_tokens"] <= 24 for row in responses)
    assert record["metrics"]["responses"] == 15
