"""A small Llama-shaped model with its own tokenizer, made from a dataset's texts.

It lets the whole loop run where there is no GPU and no model to download: the demo world and the
tests train it from nothing. Byte-level BPE, so that no text is unknown to it.
"""

from collections.abc import Iterable
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from training.data import Demonstration

PAD, BEGIN, END = "<|pad|>", "<|im_start|>", "<|im_end|>"
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE of `texts`: 256 bytes, 3 control tokens, and merges up to `vocab_size`."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[BEGIN],
        chat_template=CHATML,
        model_max_length=4096,
        clean_up_tokenization_spaces=False,
    )


def texts_of(rows: Iterable[Demonstration]) -> Iterable[str]:
    for row in rows:
        yield from (message["role"] + "\n" + message["content"] for message in row.prompt)
        yield row.completion


def make_model(tokenizer: Any, options: dict[str, Any], seed: int) -> LlamaForCausalLM:
    """A Llama of random weights; 2.0 M parameters with the default options."""
    hidden, heads = options["hidden_size"], options["heads"]
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=round(hidden * 8 / 3 / 32) * 32 or 32,
        num_hidden_layers=options["layers"],
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    return LlamaForCausalLM(config)
