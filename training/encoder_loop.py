"""The own training loop for encoder reward models: K-wise, one forward per unique response.

TRL's RewardTrainer has no token types and sees pairs, not prompts. This loop needs torch and
transformers alone, which starts in half the time.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from training import checkpoint, heads, losses, policy, states, weights
from training.batches import labels_of
from training.errors import Cancelled, ConfigError, RunError
from training.reward_model import RewardModel, ScoredComparisons, log_nu_of
from training.run import Run
from training.tokens import BucketSampler

HEAD_RATE = 10
NEW_WEIGHTS = ("head.", "log_nu")


def train_encoder(
    run: Run,
    reward: RewardModel,
    scored: ScoredComparisons,
    rate: float,
    evaluate: Callable[[int], dict[str, float]],
    state: dict[str, Any],
    resume: checkpoint.Checkpoint | None,
    *,
    is_shared: bool = False,
) -> None:
    """Train to the end, from a verified checkpoint where there is one; Cancelled once saved.

    is_shared: comparisons of a prompt share the weight of one already (Dataset.shares_weight).

    A batch is `batch_size` whole prompts. Seed, step and RNG state alone decide what comes next,
    so a resumed run ends with the weights of an undisturbed one.
    """
    options = run.options
    if options["devices"] > 1:
        raise ConfigError("an encoder trains on one device: leave `devices` at 1")
    network = reward.network
    groups = scored.by_prompt()
    counted = weights.of_groups(scored.comparisons, groups, options, is_shared=is_shared)
    lengths = [max(_length(scored, at) for at in group) for group in groups]
    sampler = BucketSampler(lengths, options["batch_size"], run.seed)
    per_epoch = -(-len(sampler.batches()) // options["accumulation"])
    total = max(1, round(per_epoch * options["epochs"]))
    total = min(total, options["max_steps"] or total)
    run.outcome.settings["steps"] = total
    optimizer = make_optimizer(network, rate, options["weight_decay"])
    warmup = round(options["warmup"] * total)
    bf16 = policy.use_bf16(options["precision"])
    torch.manual_seed(run.seed)
    step = 0
    if resume is not None:
        step = resume.step
        states.load(resume.folder, {"model": network}, {"optimizer": optimizer})

    network.train()
    window: list[tuple[Tensor, Tensor]] = []  # (loss, accuracy) since the last metric line
    while step < total:
        epoch, place = divmod(step, per_epoch)
        sampler.set_epoch(epoch)
        batches = sampler.batches()
        for start in range(place * options["accumulation"], len(batches), options["accumulation"]):
            run.journal.progress("train", step=step, total=total)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * schedule(step, warmup, total)
            chunk = batches[start : start + options["accumulation"]]
            for batch in chunk:
                prompts = [groups[at] for at in batch]
                loss, accuracy = forward(reward, scored, prompts, options, bf16, run.seed, counted)
                (loss / len(chunk)).backward()
                window.append((loss.detach(), accuracy))
                run.journal.progress("train", step=step, total=total)
            norm = torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            if step % options["log_steps"] == 0 or step == total:
                mean_loss, mean_accuracy = (
                    float(torch.stack(column).mean()) for column in zip(*window, strict=True)
                )
                run.alarms.trained(step, mean_loss)
                run.journal.metric(
                    step,
                    total,
                    loss=mean_loss,
                    accuracy=mean_accuracy,
                    grad_norm=float(norm),
                    learning_rate=optimizer.param_groups[0]["lr"],
                )
                if mean_loss != mean_loss:
                    raise RunError(f"the loss is not a number at step {step}")
                window = []
            if step % options["eval_steps"] == 0 and step < total and not run.cancel_asked:
                # A cancel is saved and obeyed below, like any cancel between two steps.
                with contextlib.suppress(Cancelled):
                    evaluate(step)
            if step % options["save_steps"] == 0 or step == total or run.cancel_asked:
                states.save(run, step, {"model": network}, {"optimizer": optimizer}, state)
            if run.cancel_asked:
                raise Cancelled("SIGTERM")
            if step >= total:
                break


def make_optimizer(
    network: torch.nn.Module, rate: float, weight_decay: float
) -> torch.optim.AdamW:
    """AdamW; the head starts from zero beside a pretrained body and learns ten times as fast."""
    named = list(network.named_parameters())
    groups = [
        {
            "params": [
                parameter for name, parameter in named if name.startswith(NEW_WEIGHTS) is head
            ],
            "lr": peak,
            "peak": peak,
        }
        for head, peak in ((False, rate), (True, HEAD_RATE * rate))
    ]
    return torch.optim.AdamW(groups, weight_decay=weight_decay)


def forward(
    reward: RewardModel,
    scored: ScoredComparisons,
    prompts: list[list[int]],
    options: dict[str, Any],
    bf16: bool,
    seed: int = 0,
    counted: Sequence[float] | None = None,
) -> tuple[Tensor, Tensor]:
    """K-wise loss and share of comparisons in the right order, over whole prompts; scalars.

    counted: the weight of each of the scored comparisons (training.weights), 1 where none is.
    """
    comparisons = [at for group in prompts for at in group]
    group = [number for number, group in enumerate(prompts) for _ in group]
    unique = sorted({side[at] for side in (scored.chosen, scored.rejected) for at in comparisons})
    place = {row: number for number, row in enumerate(unique)}
    batch = policy.to_device(reward.tokeniser.collate([scored.rows[row] for row in unique]))
    with policy.autocast(bf16):
        scores = reward.network(batch)
    sources = [scored.comparisons[at] for at in comparisons]

    labels = [
        labels_of(one, options) | heads.labels_of(one, reward.heads, seed) for one in sources
    ]

    def column(name: str, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.tensor([one[name] for one in labels], dtype=dtype, device=scores.device)

    columns = column("columns", torch.long)
    chosen = scores[[place[scored.chosen[at]] for at in comparisons]].gather(1, columns)
    rejected = scores[[place[scored.rejected[at]] for at in comparisons]].gather(1, columns)
    wanted: dict[str, Tensor] = {
        name: column(name) for name in ("p_chosen", "margin", "boot") if name in labels[0]
    }
    loss = heads.comparison_losses(
        chosen, rejected, wanted, options["centering"], log_nu_of(reward.network)
    )
    index = torch.tensor(group, device=scores.device)
    right = chosen.mean(1) > rejected.mean(1)
    weight = None if counted is None else loss.new_tensor([counted[at] for at in comparisons])
    return losses.k_wise(loss, index, weight), right.float().mean().detach()


def schedule(step: int, warmup: int, total: int) -> float:
    """Linear rise over `warmup` steps, then linear fall to 0 at `total`: a factor of the rate."""
    if step < warmup:
        return (step + 1) / warmup
    return max(0.0, (total - step) / max(1, total - warmup))


def _length(scored: ScoredComparisons, at: int) -> int:
    return max(
        sum(map(len, scored.rows[side])) for side in (scored.chosen[at], scored.rejected[at])
    )
