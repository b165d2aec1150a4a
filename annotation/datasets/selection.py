"""Which pairs of an item a policy takes, once their outcomes are known. Pure.

Nothing is lost on the way: what a rule refuses comes out as a Drop with its reason, in the place
where the comparison stood.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from annotation.datasets.comparisons import (
    FEW_VOTES,
    FLOORED,
    OTHER_PAIR,
    STRONGEST,
    TIED,
    WEAK,
    Ballot,
    Belief,
    Candidate,
    Comparison,
    Drop,
    Outcome,
    compare_item,
    count_votes,
    in_key_order,
    mostly_unacceptable,
)
from annotation.datasets.policy import Policy


@dataclass(frozen=True)
class Ranked:
    """What became of a pair, and in which ranking: a judgment's name, empty for all together."""

    outcome: Outcome
    ranking: str = ""


def rank_item(
    candidates: Sequence[Candidate],
    ballots: Sequence[Ballot],
    policy: Policy,
    believed: Callable[[int], Belief | None] = lambda place: None,
    settled: Ballot | None = None,
) -> list[Ranked]:
    """What becomes of every pair of an item: once by all its judgments together or, where each
    vote stands for itself, once for each judgment."""
    if policy.labels != "each":
        outcomes = compare_item(candidates, ballots, policy, believed, settled)
        judges = ballots if settled is None else [settled]
        return [Ranked(one) for one in select(list(outcomes), candidates, judges, policy)]
    few = [tally.votes < policy.min_votes for tally in _tallies(candidates, ballots, policy)]
    found = []
    for ballot in ballots:
        alone = list(compare_item(candidates, [ballot], replace(policy, min_votes=1)))
        for place, is_few in enumerate(few):
            if is_few and isinstance(alone[place], Comparison):
                alone[place] = Drop(FEW_VOTES)
        found += [Ranked(one, ballot.name) for one in select(alone, candidates, [ballot], policy)]
    return found


def select(
    outcomes: Sequence[Outcome],
    candidates: Sequence[Candidate],
    ballots: Sequence[Ballot],
    policy: Policy,
) -> Iterable[Outcome]:
    """The same outcomes, with a Drop for whatever the policy does not take."""
    tiers = tiers_of(outcomes)
    last = max(tiers.values(), default=0)
    floored = set()
    if policy.unacceptable == "drop":
        floored = {one.key for one in candidates if mostly_unacceptable(ballots, one.position)}
    for outcome in outcomes:
        if isinstance(outcome, Drop):
            yield outcome
        elif reason := _reason_to_drop(outcome, policy, tiers, last, floored):
            yield Drop(reason)
        else:
            yield outcome


def tiers_of(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """The order of an item's responses that its own comparisons give, best 0: by the mean share
    against whichever they were compared with, equal means in one tier."""
    shares: dict[str, list[float]] = {}
    for one in outcomes:
        if isinstance(one, Comparison):
            shares.setdefault(one.chosen.key, []).append(one.share)
            shares.setdefault(one.rejected.key, []).append(1 - one.share)
    means = {key: round(sum(said) / len(said), 6) for key, said in shares.items()}
    order = sorted(set(means.values()), reverse=True)
    return {key: order.index(mean) for key, mean in means.items()}


def _reason_to_drop(
    one: Comparison, policy: Policy, tiers: Mapping[str, int], last: int, floored: set[str]
) -> str | None:
    if not floored.isdisjoint(one.pair):
        return FLOORED
    high, low = sorted((tiers[one.chosen.key], tiers[one.rejected.key]))
    wanted = {
        "all": True,
        "adjacent": low - high <= 1,
        "best_rest": high == 0,
        "best_worst": high == 0 and low == last,
    }
    if not wanted[policy.pairs]:
        return OTHER_PAIR
    if one.is_tie:
        return TIED if policy.ties == "drop" else None
    # Margins are rounded to six digits, and a third is not among them.
    if one.margin * STRONGEST < policy.min_strength - 1e-4:
        return WEAK
    return None


def _tallies(candidates, ballots, policy):
    for first, second in combinations(in_key_order(candidates), 2):
        yield count_votes(first, second, ballots, policy)
