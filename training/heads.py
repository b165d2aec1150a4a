"""Which of a reward model's heads says what: one for each member of an ensemble and criterion.

All heads stand on one body. The members see each its own bootstrap sample of the prompts, so
where they disagree, the data did not settle it: Osband et al. 2016. One body makes them agree
more than bodies of their own would.
"""

import random
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from training import losses
from training.data import Comparison

OVERALL = ""  # the ranking itself, beside the criteria of the rubric


@dataclass(frozen=True)
class Heads:
    """Heads in columns: member by member, and in each the criteria in their order."""

    criteria: tuple[str, ...] = (OVERALL,)
    weights: tuple[float, ...] = (1.0,)
    members: int = 1

    @classmethod
    def of(cls, options: dict[str, Any], criteria: dict[str, float]) -> "Heads":
        return cls(
            (OVERALL, *criteria),
            (options["overall_weight"], *criteria.values()),
            options["members"],
        )

    @property
    def count(self) -> int:
        return self.members * len(self.criteria)

    def columns(self, criterion: str) -> list[int]:
        """The column of a criterion in each member."""
        place = self.criteria.index(criterion)
        return [member * len(self.criteria) + place for member in range(self.members)]

    def bootstrap(self, prompt_sha256: str, seed: int) -> list[float]:
        """How often each member sees a prompt: Poisson(1), by the seed; once where it is alone."""
        if self.members == 1:
            return [1.0]
        return [
            float(_poisson(random.Random(f"{seed}/{member}/{prompt_sha256}")))  # noqa: S311
            for member in range(self.members)
        ]

    def combination(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Factor and shift of each head, such that rewards = sum of factor * (raw - shift).

        raw: what the heads say of the training split, (rows, heads) float64. Each criterion is
        brought to deviation 1 first, so that a weight means the same for all; both (heads,).
        """
        if self.count == 1:
            return torch.ones(1, dtype=raw.dtype), torch.zeros(1, dtype=raw.dtype)
        shift, spread = raw.mean(0), raw.std(0, correction=0).clamp(min=1e-6)
        weight = torch.tensor(self.weights * self.members, dtype=raw.dtype)
        total = sum(abs(one) for one in self.weights) * self.members
        return weight / spread / total, shift

    def by_member(self, raw: Tensor, factor: Tensor, shift: Tensor) -> Tensor:
        """What each member alone would give: (rows, members), whose mean is the reward."""
        parts = (raw - shift) * factor * self.members
        return parts.view(len(raw), self.members, len(self.criteria)).sum(2)

    def describe(self) -> dict[str, Any]:
        return {
            "criteria": list(self.criteria),
            "weights": list(self.weights),
            "members": self.members,
        }

    @classmethod
    def read(cls, spec: dict[str, Any]) -> "Heads":
        """From reward.json; models of one head do not mention any."""
        said = spec.get("heads")
        if said is None:
            return cls()
        return cls(tuple(said["criteria"]), tuple(said["weights"]), said["members"])


def comparison_losses(
    chosen: Tensor,
    rejected: Tensor,
    labels: dict[str, Tensor],
    centering: float,
    log_nu: Tensor | None = None,
) -> Tensor:
    """The loss of each comparison, mean over the members that see it; (comparisons,).

    chosen, rejected: (comparisons, members), each member's head of the comparison's criterion.
    labels: p_chosen and perhaps margin (comparisons,), boot (comparisons, members). With log_nu
    p_chosen 0.5 is a tie of Davidson's.
    """
    members = chosen.shape[1]

    def spread(name: str) -> Tensor | None:
        values = labels.get(name)
        return None if values is None else values[:, None].expand(-1, members).flatten()

    one, other, p_chosen = chosen.flatten(), rejected.flatten(), spread("p_chosen")
    difference = one - other
    if log_nu is None or p_chosen is None:
        loss = losses.preference_nll(difference, p_chosen, spread("margin"))
    else:
        margin = spread("margin")
        is_tie = p_chosen == 0.5
        if margin is not None:
            difference = difference - margin
        loss = losses.davidson_nll(difference, is_tie, log_nu)
    loss = loss + centering * losses.centering(one, other)
    boot = labels["boot"]
    return (loss.view(-1, members) * boot).sum(1) / members


def labels_of(one: Comparison, heads: Heads, seed: int) -> dict[str, Any]:
    """The columns of a comparison, and how often each member sees it."""
    return {
        "columns": heads.columns(one.criterion),
        "boot": heads.bootstrap(one.prompt_sha256, seed),
    }


def _poisson(chance: random.Random) -> int:
    """Knuth's way to Poisson(1)."""
    count, product = 0, chance.random()
    while product > 0.36787944117144233:  # exp(-1)
        count += 1
        product *= chance.random()
    return count
