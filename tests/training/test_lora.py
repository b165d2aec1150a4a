"""LoRA: the adapter is saved, the merged model published, the reward head kept."""

import json
import shutil

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from peft import PeftModel  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from transformers import (  # noqa: E402
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
)

from tests.training import toy  # noqa: E402
from tests.training.conftest import finished  # noqa: E402
from training.errors import ConfigError  # noqa: E402
from training.options import read_options  # noqa: E402

pytestmark = pytest.mark.train
SHORT = {"batch_size": 8, "log_steps": 4, "eval_steps": 8, "save_steps": 4, "lora_rank": 4}


@pytest.fixture(scope="module")
def lora_dpo(world, dataset, policy_folder):
    run = toy.make_run(world / "lora-dpo", "dpo", dataset, policy_folder, max_steps=8, **SHORT)
    return finished(run)


def logits(model):
    model.eval()
    with torch.no_grad():
        return model(input_ids=torch.arange(3, 40)[None]).logits


@pytest.mark.filterwarnings("ignore::FutureWarning")  # peft asks by an old name
def test_the_published_model_is_base_and_adapter_merged(lora_dpo, policy_folder):
    folder = lora_dpo[0] / "1" / "model"
    merged = AutoModelForCausalLM.from_pretrained(folder)
    base = AutoModelForCausalLM.from_pretrained(policy_folder)
    alone = logits(base)

    adapted = PeftModel.from_pretrained(base, folder / "adapter")

    assert float((logits(adapted) - logits(merged)).abs().max()) < 1e-4
    assert float((alone - logits(merged)).abs().max()) > 1e-3, "it learned something"
    with adapted.disable_adapter():
        assert float((logits(adapted) - alone).abs().max()) < 1e-5


def test_checkpoints_hold_the_adapter_alone_and_no_path_is_told(lora_dpo):
    run, lines, record = lora_dpo
    saved = run / "1" / "checkpoints" / "step-8"

    assert record["initial"]["eval_loss"] == pytest.approx(0.693147, abs=1e-4)
    assert (saved / "adapter_model.safetensors").is_file()
    assert not (saved / "model.safetensors").exists()
    config = json.loads((run / "1" / "model" / "adapter" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] is None
    assert (config["r"], config["lora_alpha"]) == (4, 8)
    assert (
        "adapter/adapter_model.safetensors" in (run / "1" / "model" / "manifest.json").read_text()
    )


def test_a_resumed_run_ends_with_the_same_adapter(lora_dpo, world):
    run = world / "lora-resumed"
    shutil.copytree(lora_dpo[0], run)
    (run / "1" / "checkpoints" / "step-8" / "checkpoint.json").unlink()  # as if killed in the save

    status, lines, _ = toy.train(run, token=2)

    assert status == 0, toy.log(run, 2)
    steps = [line["step"] for line in lines if line["type"] == "metric" and "loss" in line]
    assert min(steps) > 4, "it went on"
    first, second = (
        load_file(run / token / "model" / "adapter" / "adapter_model.safetensors")
        for token in ("1", "2")
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_reward_head_is_trained_saved_and_published(world, dataset, policy_folder):
    run = toy.make_run(world / "lora-reward", "reward", dataset, policy_folder, **SHORT)
    run, _, record = finished(run)
    folder = run / "1" / "model"

    adapter = load_file(folder / "adapter" / "adapter_model.safetensors")
    head = next(tensor for name, tensor in adapter.items() if "score" in name)
    published = AutoModelForSequenceClassification.from_pretrained(folder)

    assert float(head.abs().max()) > 0, "heads start at zero"
    assert torch.equal(published.score.weight.detach(), head)
    assert record["metrics"]["accuracy"]["value"] > 0.9


def test_what_lora_cannot_do_is_refused_with_a_reason():
    assert read_options("sft", {"lora_rank": 8, "lora_alpha": 4.0})["lora_rank"] == 8
    for kind, options, reason in (
        ("sft", {"quantize": "nf4"}, "weights in 4 bits are not trained"),
        ("reward", {"lora_alpha": 4.0}, "needs a lora_rank"),
        ("dpo", {"lora_rank": 8, "precompute_reference": False}, "needs precompute_reference"),
    ):
        with pytest.raises(ConfigError, match=reason):
            read_options(kind, options)


@pytest.mark.parametrize(("kind", "reason"), [("reward", "causal models"), ("sft", "base model")])
def test_lora_without_a_causal_base_model_is_refused(world, dataset, kind, reason):
    run = toy.make_run(world / f"lora-baseless-{kind}", kind, dataset, lora_rank=4)

    status, _, record = toy.train(run)

    assert (status, reason in record["error"]) == (64, True)


def test_four_bits_without_what_they_need_are_a_sentence(monkeypatch):
    from training import quantize

    assert quantize.loading("none", bf16=False) == {}
    monkeypatch.setattr(quantize, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="bitsandbytes, which is not installed"):
        quantize.loading("nf4", bf16=False)
    monkeypatch.setattr(quantize, "find_spec", lambda name: object())
    monkeypatch.setattr(quantize, "has_device", lambda: False)
    with pytest.raises(ConfigError, match="needs a CUDA device"):
        quantize.loading("nf4", bf16=False)
