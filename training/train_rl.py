"""Reinforcement learning from a reward model: PPO, RLOO or GRPO, held near to the base model; or
the baseline that they must beat, imitating the best of n (rejection sampling).

Needs a base policy, which is also the frozen reference, a reward model, and a dataset of which
only the prompts are read. RUN and TOKEN are described in docs/formats.md.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.data import SPLITS, Counts, Dataset, Messages
from training.errors import ConfigError, DataError
from training.options import responses_to_a_prompt
from training.run import Run, main, named

if TYPE_CHECKING:
    from training.rl_loop import Learner
    from training.rollouts import Prompt, Responses

LIMITS = [
    "It pleases a reward model, which is itself a guess at what labelers like; where the two "
    "part, it follows the reward model.",
    "Its win rate here is by the very reward model that it was trained against: the training "
    "worked. Whether people like it better, only fresh blind judgments show.",
    "Not checked for harmful, false or private content.",
]


def work(run: Run) -> None:
    run.tick("check data")
    check_options(run.options)
    place = run.config["dataset"]
    dataset = Dataset(Path(place["path"]), place.get("hash"))
    dataset.check_leaks()
    prompts = {split: dataset.prompts(split) for split in SPLITS}
    if not prompts["train"]:
        raise DataError("no prompts to train on")

    run.tick("load models")
    from training import policy
    from training.card import check_base, check_reward, publish
    from training.reward_model import RewardModel
    from training.tokens import ChatTokeniser, TokenisedText

    run.tick("load models")
    base = check_base(run.config, run.journal.alive)
    judge = check_reward(run.config, run.journal.alive)
    assert base is not None  # noqa: S101 - read_config refuses a run without a base
    tokenizer = policy.load_tokenizer(base)
    model = policy.load_policy(base)
    limit = policy.length_limit(model, run.options["max_length"])
    if limit <= run.options["max_new_tokens"]:
        raise ConfigError(f"max_new_tokens leaves no room for a prompt in {limit} tokens")
    tokeniser = ChatTokeniser(tokenizer, limit)
    if tokeniser.is_plain:
        run.journal.warning("the base model has no chat template: roles are written in words")
    counts = Counts(read=sum(map(len, prompts.values())))
    budget = limit - run.options["max_new_tokens"]
    rows = {split: encode(prompts[split], tokeniser, budget, counts) for split in SPLITS}
    counts.check(allow_drops=run.options["allow_drops"])
    run.outcome.counts = counts.describe()
    train(run, model, tokenizer, RewardModel.load(judge), rows)

    def save(folder: Path) -> None:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    def check(folder: Path) -> None:
        sample = [TokenisedText(row.ids, row.ids[-8:]) for row in rows["train"][:32]]
        policy.check_reload(model, folder, sample, tokenizer.pad_token_id)

    publish(run, save, check, limits=LIMITS)


def check_options(options: dict[str, Any]) -> None:
    """Raise ConfigError where options that are right alone do not go together."""
    responses, algorithm = options["responses"], options["algorithm"]
    if algorithm == "ppo" and responses not in (None, 1):
        raise ConfigError("ppo answers each prompt once: leave `responses` out")
    if algorithm != "ppo" and responses == 1:
        raise ConfigError(f"{algorithm} compares responses to a prompt: `responses` is 2 or more")
    each = responses_to_a_prompt(options)
    if options["batch_size"] % each:
        raise ConfigError(f"batch_size must be a multiple of the {each} responses to a prompt")


def encode(
    prompts: list[tuple[str, Messages]], tokeniser: Any, budget: int, counts: Counts
) -> "list[Prompt]":
    """Prompts as ids, too long ones cut from the left; what cannot be used is counted."""
    from training.rollouts import Prompt
    from training.tokens import NOT_CLEAN

    kept = []
    for sha256, messages in prompts:
        if not tokeniser.is_clean(messages):
            counts.dropped[NOT_CLEAN] += 1
            continue
        ids = tokeniser.fit(messages, tokeniser.max_length - budget, counts, sha256)
        if ids is not None:
            kept.append(Prompt(messages, ids, sha256))
    return kept


def train(
    run: Run, model: Any, tokenizer: Any, reward: Any, rows: "dict[str, list[Prompt]]"
) -> None:
    """Evaluate, train, evaluate against the base model; figures go into run.outcome."""
    from training import policy
    from training.rl_loop import Learner

    options = run.options
    is_imitation = options["algorithm"] == "best_of"
    rate = options["learning_rate"] or policy.default_learning_rate(
        "sft" if is_imitation else "rl", model
    )
    prompts = options["batch_size"] // responses_to_a_prompt(options)
    updates = max(1, round(len(rows["train"]) * options["epochs"] / prompts))
    total = min(updates, options["max_steps"] or updates)
    run.outcome.settings |= {"learning_rate": rate, "steps": total}
    loop = Learner(run, model, tokenizer, reward, rate)
    watched = (rows["dev"] or rows["train"])[: options["eval_rows"]]

    def evaluate(step: int) -> dict[str, float]:
        responses, scores = answer(loop, loop.model, watched)
        loop.show(responses, scores, step)
        figures = {
            "eval_reward": float(scores.mean()),
            "eval_length": float(responses.lengths.mean()),
            "eval_ended": float(responses.ended.float().mean()),
        }
        run.tell_evaluation(step, total, figures, is_held_out=bool(rows["dev"]))
        return figures

    resume = run.resume_point()
    state = resume.state if resume else {"initial": evaluate(0)}
    loop.train(rows["train"], total, evaluate, state, resume)
    run.outcome.initial = named(state["initial"], is_held_out=bool(rows["dev"]))
    split = next(one for one in ("test", "dev", "train") if rows[one])
    report(loop, rows[split][: options["eval_rows"]], split)


def answer(loop: "Learner", model: Any, prompts: "list[Prompt]") -> "tuple[Responses, Any]":
    """A response of `model` to each prompt, always by the same dice, and their rewards (rows,)."""
    from training import rollouts
    from training.generate import Beat

    beat = Beat(loop.run, 0, len(prompts), "evaluate")
    responses = rollouts.sample(
        loop.run, model, loop.tokenizer, prompts, seed=loop.run.seed, beat=beat
    )
    return responses, rollouts.score(loop.run, loop.reward, responses)


def report(loop: "Learner", prompts: "list[Prompt]", split: str) -> None:
    """The policy beside its base model on the same prompts, by the reward model. The figures are
    named by the split that the prompts are of."""
    from training import evaluate

    run = loop.run
    (after, ours), (before, theirs) = (
        answer(loop, model, prompts) for model in (loop.model, loop.reference)
    )
    difference = (ours - theirs).double().numpy()
    wins = evaluate.accuracy(difference, [prompt.sha256 for prompt in prompts], run.seed)
    run.outcome.metrics = {
        f"{split}_win_rate": wins.describe(),
        f"{split}_reward": float(ours.mean()),
        f"{split}_length": float(after.lengths.mean()),
        f"{split}_prompts": len(prompts),
    }
    run.outcome.baselines = {
        "base model": {
            "reward": float(theirs.mean()),
            "length": float(before.lengths.mean()),
        }
    }
    if run.options["algorithm"] == "best_of":
        count = responses_to_a_prompt(run.options)
        run.outcome.baselines[f"base model, best of {count}"] = best_of(loop, prompts, count)


def best_of(loop: "Learner", prompts: "list[Prompt]", count: int) -> dict[str, float]:
    """The reward of choosing the best of `count` responses of the base model: what costs no
    training at all. Its divergence is log n - (n - 1) / n at most: Stiennon et al. 2020, G.3."""
    _, scores = answer(loop, loop.reference, [one for one in prompts for _ in range(count)])
    return {
        "reward": float(scores.view(-1, count).max(1).values.mean()),
        "kl_bound": math.log(count) - (count - 1) / count,
    }


if __name__ == "__main__":
    main("rl", __doc__, work)
