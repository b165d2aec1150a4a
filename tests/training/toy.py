"""A little world whose preferences are learnable by construction: courteous beats curt."""

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

from tests.training.forked import Forked
from training.data import manifest_hash
from training.run import READERS

ROOT = Path(__file__).resolve().parents[2]
GOODS = ("lamp", "chair", "kettle", "radio", "blanket", "mirror")
TROUBLES = ("is late", "arrived broken", "has a wrong colour", "is missing a part")
COURTEOUS = (
    "I am so sorry about that. We will send a new one today. Kind regards.",
    "Thank you for telling us. A new one is on its way. Warm regards.",
    "Please accept our apology. We refund order {n} at once. Kind regards.",
)
CURT = ("No.", "Not our problem. Read the terms.", "Order {n} is closed. Stop writing.")


def make_prompt(number):
    chance = random.Random(number)
    return f"My {chance.choice(GOODS)} {chance.choice(TROUBLES)}, order {number}."


def prompt_hash(text):
    return hashlib.sha256(text.encode()).hexdigest()


def make_dataset(folder, *, train=48, dev=8, test=12, edit=None):
    """Write a dataset folder; `edit(files)` may change the rows by file name before hashing."""
    folder.mkdir(parents=True)
    files = {
        f"{kind}.{split}.jsonl": []
        for kind in ("preferences", "ties", "sft")
        for split in ("train", "dev", "test")
    }
    number = 0
    for split, count in (("train", train), ("dev", dev), ("test", test)):
        for _ in range(count):
            number += 1
            chance = random.Random(-number)
            text = make_prompt(number)
            base = {
                "prompt": [{"role": "user", "content": text}],
                "item": f"x{number}",
                "prompt_sha256": prompt_hash(text),
            }
            good, bad = ([c.format(n=number) for c in replies] for replies in (COURTEOUS, CURT))
            for chosen, rejected in ((0, 0), (1, chance.randrange(3))):
                files[f"preferences.{split}.jsonl"].append(
                    base
                    | {
                        "chosen": say(good[chosen]),
                        "rejected": say(bad[rejected]),
                        "margin": 0.667,
                        "weight": 1.0,
                        "n_votes": 3,
                        "p_chosen": chance.choice((1.0, 0.833)),
                        "chosen_id": f"g{chosen}",
                        "rejected_id": f"b{rejected}",
                        "judgments": [f"x{number}/w1/1"],
                    }
                )
            if number % 8 == 0:
                files[f"ties.{split}.jsonl"].append(
                    base
                    | {
                        "first": say(good[1]),
                        "second": say(good[2]),
                        "first_id": "g1",
                        "second_id": "g2",
                        "p_first": 0.5,
                        "margin": 0.0,
                        "weight": 1.0,
                        "n_votes": 2,
                        "judgments": [],
                    }
                )
            for reply in (chance.choice(good), chance.choice(bad)):
                files[f"sft.{split}.jsonl"].append(
                    base | {"completion": say(reply), "response_id": "g"}
                )
    if edit is not None:
        edit(files)
    return freeze(folder, files)


def say(text):
    return [{"role": "assistant", "content": text}]


def freeze(folder, files):
    """Write files and manifest as docs/formats.md has it; returns the dataset's config entry."""
    entries = {}
    for name, rows in files.items():
        raw = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        (folder / name).write_bytes(raw)
        entries[name] = {
            "rows": len(rows),
            "bytes": len(raw),
            "sha256": hashlib.sha256(raw).hexdigest(),
        }
    manifest = {
        "format": "concord-dataset/1",
        "policy": {},
        "counts": {"comparisons": {}, "dropped": {}, "files": entries},
    }
    manifest["hash"] = manifest_hash(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return {"path": str(folder), "hash": manifest["hash"]}


def make_encoder(folder):
    """A random BERT of 30,000 parameters: imports aside, its runs cost next to nothing."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = sorted({word for n in range(400) for word in make_prompt(n).split()})
    letters = sorted(set("".join(words) + " ".join(COURTEOUS + CURT) + "0123456789"))
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + c for c in letters)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(vocab))
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=512,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def make_run(folder, kind, dataset, base=None, *, reward=None, seed=11, **options):
    """A run folder with its config.json; the attempt is claimed by `start`."""
    folder.mkdir(parents=True)
    config = {
        "format": "concord-run/1",
        "kind": kind,
        "run": folder.name,
        "seed": seed,
        "dataset": dataset,
        "base": None if base is None else {"path": str(base)},
        "reward": None if reward is None else {"path": str(reward)},
        "options": options,
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def start(run, token=1, *, fresh=False, **environment):
    """Start the trainer of a run folder as attempt `token`, its output going to log.txt. `fresh`
    is a Python process from nothing; else one that has its libraries at hand."""
    (run / "token").write_text(str(token))
    kind = json.loads((run / "config.json").read_text())["kind"]
    module = f"training.{kind}" if kind in READERS else f"training.train_{kind}"
    out = run / str(token)
    out.mkdir(exist_ok=True)
    if not fresh:
        return Forked(module, [str(run), str(token)], out / "log.txt", environment)
    with (out / "log.txt").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", module, str(run), str(token)],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **environment},
        )


def train(run, token=1, *, fresh=False, **environment):
    """Run an attempt to its end: (exit status, journal lines, run.json or None)."""
    process = start(run, token, fresh=fresh, **environment)
    try:
        status = process.wait(timeout=600)
    finally:
        process.kill()
    return status, journal(run, token), record(run, token)


def journal(run, token=1):
    path = run / str(token) / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def record(run, token=1):
    path = run / str(token) / "run.json"
    return json.loads(path.read_text()) if path.exists() else None


def log(run, token=1):
    return (run / str(token) / "log.txt").read_text()
