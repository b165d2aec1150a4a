"""Kahneman-Tversky Optimization: a policy learns from responses that are good or bad each by
itself, without a pair to compare.

Needs a base policy (an SFT run's model), which is also the frozen reference. RUN and TOKEN are
described in docs/formats.md.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.data import SPLITS, Comparison, Counts, Dataset, check_margins, drop_identical
from training.errors import DataError
from training.run import Run, main, named
from training.train_dpo import LIMITS, START_TOLERANCE
from training.unpaired import (
    BY_DESIGN,
    TokenisedResponse,
    balance,
    read_unpaired,
    tokenise,
)

if TYPE_CHECKING:
    from torch import Tensor

    from training.tokens import TokenisedPair


def work(run: Run) -> None:
    run.tick("check data")
    place = run.config["dataset"]
    dataset = Dataset(Path(place["path"]), place.get("hash"))
    dataset.check_leaks()
    counts = Counts(by_design=BY_DESIGN)
    rows = {split: read_unpaired(dataset, split, run.options, counts) for split in SPLITS}
    weights = balance(rows["train"], run.options)
    compared = {split: dataset.comparisons(split) for split in SPLITS}
    check_margins([one for split in SPLITS for one in compared[split]])
    # Whatever the labels were, comparisons say what people prefer.
    held_out = drop_identical(compared["test"], Counts())

    run.tick("load models")
    from training import policy
    from training.card import check_base, publish
    from training.tokens import ChatTokeniser, TokenisedText

    run.tick("load models")
    base = check_base(run.config, run.journal.alive)
    assert base is not None  # noqa: S101 - read_config refuses a KTO run without a base
    tokenizer = policy.load_tokenizer(base)
    model = policy.load_policy(base, run.options)
    tokeniser = ChatTokeniser(tokenizer, policy.length_limit(model, run.options["max_length"]))
    if tokeniser.is_plain:
        run.journal.warning("the base model has no chat template: roles are written in words")
    ids = {split: tokenise(rows[split], tokeniser, counts, run.seed) for split in SPLITS}
    counts.check(allow_drops=run.options["allow_drops"])
    run.outcome.counts = counts.describe()
    if not ids["train"]:
        raise DataError("KTO needs responses to two prompts or more to train on")
    unseen = Counts(read=len(held_out))
    pairs = tokeniser.pairs(held_out, unseen)
    if unseen.dropped.total():
        run.journal.warning(
            f"{unseen.dropped.total()} held-out comparisons do not fit and are not evaluated"
        )
    model, difference = train(run, model, tokenizer, ids, pairs, weights)
    if pairs:
        report(run, difference, [pair.source for pair in pairs], compared["train"])

    def save(folder: Path) -> None:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    def check(folder: Path) -> None:
        sample = [TokenisedText(row.prompt, row.response) for row in ids["train"][:32]]
        policy.check_reload(model, folder, sample, tokenizer.pad_token_id)

    publish(run, save, check, limits=LIMITS)


def train(
    run: Run,
    model: Any,
    tokenizer: Any,
    ids: dict[str, list[TokenisedResponse]],
    pairs: "list[TokenisedPair]",
    weights: tuple[float, float],
) -> "tuple[Any, Tensor]":
    """Score the reference, evaluate, train. Returns the trained model, which is another object
    than the given one where it was sharded, and the implicit reward margins of `pairs`, (pairs,).
    """
    from training import losses, policy

    run.tick("load models")
    from training import samples, trainers

    options = run.options
    bf16 = policy.use_bf16(options["precision"])
    rate = options["learning_rate"] or policy.default_learning_rate(
        "kto", model, lora=options["lora_rank"] > 0
    )
    total = trainers.steps_in(run, len(ids["train"]))
    run.outcome.settings |= {"learning_rate": rate, "steps": total, "bf16": bf16}
    run.outcome.settings |= {"desirable_weight": weights[0], "undesirable_weight": weights[1]}

    def score(rows: list[tuple[list[int], list[int]]], stage: str) -> "Tensor":
        return policy.score_responses(
            model,
            rows,
            tokenizer.pad_token_id,
            lambda done, count: run.tick(stage, done, count),
            bf16=bf16,
        )

    def score_both(rows: list[TokenisedResponse], stage: str) -> "tuple[Tensor, Tensor]":
        own = score([(row.prompt, row.response) for row in rows], stage)
        return own, score([row.other for row in rows], stage)

    def score_pairs(rows: "list[TokenisedPair]", stage: str) -> "tuple[Tensor, Tensor]":
        both = [(row.prompt, row.chosen) for row in rows]
        scores = score(both + [(row.prompt, row.rejected) for row in rows], stage)
        return scores[: len(rows)], scores[len(rows) :]

    # The model still is its own reference here, also when a checkpoint is loaded afterwards.
    watched = ids["dev"] or ids["train"]
    watched = watched[: options["eval_rows"]]
    reference = score_both(ids["train"], "load models")
    watched_reference = score_both(watched, "load models")
    pair_reference = score_pairs(pairs, "load models")

    def evaluate(step: int) -> dict[str, float]:
        figures = judge(run, watched, score_both(watched, "evaluate"), watched_reference, weights)
        run.tell_evaluation(step, total, figures, is_held_out=bool(ids["dev"]))
        samples.show(run, model, tokenizer, watched, step)
        return figures

    resume = run.resume_point()
    state = resume.state if resume else {"initial": evaluate(0)}
    check_start(state["initial"], bf16)
    trainer = trainers.kto_trainer(
        run,
        model,
        tokenizer,
        ids["train"],
        reference,
        weights,
        total_steps=total,
        rate=rate,
        evaluate=evaluate,
        state=state,
    )
    model = trainers.train(trainer, run, resume, model)
    run.outcome.initial = named(state["initial"], is_held_out=bool(ids["dev"]))
    chosen, rejected = score_pairs(pairs, "evaluate")
    return model, losses.dpo_difference(chosen, rejected, *pair_reference, options["beta"])


def judge(
    run: Run,
    rows: list[TokenisedResponse],
    scores: "tuple[Tensor, Tensor]",
    reference: "tuple[Tensor, Tensor]",
    weights: tuple[float, float],
) -> dict[str, float]:
    """Loss, reference point, and accuracy: the share of rows on the right side of it."""
    import torch

    from training import losses

    beta = run.options["beta"]
    log_ratio = scores[0] - reference[0]
    point = losses.kto_reference_point(scores[1], reference[1])
    is_desirable = torch.tensor([row.source.is_desirable for row in rows])
    loss = losses.kto_loss(log_ratio, is_desirable, point, beta, *weights)
    ideal = torch.where(is_desirable, weights[0], weights[1])
    sign = torch.sign(log_ratio - point) * torch.where(is_desirable, 1.0, -1.0)
    figures = {
        "eval_loss": float(loss.mean()),
        # Between 0 and 1 whatever the weights: 0.5 where nothing is known.
        "eval_regret": float((loss / ideal.clamp(min=1e-12)).mean()),
        "eval_accuracy": float((sign + 1).mean() / 2),
        "eval_kl": float(point),
    }
    for name, side in (("chosen", is_desirable), ("rejected", ~is_desirable)):
        if bool(side.any()):
            figures[f"eval_rewards/{name}"] = float(beta * log_ratio[side].mean())
    if {"eval_rewards/chosen", "eval_rewards/rejected"} <= figures.keys():
        figures["eval_rewards/margins"] = (
            figures["eval_rewards/chosen"] - figures["eval_rewards/rejected"]
        )
    return figures


def report(
    run: Run, difference: "Tensor", test: list[Comparison], training: list[Comparison]
) -> None:
    """Test figures of the implicit reward beside the length-only baseline, into run.outcome."""
    from training import evaluate

    run.outcome.metrics, run.outcome.baselines = evaluate.judge_comparisons(
        difference.numpy(), test, training, run.seed
    )


def check_start(initial: dict[str, float], bf16: bool) -> None:
    """Before the first step the policy is its reference: each row loses half its weight."""
    off = abs(initial["eval_regret"] - 0.5)
    if off > START_TOLERANCE[bf16] or abs(initial["eval_kl"]) > START_TOLERANCE[bf16]:
        raise RuntimeError(f"the reference is broken: the first loss is off by {off:.2g}")


if __name__ == "__main__":
    main("kto", __doc__, work)
