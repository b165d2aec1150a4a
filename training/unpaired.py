"""Single responses that are good or bad: what KTO learns from. Imports no torch.

A frozen dataset has comparisons and raw judgments; both say of many a response that it is one or
the other. Where they contradict themselves, the response is left out and counted.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from training.data import Counts, Dataset, Messages, Text
from training.errors import DataError
from training.tokens import NOT_CLEAN, ChatTokeniser

CONTESTED = "contested"
NO_TEXT = "text not in the dataset"
# Left out because they say nothing either way, or nothing that can be read: no damage.
BY_DESIGN = frozenset({CONTESTED, NO_TEXT})


@dataclass(frozen=True)
class Unpaired:
    """A response to a prompt, and whether it is desirable."""

    prompt: Messages
    response: str
    prompt_sha256: str
    is_desirable: bool
    weight: float = 1.0


@dataclass(frozen=True)
class TokenisedResponse:
    """prompt + response as ids, and `other`: a prompt and response of its batch's reference point,
    where the response answers somebody else."""

    prompt: list[int]
    response: list[int]
    other: tuple[list[int], list[int]]
    source: Unpaired


def read_unpaired(
    dataset: Dataset, split: str, options: dict[str, Any], counts: Counts
) -> list[Unpaired]:
    """Every response of a split once, with its label as `options["labels"]` wants it."""
    if options["labels"] == "comparisons":
        return by_comparisons(dataset, split, counts)
    shares: dict[tuple[str, str], float]
    if options["labels"] == "floor":
        shares = acceptable_shares(dataset.rankings(split))
    else:
        shares = rated_shares(dataset.rankings(split), options["criterion"], options["threshold"])
    return by_share(shares, dataset.texts(split), counts)


def by_comparisons(dataset: Dataset, split: str, counts: Counts) -> list[Unpaired]:
    """Chosen is desirable, rejected is not; one that was both is contested and left out.

    `weight` is the mean weight of its comparisons.
    """
    found: dict[tuple[str, str], list[Unpaired]] = defaultdict(list)
    for one in dataset.comparisons(split):
        for is_chosen, response in ((True, one.chosen), (False, one.rejected)):
            row = Unpaired(one.prompt, response, one.prompt_sha256, is_chosen, one.weight)
            found[row.prompt_sha256, response].append(row)
    return _agreed(found, counts)


def acceptable_shares(rankings: Iterable[tuple[str, dict[str, Any]]]) -> dict[Any, float]:
    """By (item, response id): the share of judgments that rank it above the unacceptable floor."""
    votes: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for where, row in rankings:
        below = _names(row.get("unacceptable", []), where)
        ranked = _names((name for tier in row.get("ranking", []) for name in tier), where)
        for name in sorted(below | ranked):
            votes[row["item"], name].append(name not in below)
    return {key: sum(said) / len(said) for key, said in votes.items()}


def rated_shares(
    rankings: Iterable[tuple[str, dict[str, Any]]], criterion: str, threshold: float
) -> dict[Any, float]:
    """By (item, response id): the share of ratings on a criterion that reach the threshold."""
    votes: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for where, row in rankings:
        for name, value in ratings_of(row, criterion, where).items():
            votes[row["item"], name].append(value >= threshold)
    return {key: sum(said) / len(said) for key, said in votes.items()}


def ratings_of(row: dict[str, Any], criterion: str, where: str) -> dict[str, float]:
    """The numbers a judgment gave on a criterion, by response id; "does not apply" is none."""
    ratings = row.get("ratings", {})
    values = ratings.get(criterion, {}) if isinstance(ratings, dict) else None
    if not isinstance(values, dict):
        raise DataError(f"{where}: ratings must be an object of objects")
    return {name: value for name, value in values.items() if type(value) in (int, float)}


def by_share(
    shares: dict[Any, float], texts: dict[tuple[str, str], Text], counts: Counts
) -> list[Unpaired]:
    """More than half of the judgments for it: desirable; less: not; half: contested."""
    found: dict[tuple[str, str], list[Unpaired]] = defaultdict(list)
    for key, share in shares.items():
        text = texts.get(key)
        if text is None or share == 0.5:
            counts.read += 1
            counts.dropped[NO_TEXT if text is None else CONTESTED] += 1
            continue
        row = Unpaired(text.prompt, text.response, text.prompt_sha256, share > 0.5)
        found[row.prompt_sha256, row.response].append(row)
    return _agreed(found, counts)


def _agreed(found: dict[tuple[str, str], list[Unpaired]], counts: Counts) -> list[Unpaired]:
    """A row for each response of which all say the same, with the mean of their weights."""
    counts.read += len(found)
    rows = []
    for said in found.values():
        if len({row.is_desirable for row in said}) == 2:
            counts.dropped[CONTESTED] += 1
        else:
            rows.append(replace(said[0], weight=sum(row.weight for row in said) / len(said)))
    return rows


def balance(rows: Iterable[Unpaired], options: dict[str, Any]) -> tuple[float, float]:
    """Weights of desirable and undesirable rows: as asked, else such that both sides weigh alike.

    Ethayarajh et al. 2024, section 4.2: l_D n_D / (l_U n_U) should be about 1. The commoner side
    keeps weight 1.
    """
    labels = [row.is_desirable for row in rows]
    good, bad = labels.count(True), labels.count(False)
    if not good or not bad:
        raise DataError(
            f"KTO needs both: {good} desirable and {bad} undesirable responses to train on"
        )
    desirable, undesirable = options["desirable_weight"], options["undesirable_weight"]
    return (
        max(1.0, bad / good) if desirable is None else desirable,
        max(1.0, good / bad) if undesirable is None else undesirable,
    )


def tokenise(
    rows: Iterable[Unpaired], tokeniser: ChatTokeniser, counts: Counts, seed: int
) -> list[TokenisedResponse]:
    """Rows as ids, each with its mismatched pair; what cannot be used is counted by reason.

    None at all where fewer than two prompts are left: then nothing can be mismatched.
    """
    kept: list[tuple[Unpaired, list[int], list[int]]] = []
    for row in rows:
        if not tokeniser.is_clean(row.prompt, row.response):
            counts.dropped[NOT_CLEAN] += 1
            continue
        response = tokeniser.encode_response(row.response)
        prompt = tokeniser.fit(row.prompt, len(response), counts, row.prompt_sha256)
        if prompt is not None:
            kept.append((row, prompt, response))
    if len({row.prompt_sha256 for row, _, _ in kept}) < 2:
        return []
    others = mismatch([row.prompt_sha256 for row, _, _ in kept], seed)
    found = []
    for (row, prompt, response), other in zip(kept, others, strict=True):
        strange = kept[other][2]
        excess = max(0, len(prompt) + len(strange) - tokeniser.max_length)
        found.append(TokenisedResponse(prompt, response, (prompt[excess:], strange), row))
    return found


def mismatch(prompts: Sequence[str], seed: int) -> list[int]:
    """For each row, by its prompt's hash, the place of a response to another prompt, by chance.

    Almost every response is taken once, so that the mismatched ones are distributed as all are.
    """
    order = list(range(len(prompts)))
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, no secret
    found = [0] * len(order)
    for place, at in enumerate(order):
        before = (order[place - step] for step in range(1, len(order)))
        found[at] = next(other for other in before if prompts[other] != prompts[at])
    return found


def _names(names: Iterable[Any], where: str) -> set[str]:
    found = set(names)
    if not all(isinstance(name, str) for name in found):
        raise DataError(f"{where}: responses go by their ids")
    return found
