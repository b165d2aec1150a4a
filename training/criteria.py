"""Comparisons by one criterion, out of the ratings of a dataset's raw judgments. No torch.

A rating is one labeler's number; only which of two responses the *same* labeler rated higher is
comparable over labelers.
"""

import math
from collections import Counter, defaultdict
from itertools import combinations

from training.data import Comparison, Dataset
from training.errors import ConfigError, DataError
from training.unpaired import ratings_of


def parse_weights(text: str) -> dict[str, float]:
    """`helpful=2, tone=0.5` as weights by criterion; empty where nothing is asked for."""
    weights: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, number = (side.strip() for side in part.partition("="))
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        if not equals or not name or not math.isfinite(weight) or weight == 0:
            raise ConfigError(
                f"option 'criteria' is written as helpful=2, tone=0.5, with weights that are not "
                f"0; {part!r} is not"
            )
        if name in weights:
            raise ConfigError(f"option 'criteria' names {name!r} twice")
        weights[name] = weight
    return weights


def by_criterion(dataset: Dataset, split: str, criterion: str) -> list[Comparison]:
    """Pairs that most of their common raters put in one order on the criterion.

    p_chosen is the share of these votes, ties halved; an even split is left out, and so is a
    pair with a response whose text the dataset does not hold.
    """
    votes: dict[tuple[str, str, str], Counter[int]] = defaultdict(Counter)
    for where, row in dataset.rankings(split):
        values = sorted(ratings_of(row, criterion, where).items())
        for (one, high), (other, low) in combinations(values, 2):
            votes[row["item"], one, other][(high > low) - (high < low)] += 1
    texts = dataset.texts(split)
    found = []
    for (item, one, other), said in votes.items():
        first, second = texts.get((item, one)), texts.get((item, other))
        if first is None or second is None or first.response == second.response:
            continue
        share = (said[1] + said[0] / 2) / said.total()
        if share == 0.5:
            continue
        chosen, rejected = (first, second) if share > 0.5 else (second, first)
        found.append(
            Comparison(
                prompt=first.prompt,
                chosen=chosen.response,
                rejected=rejected.response,
                prompt_sha256=first.prompt_sha256,
                p_chosen=max(share, 1 - share),
                criterion=criterion,
            )
        )
    return found


def read_criteria(
    dataset: Dataset, splits: tuple[str, ...], names: list[str]
) -> dict[str, list[Comparison]]:
    """The comparisons of all criteria by split; a criterion that decides nothing is refused."""
    found: dict[str, list[Comparison]] = {split: [] for split in splits}
    for name in names:
        for split in splits:
            rows = by_criterion(dataset, split, name)
            if split == "train" and not rows:
                raise DataError(
                    f"no two responses of the training split were rated apart on {name!r}"
                )
            found[split] += rows
    return found
