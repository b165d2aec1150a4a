"""Direct Preference Optimization: a policy learns to prefer the chosen over the rejected response.

Needs a base policy (an SFT run's model), which is also the frozen reference. Ties are left out.
RUN and TOKEN are described in docs/formats.md.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.data import SPLITS, Counts, Dataset, check_margins, drop_identical
from training.errors import DataError
from training.run import Run, main, named

if TYPE_CHECKING:
    from torch import Tensor

    from training.tokens import TokenisedPair

LIMITS = [
    "It learned the taste of the labelers of this dataset, on prompts like theirs.",
    "Held-out accuracy compares likelihoods of given responses; only fresh judgments of its own "
    "responses show whether it writes better ones.",
    "Not checked for harmful, false or private content.",
]
# In fp32 the policy equals its reference to rounding; bf16 rounds batch shapes differently.
START_TOLERANCE = {False: 1e-4, True: 2e-2}


def work(run: Run) -> None:
    run.tick("check data")
    place = run.config["dataset"]
    dataset = Dataset(Path(place["path"]), place.get("hash"))
    dataset.check_leaks()
    counts = Counts()
    rows = {split: dataset.comparisons(split) for split in SPLITS}
    check_margins([one for split in SPLITS for one in rows[split]])
    ties = sum(len(dataset.ties(split)) for split in SPLITS)
    counts.read = sum(map(len, rows.values())) + ties
    counts.dropped["tie"] += ties
    rows = {split: drop_identical(rows[split], counts) for split in SPLITS}
    if not rows["train"]:
        raise DataError("no comparisons to train on: preferences.train.jsonl is empty")

    run.tick("load models")
    from training import policy
    from training.card import check_base, publish
    from training.tokens import ChatTokeniser, TokenisedText

    run.tick("load models")
    base = check_base(run.config, run.journal.alive)
    assert base is not None  # noqa: S101 - read_config refuses a DPO run without a base
    tokenizer = policy.load_tokenizer(base)
    model = policy.load_policy(base, run.options)
    tokeniser = ChatTokeniser(tokenizer, policy.length_limit(model, run.options["max_length"]))
    if tokeniser.is_plain:
        run.journal.warning("the base model has no chat template: roles are written in words")
    pairs = {split: tokeniser.pairs(rows[split], counts) for split in SPLITS}
    counts.check(allow_drops=run.options["allow_drops"])
    run.outcome.counts = counts.describe()
    model = train(run, base, model, tokenizer, pairs)

    def save(folder: Path) -> None:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    def check(folder: Path) -> None:
        sample = [TokenisedText(pair.prompt, pair.chosen) for pair in pairs["train"][:32]]
        policy.check_reload(model, folder, sample, tokenizer.pad_token_id)

    publish(run, save, check, limits=LIMITS)


def train(
    run: Run,
    base: Path,
    model: Any,
    tokenizer: Any,
    pairs: dict[str, "list[TokenisedPair]"],
) -> Any:
    """Score the reference, evaluate, train, evaluate; figures go into run.outcome. Returns the
    trained model, which is another object than the given one where it was sharded."""
    from training import policy

    run.tick("load models")
    from training import samples, trainers

    options = run.options
    bf16 = policy.use_bf16(options["precision"])
    rate = options["learning_rate"] or policy.default_learning_rate(
        "dpo", model, lora=options["lora_rank"] > 0
    )
    total = trainers.steps_in(run, len(pairs["train"]))
    run.outcome.settings |= {"learning_rate": rate, "steps": total, "bf16": bf16}

    def score(rows: "list[TokenisedPair]", stage: str) -> "tuple[Tensor, Tensor]":
        both = [(row.prompt, row.chosen) for row in rows]
        both += [(row.prompt, row.rejected) for row in rows]
        scores = policy.score_responses(
            model,
            both,
            tokenizer.pad_token_id,
            lambda done, count: run.tick(stage, done, count),
            bf16=bf16,
            mean=options["length_normalised"],
        )
        return scores[: len(rows)], scores[len(rows) :]

    # The model still is its own reference here, also when a checkpoint is loaded afterwards.
    reference = {split: score(pairs[split], "load models") for split in SPLITS}
    watched = "dev" if pairs["dev"] else "train"
    watch = slice(options["eval_rows"])

    def evaluate(step: int) -> dict[str, float]:
        figures = judge(run, pairs[watched][watch], score, reference[watched], watch)[0]
        run.tell_evaluation(step, total, figures, is_held_out=bool(pairs["dev"]))
        samples.show(run, model, tokenizer, pairs[watched], step)
        return figures

    resume = run.resume_point()
    state = resume.state if resume else {"initial": evaluate(0)}
    check_start(state["initial"], options, bf16)
    frozen = None if options["precompute_reference"] else policy.load_policy(base).eval()
    trainer = trainers.dpo_trainer(
        run,
        model,
        frozen,
        tokenizer,
        pairs["train"],
        reference["train"],
        total_steps=total,
        rate=rate,
        evaluate=evaluate,
        state=state,
    )
    model = trainers.train(trainer, run, resume, model)
    samples.show(run, model, tokenizer, pairs[watched], total)
    run.outcome.initial = named(state["initial"], is_held_out=bool(pairs["dev"]))
    if pairs["test"]:
        report(run, pairs, score, reference["test"])
    return model


def judge(
    run: Run,
    rows: "list[TokenisedPair]",
    score: Any,
    reference: "tuple[Tensor, Tensor]",
    part: slice,
) -> "tuple[dict[str, float], Tensor]":
    """Loss, accuracy and margin over `rows`, each row weighing one; and the margins (rows,)."""
    import torch

    from training import losses
    from training.trainer_losses import dpo_losses

    beta = run.options["beta"]
    chosen, rejected = score(rows, "evaluate")
    ref_chosen, ref_rejected = reference[0][part], reference[1][part]
    difference = losses.dpo_difference(chosen, rejected, ref_chosen, ref_rejected, beta)
    p_chosen = torch.tensor([row.source.p_chosen for row in rows], dtype=torch.float64)
    return {
        "eval_loss": float(dpo_losses(difference, run.options, p_chosen).mean()),
        "eval_accuracy": float((torch.sign(difference) + 1).mean() / 2),
        "eval_rewards/margins": float(difference.mean()),
        "eval_rewards/chosen": float(beta * (chosen - ref_chosen).mean()),
        "eval_rewards/rejected": float(beta * (rejected - ref_rejected).mean()),
        "eval_logps/chosen": float(chosen.mean()),
        "eval_logps/rejected": float(rejected.mean()),
    }, difference


def check_start(initial: dict[str, float], options: dict[str, Any], bf16: bool) -> None:
    """Before the first step the policy is its reference: loss ln 2, margin 0. Else it is a bug."""
    if options["loss"] != "sigmoid":
        return
    off = abs(initial["eval_loss"] - math.log(2))
    if off > START_TOLERANCE[bf16] or abs(initial["eval_rewards/margins"]) > START_TOLERANCE[bf16]:
        raise RuntimeError(f"the reference is broken: the first loss is ln 2 {off:+.2g}")


def report(run: Run, pairs: dict[str, "list[TokenisedPair]"], score: Any, reference: Any) -> None:
    """Test-split figures beside the length-only baseline, into run.outcome."""
    from training import evaluate

    figures, difference = judge(run, pairs["test"], score, reference, slice(None))
    sources = {split: [pair.source for pair in pairs[split]] for split in ("train", "test")}
    metrics, run.outcome.baselines = evaluate.judge_comparisons(
        difference.numpy(), sources["test"], sources["train"], run.seed
    )
    metrics["loss"] = figures["eval_loss"]
    run.outcome.metrics = metrics


if __name__ == "__main__":
    main("dpo", __doc__, work)
