"""Supervised fine-tuning: a policy learns to write the responses of a dataset's sft files.

With a base model it goes on from there; without one it starts a small new model whose tokenizer
is made from the dataset's own texts. RUN and TOKEN are described in docs/formats.md.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.data import SPLITS, Counts, Dataset, Demonstration
from training.errors import ConfigError, DataError
from training.run import Run, main, named

if TYPE_CHECKING:
    from training.tokens import TokenisedText

LIMITS = [
    "It imitates the demonstrations, good and bad ones alike.",
    "Not checked for harmful, false or private content.",
]


def work(run: Run) -> None:
    run.tick("check data")
    place = run.config["dataset"]
    dataset = Dataset(Path(place["path"]), place.get("hash"))
    dataset.check_leaks()
    rows = {split: dataset.demonstrations(split) for split in SPLITS}
    if not rows["train"]:
        raise DataError("no demonstrations to train on: sft.train.jsonl is empty")

    # From here on heavy libraries: whatever could be refused without them is refused by now.
    run.tick("load models")
    from training import policy
    from training.card import check_base, publish
    from training.tokens import ChatTokeniser

    run.tick("load models")
    model, tokenizer, kind = load(run, check_base(run.config, run.journal.alive), rows["train"])
    tokeniser = ChatTokeniser(tokenizer, policy.length_limit(model, run.options["max_length"]))
    counts = Counts(read=sum(map(len, rows.values())))
    texts = {split: tokeniser.texts(rows[split], counts) for split in SPLITS}
    counts.check(allow_drops=run.options["allow_drops"])
    run.outcome.counts = counts.describe()
    model = train(run, model, tokenizer, texts, run.options["learning_rate"], kind)

    def save(folder: Path) -> None:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    def check(folder: Path) -> None:
        policy.check_reload(model, folder, texts["train"][:32], tokenizer.pad_token_id)

    publish(run, save, check, limits=LIMITS)


def load(run: Run, base: Path | None, train_rows: list[Demonstration]) -> tuple[Any, Any, str]:
    """Model, tokenizer, and which default learning rate fits."""
    from training import policy, tiny

    if base is not None:
        return policy.load_policy(base, run.options), policy.load_tokenizer(base), "sft"
    if run.options["lora_rank"]:
        raise ConfigError("LoRA needs a base model: a new model's weights are all to be learned")
    tokenizer = tiny.train_tokenizer(tiny.texts_of(train_rows), run.options["vocab_size"])
    model: Any = tiny.make_model(tokenizer, run.options, run.seed)
    run.outcome.settings["base"] = f"new model of {policy.parameter_count(model):,} parameters"
    return policy.fit_threads(model).to(policy.device()), tokenizer, "fresh"


def train(
    run: Run,
    model: Any,
    tokenizer: Any,
    texts: dict[str, "list[TokenisedText]"],
    learning_rate: float | None,
    kind: str,
) -> Any:
    """Evaluate, train, evaluate; figures go to the journal and into run.outcome. Returns the
    trained model, which is another object than the given one where it was sharded."""
    from training import policy

    run.tick("load models")
    from training import samples, trainers

    rate = learning_rate or policy.default_learning_rate(
        kind, model, lora=run.options["lora_rank"] > 0
    )
    total = trainers.steps_in(run, len(texts["train"]))
    bf16 = policy.use_bf16(run.options["precision"])
    run.outcome.settings |= {"learning_rate": rate, "steps": total, "bf16": bf16}
    # Without a dev split the training rows themselves show at least whether anything moves.
    watched = (texts["dev"] or texts["train"])[: run.options["eval_rows"]]

    def measure(rows: "list[TokenisedText]") -> dict[str, float]:
        return policy.measure_texts(
            model,
            rows,
            tokenizer.pad_token_id,
            lambda done, count: run.tick("evaluate", done, count),
            bf16=bf16,
        )

    def evaluate(step: int) -> dict[str, float]:
        figures = {f"eval_{name}": value for name, value in measure(watched).items()}
        run.tell_evaluation(step, total, figures, is_held_out=bool(texts["dev"]))
        samples.show(run, model, tokenizer, watched, step)
        return figures

    resume = run.resume_point()
    state = resume.state if resume else {"initial": evaluate(0)}
    trainer = trainers.sft_trainer(
        run,
        model,
        tokenizer,
        texts["train"],
        total_steps=total,
        rate=rate,
        evaluate=evaluate,
        state=state,
    )
    model = trainers.train(trainer, run, resume, model)
    samples.show(run, model, tokenizer, watched, total)
    run.outcome.initial = named(state["initial"], is_held_out=bool(texts["dev"]))
    for split in ("dev", "test"):
        if texts[split]:
            figures = measure(texts[split])
            run.outcome.metrics |= {f"{split}_{name}": value for name, value in figures.items()}
    watched_split = "dev" if texts["dev"] else "train"
    run.outcome.baselines = {"untrained": {f"{watched_split}_loss": state["initial"]["eval_loss"]}}
    return model


if __name__ == "__main__":
    main("sft", __doc__, work)
