"""Which prompts a comparison may use: none that either side was trained on or chosen by."""

import json
import random
from collections.abc import Iterable

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.datasets.models import Dataset
from annotation.datasets.split import split_key
from annotation.prompts.models import Generator, Prompt, Response
from annotation.runs.models import ModelVersion
from annotation.runs.registry.lineage import datasets_behind

# What is trained on, and what checkpoints are chosen by. The test split is neither.
SEEN = (".train.jsonl", ".dev.jsonl")


def seen_by(*versions: ModelVersion | None) -> set[str]:
    """Keys of the prompts in the datasets of these versions and of all they were made from."""
    datasets = {
        dataset.pk: dataset
        for version in versions
        if version is not None
        for dataset in datasets_behind(version)
    }
    return {key for dataset in datasets.values() for key in prompt_keys(dataset)}


def prompt_keys(dataset: Dataset) -> set[str]:
    """As `split_key` makes them: letter case and spacing make no other prompt."""
    files = dataset.manifest.get("counts", {}).get("files", {})
    found: set[str] = set()
    known: set[str] = set()
    for name in files:
        path = dataset.folder / name
        if not name.endswith(SEEN) or not path.is_file():
            continue
        with path.open(encoding="utf-8") as file:
            for line in file:
                messages = json.loads(line).get("prompt")
                said = json.dumps(messages)
                if messages and said not in known:
                    known.add(said)
                    found.add(split_key(messages))
    return found


def choose_prompts(
    *, project, new: ModelVersion, old: Generator, count: int, n: int, batch: str, seed: int
) -> list[Prompt]:
    """`count` prompts at random, of a batch of items or of the whole project, that neither side
    has seen, and to which a side without a model here has answered already. DomainError with the
    numbers where there is none."""
    rows = Prompt.objects.filter(project=project).order_by("pk")
    if batch:
        rows = rows.filter(items__batch=batch).distinct()
    every = dict(rows.values_list("pk", "messages"))
    if not every:
        raise DomainError(_("There is no prompt to compare them on."))
    seen = seen_by(new, getattr(old, "model_version", None))
    fresh = [pk for pk, messages in every.items() if split_key(messages) not in seen]
    able = set(fresh)
    for generator in (new.generator, old):
        if not generator.artifact:
            able &= answered(generator, able, n)
    if not able:
        raise DomainError(
            _(
                "No prompt is left: of %(all)s, %(seen)s are in the training data of one of the "
                "two, and to the others a model that cannot be asked here has not responded."
            )
            % {"all": len(every), "seen": len(every) - len(fresh)}
        )
    rng = random.Random(f"evaluation {seed}")  # noqa: S311  repeatable, not secret
    chosen = rng.sample(sorted(able), min(count, len(able)))
    found = Prompt.objects.in_bulk(chosen)
    return [found[pk] for pk in chosen]


def answered(generator: Generator, prompts: Iterable[int], n: int) -> set[int]:
    """Those to which it has n stored responses."""
    counts: dict[int, int] = {}
    rows = Response.objects.filter(
        generator=generator, prompt__in=prompts, kind=Response.Kind.CANDIDATE
    )
    for prompt in rows.values_list("prompt_id", flat=True):
        counts[prompt] = counts.get(prompt, 0) + 1
    return {prompt for prompt, count in counts.items() if count >= n}
