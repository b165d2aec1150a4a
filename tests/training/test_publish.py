"""A published model loads by itself, scores as in training, has no pickle, tells its limits."""

import json
import shutil

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from transformers import (  # noqa: E402
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from tests.training import toy  # noqa: E402
from training.checkpoint import matches, sha256_of  # noqa: E402
from training.reward_model import RewardModel  # noqa: E402

pytestmark = pytest.mark.train
KINDS = ["sft", "causal_reward", "encoder_reward", "dpo", "kto"]
PICKLES = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}


@pytest.fixture(params=KINDS)
def published(request):
    run, _, record = request.getfixturevalue(request.param)
    return run / "1" / "model", record


def test_the_folder_is_complete_and_free_of_pickles(published):
    folder, record = published
    names = {path.name for path in folder.iterdir()}

    assert {"model.safetensors", "tokenizer.json", "README.md", "manifest.json"} <= names
    assert not [name for name in names if "." + name.rsplit(".", 1)[-1] in PICKLES]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["files"]) == names - {"manifest.json"}
    assert matches(folder, manifest["files"])
    assert record["files"] == {f"model/{path.name}": sha256_of(path) for path in folder.iterdir()}


def test_pickles_stay_in_the_checkpoints_where_they_are_looked_for(dpo):
    """The positive control of the test above: the trainer's own checkpoints do have some."""
    found = {path.suffix for path in (dpo[0] / "1" / "checkpoints").rglob("*")}

    assert found & PICKLES


def test_the_card_names_dataset_counts_baseline_and_limits(published, dataset):
    folder, record = published
    card = (folder / "README.md").read_text()

    assert dataset["hash"] in card
    assert f"| Read | {record['counts']['read']:,} |" in card
    assert f"| Kept | {record['counts']['kept']:,} |" in card
    assert "## Limits" in card
    assert "Before the first step: Loss, held out" in card
    if record["kind"] != "sft":
        assert "Length alone, the longer response wins | 1.000" in card
        assert "**not better than length" in card
    assert not [word for word in ("None", "True", "False") if f"| {word} |" in card]
    for reason, count in record["counts"]["dropped"].items():
        assert f"| Dropped: {reason} | {count:,} |" in card


def test_a_policy_loads_with_its_chat_template(policy_folder):
    model = AutoModelForCausalLM.from_pretrained(policy_folder)
    tokenizer = AutoTokenizer.from_pretrained(policy_folder)
    prompt = [{"role": "user", "content": "My lamp is late."}]

    text = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)

    assert text.endswith("<|im_start|>assistant\n")
    assert model.config.eos_token_id == tokenizer.eos_token_id


@pytest.mark.parametrize("fixture", ["causal_reward", "encoder_reward"])
def test_rewards_leave_a_model_normalised_by_its_training_split(fixture, dataset, request):
    folder = request.getfixturevalue(fixture)[0] / "1" / "model"
    reward = RewardModel.load(folder)
    rows = []
    for split in ("train",):
        path = f"{dataset['path']}/preferences.{split}.jsonl"
        with open(path) as file:
            for row in map(json.loads, file):
                for side in ("chosen", "rejected"):
                    rows.append((json.dumps(row["prompt"]), row[side][0]["content"]))
    unique = list(dict.fromkeys(rows))
    prompts = [tuple(json.loads(prompt)) for prompt, _ in unique]

    scores = reward.score(prompts, [text for _, text in unique])

    assert float(scores.mean()) == pytest.approx(0, abs=1e-3)
    assert float(scores.std(correction=0)) == pytest.approx(1, abs=1e-3)


def test_a_reward_does_not_depend_on_its_neighbours_in_the_batch(causal_reward, encoder_reward):
    prompt = ({"role": "user", "content": toy.make_prompt(3)},)
    texts = ["No.", toy.COURTEOUS[0], toy.CURT[1] * 3]
    for run, _, _ in (causal_reward, encoder_reward):
        reward = RewardModel.load(run / "1" / "model")

        together = reward.score([prompt] * 3, texts)
        alone = [float(reward.score([prompt], [text])[0]) for text in texts]

        assert together.tolist() == pytest.approx(alone, abs=1e-4)
        assert float(together[1]) > float(together[0])


def test_a_response_too_long_to_read_is_refused_not_cut(encoder_reward):
    reward = RewardModel.load(encoder_reward[0] / "1" / "model")
    prompt = ({"role": "user", "content": "Hm?"},)
    assert len(reward.score([prompt], ["word " * 400])) == 1

    with pytest.raises(ValueError, match="too long"):
        reward.score([prompt], ["word " * 600])


def test_the_bodies_load_with_the_library_alone(causal_reward, encoder_reward):
    causal = AutoModelForSequenceClassification.from_pretrained(causal_reward[0] / "1" / "model")
    assert causal.config.num_labels == 1
    body = AutoModel.from_pretrained(encoder_reward[0] / "1" / "model")
    assert body.config.hidden_size == 384


def test_a_changed_base_model_is_refused(world, dataset, policy_folder, tmp_path):
    base = tmp_path / "base"
    shutil.copytree(policy_folder, base)
    config = (base / "config.json").read_text()
    (base / "config.json").write_text(config + " ")
    run = toy.make_run(world / "changed-base", "dpo", dataset, base)

    status, _, record = toy.train(run)

    assert status == 64, toy.log(run)
    assert "differ from its manifest" in record["error"]


def test_a_reward_model_is_no_policy(world, dataset, causal_reward):
    folder = causal_reward[0] / "1" / "model"
    run = toy.make_run(world / "wrong-base", "dpo", dataset, folder)

    status, _, record = toy.train(run)

    assert status == 64
    assert "is a reward model" in record["error"]
