"""Tiny untrained models as published folders: what they say is noise, but always the same."""

import json
from pathlib import Path

from tests.training import toy
from training import checkpoint
from training.card import FORMAT


def make_policy(folder: Path) -> Path:
    """A Llama of 20,000 parameters with its tokenizer and chat template."""
    from training.tiny import make_model, train_tokenizer

    texts = [toy.make_prompt(n) for n in range(40)] + list(toy.COURTEOUS + toy.CURT)
    tokenizer = train_tokenizer(texts, 320)
    model = make_model(tokenizer, {"hidden_size": 32, "layers": 1, "heads": 2}, seed=3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return seal(folder, "policy")


def make_reward(folder: Path, *, members: int = 1) -> Path:
    """A random encoder with random heads."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    from training.reward_model import EncoderReward, EncoderTokeniser, RewardModel

    toy.make_encoder(folder)
    torch.manual_seed(5)
    network = EncoderReward(AutoModel.from_pretrained(folder), "mean", members)
    torch.nn.init.normal_(network.head.weight)
    spec = {
        "architecture": "encoder",
        "pooling": "mean",
        "max_length": 64,
        "mean": 0.5,
        "std": 2.0,
    }
    if members > 1:
        spec["heads"] = {
            "criteria": [""], "weights": [1.0], "members": members,
            "factor": [1 / members] * members, "shift": [0.0] * members,
        }  # fmt: skip
    tokeniser = EncoderTokeniser(AutoTokenizer.from_pretrained(folder), 64)
    RewardModel(network, tokeniser, spec).save(folder)
    return seal(folder, "reward")


def seal(folder: Path, kind: str) -> Path:
    (folder / "manifest.json").unlink(missing_ok=True)
    manifest = {"format": FORMAT, "kind": kind, "files": checkpoint.list_files(folder)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
