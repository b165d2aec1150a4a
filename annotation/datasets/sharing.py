"""How many comparisons of a prompt are taken, and how much each of them weighs. Pure."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from annotation.datasets.comparisons import OVER_CAP, Comparison, Drop, Outcome
from annotation.datasets.policy import Policy


@dataclass
class Placed:
    """An outcome in its item. ranking: the judgment it comes from, the item where it is from all
    of them."""

    item: object
    external_id: str
    ranking: str
    outcome: Outcome

    def lot(self, salt: str) -> str:
        """A number drawn for the pair, the same whichever side was chosen and on any machine."""
        one, other = self.outcome.pair
        named = f"{salt}\0{self.external_id}\0{one}\0{other}\0{self.ranking}"
        return hashlib.sha256(named.encode()).hexdigest()


def cap(placed: Sequence[Placed], policy: Policy) -> None:
    """Of one prompt: leave out whatever is too many, decided ones before ties, drawn by lot."""
    if not policy.max_per_prompt:
        return
    kept = [one for one in placed if isinstance(one.outcome, Comparison)]
    kept.sort(key=lambda one: (one.outcome.is_tie, one.lot(policy.salt)))
    for one in kept[policy.max_per_prompt :]:
        one.outcome = Drop(OVER_CAP)


def share_weight(placed: Sequence[Placed], policy: Policy) -> None:
    """Of one prompt: comparisons that come from one ranking, or all of them, weigh as one."""
    if policy.share_weight == "none":
        return
    kept = [one for one in placed if isinstance(one.outcome, Comparison)]
    by_ranking = policy.share_weight == "ranking"
    sizes = Counter(one.ranking if by_ranking else "" for one in kept)
    for one in kept:
        size = sizes[one.ranking if by_ranking else ""]
        one.outcome = replace(one.outcome, weight=round(one.outcome.weight / size, 6))
