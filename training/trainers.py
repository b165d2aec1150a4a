"""TRL's trainers with our ids, our losses, our batches, our checkpoints and our journal.

From TRL and transformers come the optimiser, the schedule, clipping, accumulation and resuming.
What is replaced: text preparation (ids come from training.tokens), the order of batches (by
length), losses (soft labels, weights; head on response positions only), and checkpoints (staged,
verified, renamed). One process, one device.
"""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback
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

from training import adapters, checkpoint, heads, losses, policy, ranks, sharding, weights
from training.batches import PairCollator, TextCollator, UnpairedCollator, labels_of
from training.errors import Cancelled, RunError
from training.reward_model import ScoredComparisons
from training.run import Run
from training.tokens import BucketSampler, TokenisedPair, TokenisedText
from training.unpaired import TokenisedResponse

Evaluate = Callable[[int], None]
# Adam keeps two moments beside each weight, and a margin for what else is written.
CHECKPOINT_BYTES_PER_PARAMETER = 4 * 3 + 4


def arguments(run: Run, *, total_steps: int, learning_rate: float) -> dict[str, Any]:
    """Trainer arguments; every default of TRL and transformers that bites is set here."""
    options = run.options
    return {
        "output_dir": str(run.out / "checkpoints"),
        "per_device_train_batch_size": options["batch_size"],
        "gradient_accumulation_steps": options["accumulation"],
        "num_train_epochs": options["epochs"],
        "max_steps": total_steps,
        "learning_rate": learning_rate,
        "lr_scheduler_type": "linear",
        "warmup_steps": round(options["warmup"] * total_steps),
        "weight_decay": options["weight_decay"],
        "max_grad_norm": 1.0,
        "optim": "adamw_torch",
        "seed": run.seed,
        "data_seed": run.seed,
        # TRL turns bf16 and gradient checkpointing on unasked; precision is policy.autocast's.
        "bf16": False,
        "fp16": False,
        "activation_checkpointing": False,
        # With the CPU asked for by name, accelerate forgets that it was told to shard.
        "use_cpu": not torch.cuda.is_available() and not sharding.is_on(),
        "max_length": None,  # TRL would drop or cut without a word: training.tokens has done it
        "report_to": "none",
        "push_to_hub": False,
        "logging_strategy": "steps",
        "logging_steps": options["log_steps"],
        "logging_nan_inf_filter": False,
        "save_strategy": "steps",
        "save_steps": options["save_steps"],
        "eval_strategy": "no",  # training.evaluate weighs by comparison, TRL by batch
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": False,
        "remove_unused_columns": False,
        "disable_tqdm": True,
        "average_tokens_across_devices": False,
        "ddp_find_unused_parameters": False,
    }


def steps_in(run: Run, rows: int) -> int:
    """Optimiser steps of a run over `rows` rows, by epochs and max_steps."""
    options = run.options
    batches = -(-rows // options["batch_size"])
    per_epoch = -(-batches // (options["accumulation"] * ranks.count()))
    steps = max(1, round(per_epoch * options["epochs"]))
    return min(steps, options["max_steps"] or steps)


class Watch(TrainerCallback):
    """Journal, fencing, cancel and evaluation at each step of a transformers Trainer."""

    # Trainer's closing summary repeats the settings; run.json has the results.
    SUMMARY = ("train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss")

    def __init__(self, run: Run, evaluate: Evaluate):
        self.run = run
        self.evaluate = evaluate

    def on_substep_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.run.journal.progress("train", step=state.global_step, total=state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        run = self.run
        run.journal.progress("train", step=state.global_step, total=state.max_steps)
        # A run shorter than `log_steps` has a curve, too, and every curve has its end.
        control.should_log |= state.global_step >= state.max_steps
        if state.global_step % run.options["eval_steps"] == 0 and not run.cancel_asked:
            # A cancel is saved and obeyed below, like any cancel between two steps.
            with contextlib.suppress(Cancelled):
                self.evaluate(state.global_step)
            run.journal.progress("train", step=state.global_step, total=state.max_steps)
        run.cancel_asked = ranks.agree(run.cancel_asked)
        if run.cancel_asked:
            control.should_save = True
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        values = {
            name: float(value)
            for name, value in kwargs["logs"].items()
            if isinstance(value, int | float) and name not in (*self.SUMMARY, "total_flos")
        }
        if "loss" not in values:
            return
        self.run.journal.metric(state.global_step, state.max_steps, **values)
        self.run.alarms.trained(state.global_step, values["loss"])
        if values["loss"] != values["loss"]:
            raise RunError(f"the loss is not a number at step {state.global_step}")


class Ours:
    """What our trainers share; mixed in before a TRL trainer."""

    run: Run
    lengths: list[int]
    bf16: bool
    state_to_keep: dict[str, Any]

    def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return dataset  # token ids already

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        args = self.args  # type: ignore[attr-defined]
        return BucketSampler(self.lengths, args.per_device_train_batch_size, args.seed)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """No card from a template: training.card writes one with the figures."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        trainer: Any = self
        run, step = self.run, trainer.state.global_step
        run.journal.check_token()
        folder = run.out / "checkpoints" / f"step-{step}"
        folder.parent.mkdir(exist_ok=True)
        trained = (p for p in trainer.model.parameters() if p.requires_grad)
        saved = sum(getattr(p, "ds_numel", p.numel()) for p in trained)  # ZeRO-3 leaves 0 here
        needed = CHECKPOINT_BYTES_PER_PARAMETER * saved
        checkpoint.require_space(folder.parent, needed)
        if sharding.is_on():
            sharding.save(trainer, folder, seal=self._seal)
            if ranks.is_first():
                announce_checkpoint(run, folder, step)
        elif ranks.is_first():  # every process holds the same weights and moments
            with checkpoint.staged(
                folder, before_rename=self._seal, alive=run.journal.alive
            ) as staging:
                trainer.save_model(str(staging), _internal_call=True)
                run.journal.alive()
                trainer._save_optimizer_and_scheduler(str(staging))
                trainer._save_rng_state(str(staging))
                trainer.state.save_to_json(str(staging / "trainer_state.json"))
            announce_checkpoint(run, folder, step)
        ranks.wait()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if sharding.is_on():
            sharding.load_weights(model, Path(resume_from_checkpoint))
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]

    def _seal(self, staging: Path) -> None:
        step = self.state.global_step  # type: ignore[attr-defined]
        run = self.run
        checkpoint.seal(
            staging,
            step=step,
            config=run.config_sha256,
            state=self.state_to_keep,
            alive=run.journal.alive,
        )
        run.journal.check_token()


def announce_checkpoint(run: Run, folder: Path, step: int) -> None:
    checkpoint.prune(folder.parent)
    path = folder.relative_to(run.folder).as_posix()
    run.journal.write("checkpoint", step=step, path=path)
    run.journal.sync()


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


def sft_trainer(
    run: Run, model: Any, tokenizer: Any, rows: Sequence[TokenisedText], **steps: Any
) -> OurSFTTrainer:
    """An SFT trainer over tokenised demonstrations; see `_finish` for the keywords."""
    table = [{"prompt_ids": row.prompt, "response_ids": row.response} for row in rows]
    settings = arguments(run, total_steps=steps["total_steps"], learning_rate=steps["rate"])
    trainer = OurSFTTrainer(
        model=model,
        args=SFTConfig(**settings, dataset_kwargs={"skip_prepare_dataset": True}, packing=False),
        train_dataset=Dataset.from_list(table),
        data_collator=TextCollator(tokenizer.pad_token_id),
        processing_class=tokenizer,
        peft_config=_adapter(run),
    )
    return _finish(trainer, run, [row.length for row in rows], steps)


def reward_trainer(
    run: Run,
    model: Any,
    tokenizer: Any,
    scored: ScoredComparisons,
    plan: heads.Heads,
    **steps: Any,
) -> OurRewardTrainer:
    """A reward trainer over tokenised comparisons; see `_finish` for the keywords."""
    settings = arguments(run, total_steps=steps["total_steps"], learning_rate=steps["rate"])
    counted = weights.of_rows([one.weight for one in scored.comparisons], run.options)
    table: list[dict[str, Any]] = [
        {
            "weight": weight,
            "chosen_ids": sum(scored.rows[chosen], []),
            "rejected_ids": sum(scored.rows[rejected], []),
            **labels_of(one, run.options),
            **heads.labels_of(one, plan, run.seed),
        }
        for one, chosen, rejected, weight in zip(
            scored.comparisons, scored.chosen, scored.rejected, counted, strict=True
        )
    ]
    model.config.num_labels = 1  # TRL takes no other; our loss reads as many heads as there are
    trainer = OurRewardTrainer(
        model=model,
        args=RewardConfig(**settings, disable_dropout=True),
        train_dataset=Dataset.from_list(table),
        data_collator=PairCollator(tokenizer.pad_token_id),
        processing_class=tokenizer,
        peft_config=_adapter(run, adapters.SCORING),
    )
    model.config.num_labels = plan.count
    lengths = [max(len(row["chosen_ids"]), len(row["rejected_ids"])) for row in table]
    return _finish(trainer, run, lengths, steps)


def dpo_trainer(
    run: Run,
    model: Any,
    reference: Any,
    tokenizer: Any,
    pairs: Sequence[TokenisedPair],
    reference_logps: tuple[Tensor, Tensor],
    **steps: Any,
) -> OurDPOTrainer:
    """A DPO trainer; `reference` is None where `reference_logps` ((pairs,) twice) serve."""
    settings = arguments(run, total_steps=steps["total_steps"], learning_rate=steps["rate"])
    counted = weights.of_rows([pair.source.weight for pair in pairs], run.options)
    table = [
        {
            "weight": weight,
            "prompt_ids": pair.prompt,
            "chosen_ids": pair.chosen,
            "rejected_ids": pair.rejected,
            "ref_chosen": ref_chosen,
            "ref_rejected": ref_rejected,
            **labels_of(pair.source, run.options),
        }
        for pair, ref_chosen, ref_rejected, weight in zip(
            pairs, reference_logps[0].tolist(), reference_logps[1].tolist(), counted, strict=True
        )
    ]
    trainer = OurDPOTrainer(
        model=model,
        ref_model=reference,
        args=DPOConfig(
            **settings,
            beta=run.options["beta"],
            loss_type=["sigmoid"],
            disable_dropout=True,
            precompute_ref_log_probs=reference is None,
            sync_ref_model=False,
        ),
        train_dataset=Dataset.from_list(table),
        data_collator=PairCollator(tokenizer.pad_token_id),
        processing_class=tokenizer,
        peft_config=_adapter(run),
    )
    return _finish(trainer, run, [pair.length for pair in pairs], steps)


def kto_trainer(
    run: Run,
    model: Any,
    tokenizer: Any,
    rows: Sequence[TokenisedResponse],
    reference_logps: tuple[Tensor, Tensor],
    sides: tuple[float, float],
    **steps: Any,
) -> OurKTOTrainer:
    """A KTO trainer; `reference_logps`: of the responses and of the mismatched ones, (rows,)
    each; `sides`: the weights of desirable and undesirable rows."""
    settings = arguments(run, total_steps=steps["total_steps"], learning_rate=steps["rate"])
    counted = weights.of_rows([row.source.weight for row in rows], run.options)
    table = [
        {
            "weight": weight,
            "prompt_ids": row.prompt,
            "response_ids": row.response,
            "other_prompt_ids": row.other[0],
            "other_ids": row.other[1],
            "is_desirable": row.source.is_desirable,
            "ref": ref,
            "ref_other": ref_other,
        }
        for row, ref, ref_other, weight in zip(
            rows, reference_logps[0].tolist(), reference_logps[1].tolist(), counted, strict=True
        )
    ]
    trainer = OurKTOTrainer(
        model=model,
        args=KTOConfig(
            **settings,
            beta=run.options["beta"],
            desirable_weight=sides[0],
            undesirable_weight=sides[1],
            disable_dropout=True,
            precompute_ref_log_probs=True,
        ),
        train_dataset=Dataset.from_list(table),
        data_collator=UnpairedCollator(tokenizer.pad_token_id),
        processing_class=tokenizer,
        peft_config=_adapter(run),
    )
    # Batches by chance, not by length: a batch's reference point must stand for all responses.
    # Where good ones are long and bad ones short, a bucket is all good or all bad.
    return _finish(trainer, run, [0] * len(rows), steps)


def _adapter(run: Run, task: str = adapters.CAUSAL) -> Any:
    torch.manual_seed(run.seed)  # an adapter's weights start by chance
    return adapters.config_of(run.options, task)


def _finish(trainer: Any, run: Run, lengths: list[int], steps: dict[str, Any]) -> Any:
    """Hang a run on a trainer: `evaluate(step)` writes metrics, `state` goes into checkpoints."""
    if run.options["quantize"] != "none":
        for weight in trainer.model.parameters():
            if (
                weight.requires_grad
            ):  # TRL makes an adapter beside 4 bits bf16, too coarse for Adam
                weight.data = weight.data.float()
    trainer.run = run
    trainer.lengths = lengths
    trainer.bf16 = policy.use_bf16(run.options["precision"])
    trainer.state_to_keep = steps["state"]
    trainer.add_callback(Watch(run, steps["evaluate"]))
    # Trainer's own printer would write the same lines to the log, a second time.
    trainer.remove_callback(PrinterCallback)
    return trainer


def train(trainer: Any, run: Run, resume: checkpoint.Checkpoint | None, model: Any) -> Any:
    """Train to the end, from a verified checkpoint where there is one; Cancelled once saved.

    Returns the model to go on with: `model`, which the trainer has, or where it was sharded a
    whole one in its place.
    """
    run.tick("train")
    kind = type(model)
    with run.in_step():
        trainer.train(resume_from_checkpoint=None if resume is None else str(resume.folder))
        if run.cancel_asked:
            raise Cancelled("SIGTERM")
        if sharding.is_on():
            return sharding.plain(trainer.model, kind)
    if adapters.is_adapted(trainer.model):
        run.adapter = adapters.merge(trainer.model)
    return model
