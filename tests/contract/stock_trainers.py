"""Loads exports with `datasets` and takes one step of each of TRL's own trainers on them.

Run as a program, in a process of its own, outside the repository: `stock_trainers.py FOLDER`, in
which each folder is an export. It imports nothing of ours. The last line of its output says what
came of each, as JSON.
"""

import json
import sys
from pathlib import Path

import torch
from datasets import load_dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
)
from trl import (
    DPOConfig,
    DPOTrainer,
    KTOConfig,
    KTOTrainer,
    RewardConfig,
    RewardTrainer,
    SFTConfig,
    SFTTrainer,
)

TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<eos>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
MARKS = ["<pad>", "<eos>", "<unk>", "<|user|>", "<|assistant|>", "<|system|>"]


def tokenizer():
    """A character a token: whatever text there is."""
    vocabulary = {mark: number for number, mark in enumerate(MARKS)}
    for number in range(32, 127):
        vocabulary[chr(number)] = len(vocabulary)
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))  # noqa: S106
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    made.add_special_tokens(MARKS)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    fast.chat_template = TEMPLATE
    return fast


TOKENIZER = tokenizer()
SIZES = LlamaConfig(
    vocab_size=len(TOKENIZER),
    hidden_size=16,
    intermediate_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    num_key_value_heads=2,
    max_position_embeddings=512,
    pad_token_id=TOKENIZER.pad_token_id,
    eos_token_id=TOKENIZER.eos_token_id,
)


def policy(folder):
    """From a folder, as theirs come: TRL loads its reference model from the same one."""
    LlamaForCausalLM(SIZES).save_pretrained(folder)
    return LlamaForCausalLM.from_pretrained(folder)


def scorer(folder):
    SIZES.num_labels = 1
    LlamaForSequenceClassification(SIZES).save_pretrained(folder)
    return LlamaForSequenceClassification.from_pretrained(folder)


TRAINERS = {
    "preference": (DPOTrainer, DPOConfig, policy),
    "preference-implicit": (DPOTrainer, DPOConfig, policy),
    "preference-standard": (DPOTrainer, DPOConfig, policy),
    "soft": (DPOTrainer, DPOConfig, policy),
    "reward": (RewardTrainer, RewardConfig, scorer),
    "unpaired": (KTOTrainer, KTOConfig, policy),
    "sft": (SFTTrainer, SFTConfig, policy),
    "sft-messages": (SFTTrainer, SFTConfig, policy),
}


def step(kind, rows, folder):
    trainer_class, config, model = TRAINERS[kind]
    torch.manual_seed(0)
    options = config(
        output_dir=str(folder),
        max_steps=1,
        per_device_train_batch_size=4,
        logging_steps=1,
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        bf16=False,
        max_length=256,
        gradient_checkpointing=False,
        disable_tqdm=True,
    )
    trainer = trainer_class(
        model=model(folder / "model"), args=options, train_dataset=rows, processing_class=TOKENIZER
    )
    trainer.train()
    return next(entry["loss"] for entry in trainer.state.log_history if "loss" in entry)


def main(root):
    said = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        loaded = load_dataset(str(folder), cache_dir=str(root.parent / "cache"))
        kind = folder.name.removesuffix(".parquet")
        said[folder.name] = {
            "rows": {split: len(rows) for split, rows in loaded.items()},
            "columns": loaded["train"].column_names,
            "loss": step(kind, loaded["train"], root.parent / "out") if kind in TRAINERS else None,
        }
    print(json.dumps(said))  # noqa: T201  the answer


main(Path(sys.argv[1]))
