"""Our DPO beside stock TRL on one device: `python -m bench.gpu [--size 0.5b|1b|tiny]`.

A model of random weights in a real size, the same comparisons, batch and lengths for both, each in
a process of its own: the entry point that the platform starts, and TRL's DPOTrainer as it comes.
Prints tokens a second (real tokens of both sides over the time from the first look of the
reference to the last step) and the most memory held. `tiny` is for a CPU: it shows that this
works, and no speed that means anything on a GPU.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.training import toy

# hidden, layers, heads, vocabulary: Llamas of 0.49, 1.1 billion and 0.2 million parameters.
SIZES = {
    "0.5b": (1280, 22, 20, 32_000),
    "1b": (2048, 20, 32, 32_000),
    "tiny": (64, 2, 4, 400),
}


def build(folder: Path, size: str, rows: int, words: int) -> dict:
    """Dataset and base model; the tokenizer is made from the texts, the head has `vocabulary`."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from training import tiny

    chance = random.Random(1)  # noqa: S311 - texts, no secrets
    pool = sorted({w for n in range(400) for w in toy.make_prompt(n).split()})

    def lengthen(files):
        for split in files.values():
            for row in split:
                for side in ("chosen", "rejected"):
                    if side in row:
                        more = " ".join(chance.choices(pool, k=chance.randrange(words)))
                        row[side][0]["content"] += f" {more}"

    dataset = toy.make_dataset(folder / "dataset", train=rows // 2, dev=2, test=2, edit=lengthen)
    lines = (folder / "dataset" / "preferences.train.jsonl").read_text().splitlines()
    texts = [json.loads(line)["chosen"][0]["content"] for line in lines]
    hidden, layers, heads, vocabulary = SIZES[size]
    tokenizer = tiny.train_tokenizer(texts, min(vocabulary, 4096))
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=round(hidden * 8 / 3 / 64) * 64,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder / "base")
    tokenizer.save_pretrained(folder / "base")
    return dataset


def ours(folder: Path, dataset: dict, batch: int, length: int) -> tuple[float, int]:
    """(seconds, bytes) of training.train_dpo over one epoch."""
    options = {"batch_size": batch, "max_length": length, "eval_rows": 1, "log_steps": 1}
    options |= {"eval_steps": 10**6, "save_steps": 10**6}
    run = toy.make_run(folder / "ours", "dpo", dataset, folder / "base", **options)
    code, lines, record = toy.train(run, fresh=True)
    if code != 0 or record is None:
        sys.exit(toy.log(run))
    looks = [one for one in lines if one["type"] == "progress" and one["stage"] == "load models"]
    begun = next(one["t"] for one in looks if "step" in one)
    ended = max(one["t"] for one in lines if one["type"] == "metric" and "loss" in one)
    return ended - begun, record["machine"]["peak_memory"]


def stock(folder: Path, batch: int, length: int) -> tuple[float, int]:
    """(seconds, bytes) of TRL's DPOTrainer over the same epoch, in a process of its own."""
    command = [sys.executable, "-m", "bench.gpu", "--stock", str(folder), str(batch), str(length)]
    done = subprocess.run(command, cwd=toy.ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stderr)
    seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak


def be_stock(folder: Path, batch: int, length: int) -> None:
    """In that process: everything as TRL has it, but for what must be the same for both."""
    import torch
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    from training.run import machine

    lines = (folder / "dataset" / "preferences.train.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    table = [{name: row[name] for name in ("prompt", "chosen", "rejected")} for row in rows]
    has_gpu = torch.cuda.is_available()
    arguments = DPOConfig(
        output_dir=str(folder / "stock"),
        per_device_train_batch_size=batch,
        num_train_epochs=1,
        max_length=length,
        bf16=has_gpu,
        use_cpu=not has_gpu,
        activation_checkpointing=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_steps=10,
    )
    trainer = DPOTrainer(
        model=str(folder / "base"), args=arguments, train_dataset=Dataset.from_list(table)
    )
    began = time.monotonic()
    trainer.train()
    print(json.dumps([time.monotonic() - began, machine()["peak_memory"]]))


def count_tokens(folder: Path) -> int:
    """Real tokens of prompts and both responses, each side once."""
    from transformers import AutoTokenizer

    from training.data import Dataset
    from training.tokens import ChatTokeniser

    tokeniser = ChatTokeniser(AutoTokenizer.from_pretrained(folder / "base"), 4096)
    total = 0
    for one in Dataset(folder / "dataset").comparisons("train"):
        prompt = len(tokeniser.encode_prompt(one.prompt))
        sides = (one.chosen, one.rejected)
        total += sum(prompt + len(tokeniser.encode_response(side)) for side in sides)
    return total


def main() -> None:
    if sys.argv[1:2] == ["--stock"]:
        be_stock(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument("--size", choices=list(SIZES), default="0.5b")
    parser.add_argument("--rows", type=int, default=512, help="comparisons")
    parser.add_argument("--batch", type=int, default=2, help="comparisons a step")
    parser.add_argument("--words", type=int, default=300, help="at most, added to a response")
    parser.add_argument("--length", type=int, default=1024, help="max_length")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="concord-gpu-") as name:
        folder = Path(name)
        dataset = build(folder, asked.size, asked.rows, asked.words)
        tokens = count_tokens(folder)
        results = {
            "ours": ours(folder, dataset, asked.batch, asked.length),
            "stock TRL": stock(folder, asked.batch, asked.length),
        }
    import torch

    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
    print(f"DPO, {asked.size}, {asked.rows} comparisons, {tokens:,} tokens, {device}\n")
    print("| Trainer | Seconds | Tokens a second | Most memory |\n|---|---|---|---|")
    for trainer, (seconds, peak) in results.items():
        print(f"| {trainer} | {seconds:.1f} | {tokens / seconds:,.0f} | {peak / 1e9:.2f} GB |")


if __name__ == "__main__":
    main()
