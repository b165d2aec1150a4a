"""The policy: loading it, batches of ids for it, and log-probabilities of responses under it."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer

from training import adapters, quantize, ranks
from training.errors import ConfigError
from training.tokens import DEFAULT_MAX_LENGTH, TokenisedText, in_length_order

# Peak learning rates by kind: (below SMALL_MODEL, above). Small models bear and need more.
LEARNING_RATES = {
    "sft": (3e-4, 2e-5),
    "reward": (3e-4, 1e-5),
    "dpo": (1e-4, 1e-6),
    "kto": (1e-4, 1e-6),
    "rl": (1e-4, 1e-6),
    "fresh": (2e-3, 6e-4),
    "encoder": (6e-5, 1e-5),
}
# What `collate` makes of rows.
BATCH = ("input_ids", "attention_mask", "response_mask")
SMALL_MODEL = 10_000_000  # parameters


def device() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda", ranks.local())
    return torch.device("cpu")


def use_bf16(precision: str) -> bool:
    """bf16 where asked for, or where it pays without asking: on a GPU that has it."""
    if precision == "auto":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return precision == "bf16"


def autocast(bf16: bool) -> contextlib.AbstractContextManager[Any]:
    """Forward passes in bf16 with fp32 weights, or plain fp32."""
    if not bf16:
        return contextlib.nullcontext()
    return torch.autocast(device().type, dtype=torch.bfloat16)


def load_tokenizer(folder: Path) -> Any:
    try:
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"no usable tokenizer in the base model: {error}") from error


def load_policy(folder: Path, options: Mapping[str, Any] | None = None) -> Any:
    """A causal language model with fp32 weights, dropout off, from a local folder; its linear
    layers in 4 bits where a run's options say so."""
    more = quantized(options or {})
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, trust_remote_code=False, use_safetensors=True, **more
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"no causal language model in {folder}: {error}") from error
    ready: Any = fit_threads(disable_dropout(model))
    return ready if more else ready.to(device())  # quantized, it stands where it belongs


def quantized(options: Mapping[str, Any]) -> dict[str, Any]:
    """What `from_pretrained` is told besides for the frozen weights that a run asks for."""
    bf16 = use_bf16(options.get("precision", "auto"))
    return quantize.loading(options.get("quantize", "none"), bf16=bf16)


def fit_threads(model: nn.Module) -> nn.Module:
    """One thread for a model so small that a second one mostly waits for the first.

    A 2 M model took 0.16 s a step with one thread and 0.20 s with two on two cores of which
    another process used one (1.2 s when waiting threads spin; see OMP_WAIT_POLICY in run.py).
    """
    if device().type == "cpu" and parameter_count(model) < SMALL_MODEL:
        torch.set_num_threads(1)
    return model


def disable_dropout(model: nn.Module) -> nn.Module:
    """Preference losses compare two passes of a model: with dropout they compare noise."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if hasattr(model, "config") and hasattr(model.config, "attention_dropout"):
        model.config.attention_dropout = 0.0
    return model


def parameter_count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def default_learning_rate(kind: str, model: nn.Module, *, lora: bool = False) -> float:
    small, large = LEARNING_RATES[kind]
    rate = small if parameter_count(model) < SMALL_MODEL else large
    return adapters.RATE * rate if lora else rate


def length_limit(model: Any, asked: int | None) -> int:
    """Tokens of prompt and response together: as asked, else 512, never above the model's own."""
    own = getattr(model.config, "max_position_embeddings", None) or DEFAULT_MAX_LENGTH
    if asked is not None and asked > own:
        raise ConfigError(f"max_length {asked} is above the {own} positions of the base model")
    return asked or min(DEFAULT_MAX_LENGTH, own)


def collate(rows: Sequence[tuple[list[int], list[int]]], pad_token_id: int) -> dict[str, Tensor]:
    """(prompt ids, response ids) as right-padded (rows, tokens) tensors, on the CPU.

    `response_mask` is 1 on response tokens; `attention_mask` is 1 on all real ones.
    """
    width = max(len(prompt) + len(response) for prompt, response in rows)
    ids = torch.full((len(rows), width), pad_token_id, dtype=torch.long)
    attention = torch.zeros((len(rows), width), dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for at, (prompt, response) in enumerate(rows):
        end = len(prompt) + len(response)
        ids[at, :end] = torch.tensor([*prompt, *response])
        attention[at, :end] = 1
        mask[at, len(prompt) : end] = 1
    return {"input_ids": ids, "attention_mask": attention, "response_mask": mask}


def token_logps(model: Any, batch: dict[str, Tensor], *, bf16: bool = False) -> tuple[Tensor, ...]:
    """log p of each response token, its row, and whether it was the model's first choice.

    All (response tokens of the batch,).
    """
    logits, targets, rows = response_logits(model, batch, bf16=bf16)
    logps = -F.cross_entropy(logits, targets, reduction="none")
    return logps, rows, logits.argmax(-1) == targets


def response_logits(
    model: Any, batch: dict[str, Tensor], *, bf16: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (response tokens, vocabulary) in fp32, the tokens themselves, and their rows.

    The head runs on response positions alone, a quarter of all where prompts are long. Models
    whose logits are not just hidden state times head (soft caps, scales) take the slower way
    through their own forward.
    """
    ids, attention = batch["input_ids"], batch["attention_mask"]
    mask = batch["response_mask"][:, 1:].bool()
    if adapters.is_adapted(model) and ranks.count() == 1:
        model = model.get_base_model()  # the same layers, its adapter among them
    with autocast(bf16):
        if has_plain_head(model):
            hidden = model.base_model(
                input_ids=ids, attention_mask=attention, use_cache=False
            ).last_hidden_state
            logits = model.get_output_embeddings()(hidden[:, :-1][mask])
        else:
            output = model(input_ids=ids, attention_mask=attention, use_cache=False)
            logits = output.logits[:, :-1][mask]
    return logits.float(), ids[:, 1:][mask], mask.nonzero()[:, 0]


def response_logps(
    model: Any, batch: dict[str, Tensor], *, bf16: bool = False, mean: bool = False
) -> Tensor:
    """log pi(response | prompt), summed over the response's tokens with its end; (rows,).

    `mean` divides each by its number of tokens: Lambert et al. 2024 (Tulu 3), section 5.1.2.
    """
    logps, rows, _ = token_logps(model, batch, bf16=bf16)
    total = logps.new_zeros(len(batch["input_ids"])).index_add(0, rows, logps)
    return total / batch["response_mask"][:, 1:].sum(1) if mean else total


def has_plain_head(model: Any) -> bool:
    """Whether logits = head(last hidden state), asked of the model itself, once. Never of
    several processes: what gathers weights or averages gradients hangs on the model's forward."""
    if ranks.count() > 1:
        return False
    known = getattr(model, "_concord_plain_head", None)
    if known is None:
        known = _try_plain_head(model)
        model._concord_plain_head = known
    return known


@torch.no_grad()
def _try_plain_head(model: Any) -> bool:
    if not hasattr(model, "base_model") or model.get_output_embeddings() is None:
        return False
    ids = torch.arange(8, device=next(model.parameters()).device)[None] % model.config.vocab_size
    was_training = model.training
    model.eval()
    hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
    short = model.get_output_embeddings()(hidden)
    full = model(input_ids=ids, use_cache=False).logits
    model.train(was_training)
    return short.shape == full.shape and torch.allclose(short, full, atol=1e-4)


@torch.no_grad()
def score_responses(
    model: Any,
    rows: Sequence[tuple[list[int], list[int]]],
    pad_token_id: int,
    tick: Callable[[int, int], None],
    *,
    bf16: bool = False,
    mean: bool = False,
) -> Tensor:
    """`response_logps` of many (prompt, response) rows in their own order; (rows,), float64, CPU.

    `tick(done, total)` is called after each batch: it may raise to stop.
    """
    was_training = model.training
    model.eval()
    scores = torch.zeros(len(rows), dtype=torch.float64)
    done = 0
    for indices in in_length_order([len(prompt) + len(response) for prompt, response in rows]):
        batch = to_device(collate([rows[at] for at in indices], pad_token_id))
        scores[indices] = response_logps(model, batch, bf16=bf16, mean=mean).double().cpu()
        done += len(indices)
        tick(done, len(rows))
    model.train(was_training)
    return scores


@torch.no_grad()
def measure_texts(
    model: Any,
    rows: Sequence[TokenisedText],
    pad_token_id: int,
    tick: Callable[[int, int], None],
    *,
    bf16: bool = False,
) -> dict[str, float]:
    """Mean negative log-likelihood and first-choice share over response tokens, in nats."""
    was_training = model.training
    model.eval()
    nll, right, count, done = 0.0, 0, 0, 0
    for indices in in_length_order([row.length for row in rows]):
        pairs = [(rows[at].prompt, rows[at].response) for at in indices]
        logps, _, hits = token_logps(model, to_device(collate(pairs, pad_token_id)), bf16=bf16)
        nll -= float(logps.double().sum())
        right += int(hits.sum())
        count += len(logps)
        done += len(indices)
        tick(done, len(rows))
    model.train(was_training)
    return {"loss": nll / count, "token_accuracy": right / count, "tokens": count}


def to_device(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.to(device()) for name, tensor in batch.items()}


def check_reload(
    model: Any, folder: Path, rows: Sequence[TokenisedText], pad_token_id: int
) -> None:
    """Load a saved policy and compare its log-probabilities with the trained one's, on 1e-3.

    Sums over a response's tokens; a difference raises RuntimeError: the save lost something.
    """
    pairs = [(row.prompt, row.response) for row in rows]
    ours = score_responses(model, pairs, pad_token_id, lambda done, total: None)
    again = score_responses(load_policy(folder), pairs, pad_token_id, lambda done, total: None)
    difference = float((ours - again).abs().max())
    if difference > 1e-3:
        raise RuntimeError(f"the saved model scores differently, by {difference:.2g}")
