"""Rows of a datasets.Dataset and the tensors made of them, for the trainers that come from TRL."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from training import policy
from training.data import Comparison


def labels_of(one: Comparison, options: dict[str, Any]) -> dict[str, Any]:
    """What the losses need beside the ids, as the options want it."""
    is_soft = options["soft_labels"] or one.p_chosen == 0.5  # a tie is one either way
    labels = {
        "p_chosen": one.p_chosen if is_soft else 1.0,
    }
    if options.get("use_margin"):
        labels["margin"] = one.margin or 0.0
    return labels


class PairCollator:
    """Comparisons to tensors: all chosen first, then all rejected, right-padded."""

    def __init__(self, pad_token_id: int):
        self.pad_token_id = pad_token_id

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        chosen = [(row.get("prompt_ids", []), row["chosen_ids"]) for row in rows]
        rejected = [(row.get("prompt_ids", []), row["rejected_ids"]) for row in rows]
        batch = policy.collate(chosen + rejected, self.pad_token_id)
        for name in ("p_chosen", "weight", "margin", "ref_chosen", "ref_rejected", "boot"):
            if name in rows[0]:
                batch[name] = torch.tensor([row[name] for row in rows], dtype=torch.float32)
        if "columns" in rows[0]:
            batch["columns"] = torch.tensor([row["columns"] for row in rows])
        return batch


class TextCollator:
    """Demonstrations to tensors; `labels` only lets Trainer count the tokens of a step."""

    def __init__(self, pad_token_id: int):
        self.pad_token_id = pad_token_id

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        batch = policy.collate(
            [(row["prompt_ids"], row["response_ids"]) for row in rows], self.pad_token_id
        )
        labels = batch["input_ids"].masked_fill(batch["response_mask"] == 0, -100)
        return {**batch, "labels": labels}


class UnpairedCollator:
    """Responses to tensors; those of their mismatched pairs have `other_` in front."""

    def __init__(self, pad_token_id: int):
        self.pad_token_id = pad_token_id

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        batch = policy.collate(
            [(row["prompt_ids"], row["response_ids"]) for row in rows], self.pad_token_id
        )
        other = policy.collate(
            [(row["other_prompt_ids"], row["other_ids"]) for row in rows], self.pad_token_id
        )
        batch |= {f"other_{name}": tensor for name, tensor in other.items()}
        batch["is_desirable"] = torch.tensor([row["is_desirable"] for row in rows])
        for name in ("weight", "ref", "ref_other"):
            batch[name] = torch.tensor([row[name] for row in rows], dtype=torch.float32)
        return batch
