"""TRL's trainers with our losses: soft labels, weights, head on response positions only."""

from typing import Any

import torch
from torch import Tensor
from trl import DPOTrainer, KTOTrainer, RewardTrainer, SFTTrainer

from training import heads, losses, policy
from training.trainer_base import Ours


class OurSFTTrainer(Ours, SFTTrainer):
    """Imitation: mean negative log-likelihood over response tokens."""

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        logps, _, hits = policy.token_logps(model, inputs, bf16=self.bf16)
        self._total_train_tokens += int(inputs["attention_mask"].sum())
        self._metrics["train"]["num_tokens"] = [self._total_train_tokens]
        self._metrics["train"]["mean_token_accuracy"].append(float(hits.float().mean()))
        # Trainer counts the label tokens of all batches that make up one step.
        count = len(logps) if num_items_in_batch is None else num_items_in_batch
        return -logps.sum() / count


class OurRewardTrainer(Ours, RewardTrainer):
    """Bradley-Terry reward model on a causal body: soft labels, weights, margins, centering."""

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        options = self.run.options
        with policy.autocast(self.bf16):
            output = model(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                use_cache=False,
            )
        chosen, rejected = (
            side.gather(1, inputs["columns"]) for side in output.logits.float().chunk(2)
        )
        log_nu = getattr(self.accelerator.unwrap_model(model), "log_nu", None)
        loss = heads.comparison_losses(chosen, rejected, inputs, options["centering"], log_nu)
        with torch.no_grad():
            chosen, rejected = chosen.mean(1), rejected.mean(1)
            metrics = self._metrics["train"]
            decided = inputs["p_chosen"] != 0.5
            metrics["accuracy"] += (chosen > rejected)[decided].float().tolist()
            metrics["margin"] += (chosen - rejected)[decided].tolist()
            metrics["mean_reward"] += output.logits.float().flatten().tolist()
        return losses.weighted_mean(loss, inputs["weight"])


class OurDPOTrainer(Ours, DPOTrainer):
    """DPO and its relatives, with reference log-probabilities computed before training."""

    def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
        return dataset  # the columns are there: train_dpo has scored the reference

    def _compute_loss(self, model: Any, inputs: dict[str, Tensor], return_outputs: bool) -> Tensor:
        options = self.run.options
        settings = {"bf16": self.bf16, "mean": options["length_normalised"]}
        chosen, rejected = policy.response_logps(model, inputs, **settings).chunk(2)
        if options["precompute_reference"]:
            ref_chosen, ref_rejected = inputs["ref_chosen"], inputs["ref_rejected"]
        else:
            with torch.no_grad():
                reference = policy.response_logps(self.ref_model, inputs, **settings)
            ref_chosen, ref_rejected = reference.chunk(2)
        beta = options["beta"]
        difference = losses.dpo_difference(chosen, rejected, ref_chosen, ref_rejected, beta)
        loss = dpo_losses(difference, options, inputs["p_chosen"])
        with torch.no_grad():
            metrics = self._metrics["train"]
            # One entry per comparison, so that a short last batch weighs no more than its rows.
            metrics["rewards/chosen"] += (beta * (chosen - ref_chosen)).tolist()
            metrics["rewards/rejected"] += (beta * (rejected - ref_rejected)).tolist()
            metrics["rewards/margins"] += difference.tolist()
            metrics["rewards/accuracies"] += (difference > 0).float().tolist()
            metrics["logps/chosen"] += chosen.tolist()
            metrics["logps/rejected"] += rejected.tolist()
        return losses.weighted_mean(loss, inputs["weight"])


class OurKTOTrainer(Ours, KTOTrainer):
    """KTO, its reference and its mismatched pairs fixed before training.

    TRL pairs within a batch in the data's own order, which forbids any other order of batches.
    """

    desirable_weight: float
    undesirable_weight: float

    def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
        return dataset  # the columns are there: train_kto has scored the reference

    def _compute_loss(self, model: Any, inputs: dict[str, Tensor], return_outputs: bool) -> Tensor:
        other = {name: inputs[f"other_{name}"] for name in policy.BATCH}
        with torch.no_grad():
            strange = policy.response_logps(model, other, bf16=self.bf16)
        logps = policy.response_logps(model, inputs, bf16=self.bf16)
        point = losses.kto_reference_point(strange, inputs["ref_other"])
        log_ratio, is_desirable = logps - inputs["ref"], inputs["is_desirable"]
        beta = self.run.options["beta"]
        loss = losses.kto_loss(
            log_ratio, is_desirable, point, beta, self.desirable_weight, self.undesirable_weight
        )
        with torch.no_grad():
            metrics = self._metrics["train"]
            metrics["kl"].append(float(point))
            metrics["rewards/accuracies"] += ((log_ratio > point) == is_desirable).float().tolist()
            for name, side in (("chosen", is_desirable), ("rejected", ~is_desirable)):
                if bool(side.any()):  # TRL divides by the length of each list
                    metrics[f"rewards/{name}"] += (beta * log_ratio[side]).tolist()
                    metrics[f"logps/{name}"] += logps[side].tolist()
        return losses.weighted_mean(loss, inputs["weight"])


def dpo_losses(difference: Tensor, options: dict[str, Any], p_chosen: Tensor) -> Tensor:
    """The configured loss of each comparison, from implicit reward margins; (batch,)."""
    if options["loss"] == "ipo":
        return losses.ipo_loss(difference, options["beta"])
    soft = p_chosen if options["soft_labels"] else None
    return losses.dpo_loss(difference, options["label_smoothing"], soft)
