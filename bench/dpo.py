"""Our DPO trainer against TRL's own, on the same comparisons, model, batch size and steps.

Each is a process of one thread and says its CPU seconds, real tokens, padding and peak memory.
With CONCORD_TEST_DATA the comparisons are hh-rlhf's, else made-up ones of the same shape.
"""

import gzip
import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from bench.measure import ROOT

STEPS, BATCH, MAX_LENGTH, SEED = 30, 4, 256, 1
SHAPE = {"hidden_size": 256, "layers": 4, "heads": 4, "vocab_size": 4096}
WORDS = (
    "order",
    "late",
    "lamp",
    "please",
    "sorry",
    "refund",
    "today",
    "we",
    "you",
    "it",
    "broken",
)
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
WHO = {"stock": "TRL's DPOTrainer", "ours": "ours"}


def run(report, folder: Path, sizes) -> None:
    found = {who: _child(who, folder) for who in WHO}
    for who, name in WHO.items():
        one = found[who]
        report.add(f"dpo, {name}: tokens per CPU second", f"{one['tokens'] / one['cpu']:,.0f}")
        report.add(f"dpo, {name}: real tokens among positions", f"{one['efficiency']:.2f}")
        report.add(f"dpo, {name}: peak memory", f"{one['peak_mib']:,.0f} MiB")
    rates = {who: one["tokens"] / one["cpu"] for who, one in found.items()}
    report.add(
        "dpo, ours against TRL's: tokens per CPU second",
        f"{rates['ours'] / rates['stock']:.2f} times",
        "1.9 times",
    )


def _child(who: str, folder: Path) -> dict:
    answer = subprocess.run(
        [sys.executable, "-m", "bench.dpo", who, str(folder / f"dpo-{who}")],
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        raise RuntimeError(answer.stderr[-2000:])
    return json.loads(answer.stdout.splitlines()[-1])


def comparisons() -> list[tuple[list[dict], str, str]]:
    """(prompt messages, chosen, rejected), in a fixed order."""
    root = os.environ.get("CONCORD_TEST_DATA")
    if root:
        with gzip.open(Path(root) / "hh_rlhf" / "harmless-base-test.jsonl.gz", "rt") as file:
            found = [_split(json.loads(line)) for line in file]
        return [one for one in found if one is not None]
    chance = random.Random(SEED)

    def text(mean):
        return " ".join(chance.choices(WORDS, k=max(3, int(chance.gauss(mean, mean / 2)))))

    return [
        ([{"role": "user", "content": text(90)}], text(35) + ".", text(30) + "!")
        for _ in range(2000)
    ]


def _split(row: dict) -> tuple[list[dict], str, str] | None:
    """hh-rlhf's two dialogues as one prompt with two answers."""
    mark = "\n\nAssistant:"
    at = row["chosen"].rfind(mark)
    if at < 0 or row["chosen"][:at] != row["rejected"][:at]:
        return None
    answers = [row[side][at + len(mark) :].strip() for side in ("chosen", "rejected")]
    if not all(answers) or answers[0] == answers[1]:
        return None
    return [{"role": "user", "content": row["chosen"][:at].strip()}], *answers


class Counting:
    """A collator that adds up real tokens and positions."""

    def __init__(self, collate):
        self.collate, self.tokens, self.positions = collate, 0, 0

    def __call__(self, rows):
        batch = self.collate(rows)
        self.tokens += int(batch["attention_mask"].sum())
        self.positions += batch["attention_mask"].numel()
        return batch


def measure(who: str, folder: Path) -> dict:
    from training import tiny
    from training.data import Comparison, Counts
    from training.tokens import ChatTokeniser

    folder.mkdir(parents=True)
    rows = comparisons()
    texts = (part for prompt, a, b in rows[:2000] for part in (prompt[0]["content"], a, b))
    tokenizer = tiny.train_tokenizer(texts, SHAPE["vocab_size"])
    tiny.make_model(tokenizer, SHAPE, SEED).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    tokeniser = ChatTokeniser(tokenizer, MAX_LENGTH)
    counts = Counts()
    sources = [Comparison(tuple(p), a, b, str(at)) for at, (p, a, b) in enumerate(rows)]
    # What fits whole, so that both see the very same tokens: TRL would cut the responses.
    fitting = []
    for one in sources:
        before = counts.cut
        fitting += [pair for pair in tokeniser.pairs([one], counts) if counts.cut == before]
        if len(fitting) == STEPS * BATCH:
            break
    return (stock if who == "stock" else ours)(folder, tokenizer, fitting)


def stock(folder: Path, tokenizer, pairs) -> dict:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    table = [
        {
            "prompt": list(pair.source.prompt),
            "chosen": [{"role": "assistant", "content": pair.source.chosen}],
            "rejected": [{"role": "assistant", "content": pair.source.rejected}],
        }
        for pair in pairs
    ]
    trainer = DPOTrainer(
        model=str(folder / "model"),
        args=DPOConfig(
            output_dir=str(folder / "out"),
            per_device_train_batch_size=BATCH,
            max_steps=STEPS,
            learning_rate=1e-4,
            max_length=MAX_LENGTH,
            bf16=False,
            activation_checkpointing=False,
            use_cpu=True,
            report_to="none",
            save_strategy="no",
            logging_steps=5,
            disable_tqdm=True,
            dataloader_pin_memory=False,
            seed=SEED,
        ),
        train_dataset=Dataset.from_list(table),
        processing_class=tokenizer,
    )
    trainer.data_collator = Counting(trainer.data_collator)
    began = time.process_time()
    trainer.train()
    return _figures(trainer.data_collator, time.process_time() - began)


def ours(folder: Path, tokenizer, pairs) -> dict:
    """With the reference scored beforehand, its seconds counted."""
    from training import policy, trainers
    from training.alarms import Alarms
    from training.options import read_options

    options = {"batch_size": BATCH, "learning_rate": 1e-4, "warmup": 0.0, "max_steps": STEPS}
    silent = SimpleNamespace(
        progress=lambda *a, **k: None, metric=lambda *a, **k: None, check_token=lambda: None
    )
    training = SimpleNamespace(
        options=read_options("dpo", options | {"save_steps": 10**6}),
        out=folder,
        folder=folder,
        seed=SEED,
        journal=silent,
        cancel_asked=False,
        alarms=Alarms("dpo"),
    )
    model = policy.load_policy(folder / "model")
    both = [(pair.prompt, pair.chosen) for pair in pairs]
    both += [(pair.prompt, pair.rejected) for pair in pairs]
    began = time.process_time()
    scores = policy.score_responses(model, both, tokenizer.pad_token_id, lambda *done: None)
    steps = {"total_steps": STEPS, "rate": 1e-4, "evaluate": lambda step: None, "state": {}}
    trainer = trainers.dpo_trainer(
        training,
        model,
        None,
        tokenizer,
        pairs,
        (scores[: len(pairs)], scores[len(pairs) :]),
        **steps,
    )
    trainer.args.save_strategy = "no"
    trainer.data_collator = Counting(trainer.data_collator)
    trainer.train()
    return _figures(trainer.data_collator, time.process_time() - began)


def _figures(counted: Counting, seconds: float) -> dict:
    return {
        "cpu": seconds,
        "tokens": counted.tokens,
        "efficiency": counted.tokens / counted.positions,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
