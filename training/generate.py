"""Sample responses from a policy: n per prompt, in batches, in one process.

Reads options.prompts (a line per prompt: id and messages) and writes responses.jsonl into the
attempt's folder, whole or not at all, and partial.jsonl as it goes. RUN and TOKEN are described in
docs/formats.md.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from training import lines
from training.data import Messages, read_prompt
from training.errors import ConfigError, DataError
from training.events import strict_json
from training.run import Run, main

# What keeps a prompt from being answered, in responses.jsonl and in words.
SAID = {
    "long_prompt": "prompt too long",
    "control_token": "control token in prompt",
    "chat_template": "prompt refused by the chat template",
}


def work(run: Run) -> None:
    run.tick("check data")
    prompts = read_prompts(run.options["prompts"])

    run.tick("load models")
    from jinja2 import TemplateError

    from training import policy
    from training.card import check_base
    from training.tokens import ChatTokeniser

    run.tick("load models")
    base = check_base(run.config, run.journal.alive)
    assert base is not None  # noqa: S101 - read_config refuses a run without a base
    tokenizer = policy.load_tokenizer(base)
    model = policy.load_policy(base).eval()
    options = run.options
    own = getattr(model.config, "max_position_embeddings", None) or 4096
    limit = min(options["max_length"] or own, own)
    if limit <= options["max_new_tokens"]:
        raise ConfigError(f"max_new_tokens leaves no room for a prompt in {limit} tokens")
    tokeniser = ChatTokeniser(tokenizer, limit)
    rows, names, faults, cut = [], [], {}, 0
    for name, prompt in prompts:
        if not tokeniser.is_clean(prompt):
            faults[name] = "control_token"
            continue
        try:
            ids = tokeniser.encode_prompt(prompt)
            fitting = tokeniser.cut(prompt, ids, limit - options["max_new_tokens"])
        except TemplateError:  # such as roles that do not alternate
            faults[name] = "chat_template"
            continue
        if fitting is None:
            faults[name] = "long_prompt"
            continue
        cut += len(fitting) < len(ids)
        rows.append(fitting)
        names.append(name)
    if not rows:
        first = next(iter(faults))
        raise DataError(f"not one prompt fits, such as {first!r}: {SAID[faults[first]]}")
    responses = sample(run, model, tokenizer, rows, arrived=Partial(run.out, names))
    run.outcome.counts = {
        "read": len(prompts),
        "kept": len(rows),
        "cut": cut,
        "dropped": dict(sorted(Counter(SAID[fault] for fault in faults.values()).items())),
    }
    run.outcome.metrics = describe(responses)
    lines.write(run, "responses", said(names, responses, faults))


def read_prompts(path: str) -> list[tuple[str, Messages]]:
    """(id, messages) of each line."""
    rows = lines.read(path, option="prompts", noun="prompts")
    return [(row["id"], read_prompt(row, where)) for where, row in rows]


class Partial:
    """partial.jsonl: what is written so far, for a run that ends before its end. Whoever reads it
    while it grows takes whole lines."""

    def __init__(self, folder: Path, names: list[str]):
        self.path, self.names = folder / "partial.jsonl", names

    def __call__(self, some: dict[tuple[int, int], dict[str, Any]]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            for (at, index), response in some.items():
                row = {"prompt": self.names[at], "index": index, **response}
                file.write(strict_json(row) + "\n")


def sample(
    run: Run,
    model: Any,
    tokenizer: Any,
    rows: list[list[int]],
    arrived: Callable[[dict[tuple[int, int], dict[str, Any]]], None] = lambda some: None,
) -> dict[tuple[int, int], dict[str, Any]]:
    """Responses by (prompt number, index): text, finish reason, number of tokens. `arrived` gets
    those of each batch.

    Batches hold prompts of about the same length, padded on the left; each batch has its own
    seed, so that the same run gives the same responses.
    """
    import torch

    from training import policy

    options = run.options
    bf16 = policy.use_bf16(options["precision"])
    wanted = settings(options, tokenizer)
    jobs = [(at, index) for at in range(len(rows)) for index in range(options["n"])]
    jobs.sort(key=lambda job: -len(rows[job[0]]))
    size = options["batch_size"]
    responses: dict[tuple[int, int], dict[str, Any]] = {}
    for number, start in enumerate(range(0, len(jobs), size)):
        run.tick("generate", len(responses), len(jobs))
        batch = jobs[start : start + size]
        torch.manual_seed((run.seed * 1_000_003 + number) % 2**63)
        beat = Beat(run, len(responses), len(jobs))
        produced = continued(model, tokenizer, [rows[at] for at, _ in batch], wanted, beat, bf16)
        some = {
            job: read_response(tokenizer, ids) for job, ids in zip(batch, produced, strict=True)
        }
        arrived(some)
        responses |= some
    return responses


def continued(
    model: Any, tokenizer: Any, rows: Sequence[list[int]], wanted: Any, beat: Any, bf16: bool
) -> list[list[int]]:
    """What the model writes after each row of ids, padding behind its end included; by the dice
    of torch as they lie. `wanted`: see `settings`; `beat` is called after each token."""
    import torch

    from training import policy

    width = max(map(len, rows))
    ids = torch.full((len(rows), width), tokenizer.pad_token_id, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, width - len(row) :] = torch.tensor(row)
        mask[place, width - len(row) :] = 1
    with torch.no_grad(), policy.autocast(bf16):
        produced = model.generate(
            input_ids=ids.to(policy.device()),
            attention_mask=mask.to(policy.device()),
            generation_config=wanted,
            stopping_criteria=[beat],
        )
    written: list[list[int]] = produced[:, width:].tolist()
    return written


class Beat:
    """Called by generate after each token: a sign of life, and the place to stop."""

    def __init__(self, run: Run, done: int, total: int, stage: str = "generate"):
        self.run, self.done, self.total, self.stage = run, done, total, stage

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        import torch

        self.run.tick(self.stage, self.done, self.total)
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


# Of what changes the distribution, the values that change nothing.
NEUTRAL: dict[str, Any] = {
    "repetition_penalty": 1.0,
    "encoder_repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "min_new_tokens": 0,
    "guidance_scale": 1.0,
    "num_beams": 1,
}
# The same of what needs sampling.
NEUTRAL_SAMPLING: dict[str, Any] = {
    "top_k": 0,
    "typical_p": 1.0,
    "min_p": 0.0,
    "epsilon_cutoff": 0.0,
    "eta_cutoff": 0.0,
}


def settings(options: dict[str, Any], tokenizer: Any) -> Any:
    """Sampling from the model's own distribution: nothing but temperature and top-p.

    What is left unsaid here, generate takes from the model's generation_config.json: log-probs
    would then not be of what was sampled.
    """
    from transformers import GenerationConfig

    chosen: dict[str, Any] = {"do_sample": False}
    if options["temperature"] > 0:
        chosen = {
            "do_sample": True,
            "temperature": options["temperature"],
            "top_p": options["top_p"],
            **NEUTRAL_SAMPLING,
        }
    return GenerationConfig(
        max_new_tokens=options["max_new_tokens"],
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        **NEUTRAL,
        **chosen,
    )


def read_response(tokenizer: Any, ids: list[int]) -> dict[str, Any]:
    """Text up to the end token, and whether the model ended by itself."""
    end = tokenizer.eos_token_id
    stopped = end in ids
    kept = ids[: ids.index(end)] if stopped else ids
    return {
        "text": tokenizer.decode(kept, skip_special_tokens=True),
        "finish_reason": "stop" if stopped else "length",
        "num_tokens": len(kept) + stopped,
    }


def describe(responses: dict[tuple[int, int], dict[str, Any]]) -> dict[str, Any]:
    count = len(responses)
    return {
        "responses": count,
        "stopped": sum(one["finish_reason"] == "stop" for one in responses.values()) / count,
        "mean_tokens": sum(one["num_tokens"] for one in responses.values()) / count,
    }


def said(
    names: list[str], responses: dict[tuple[int, int], dict[str, Any]], faults: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """A line for each response in the prompts' order, then for the prompts without any."""
    for (at, index), response in sorted(responses.items()):
        yield {"prompt": names[at], "index": index, **response}
    for name, fault in faults.items():
        yield {"prompt": name, "fault": fault}


if __name__ == "__main__":
    main("generate", __doc__, work)
