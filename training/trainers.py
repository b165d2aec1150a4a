"""TRL's trainers with our ids, losses, batches, checkpoints and journal: made for a run, and run.

From TRL and transformers come the optimiser, the schedule, clipping, accumulation and resuming.
What is replaced: text preparation (ids come from training.tokens), the order of batches (by
length), losses (training.trainer_losses), and checkpoints (training.trainer_base). Each process of
a run makes and runs one on its own device (training.ranks).
"""

from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from transformers.trainer_callback import PrinterCallback
from trl import DPOConfig, KTOConfig, RewardConfig, SFTConfig

from training import adapters, checkpoint, heads, policy, ranks, sharding, weights
from training.batches import PairCollator, TextCollator, UnpairedCollator, labels_of
from training.errors import Cancelled
from training.reward_model import ScoredComparisons
from training.run import Run
from training.tokens import TokenisedPair, TokenisedText
from training.trainer_base import Watch
from training.trainer_losses import (
    OurDPOTrainer,
    OurKTOTrainer,
    OurRewardTrainer,
    OurSFTTrainer,
)
from training.unpaired import TokenisedResponse


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
