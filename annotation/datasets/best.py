"""The response of an item worth imitating, over all its labelers. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from annotation.datasets.comparisons import Ballot, Candidate, count_votes, mostly_unacceptable
from annotation.datasets.policy import Policy

NO_SINGLE_BEST, BEST_IS_EMPTY, BEST_IS_UNACCEPTABLE, TOO_FEW = DROP_REASONS = (
    "no_single_best",
    "best_is_empty",
    "best_is_unacceptable",
    "too_few_votes",
)


def settled_best(
    candidates: Sequence[Candidate], settled: Ballot, policy: Policy
) -> Candidate | str:
    """The best one by a reviewer's verdict: one voice, that needs no second one."""
    return best_response(candidates, [settled], replace(policy, min_votes=1))


def best_response(
    candidates: Sequence[Candidate], ballots: Sequence[Ballot], policy: Policy
) -> Candidate | str:
    """The candidate with the highest mean share of votes against the others (Borda's count over
    whoever compared the two), or the reason why there is none.

    Two at the top are none, unless their texts are equal. One that as many call unacceptable as
    acceptable is no example to follow.
    """
    ordered = sorted(candidates, key=lambda candidate: candidate.key)
    scores = {}
    for one in ordered:
        shares = []
        for other in ordered:
            if other.key != one.key:
                tally = count_votes(one, other, ballots, policy)
                if tally.votes >= policy.min_votes:
                    shares.append(tally.share_first)
        if shares:
            scores[one.key] = round(sum(shares) / len(shares), 9)
    if not scores:
        floors = [ballot.unacceptable for ballot in ballots]
        is_hopeless = candidates and floors and all(all(floor) for floor in floors)
        return BEST_IS_UNACCEPTABLE if is_hopeless else TOO_FEW
    top = max(scores.values())
    at_top = [one for one in ordered if scores.get(one.key) == top]
    if len({one.text for one in at_top}) > 1:
        return NO_SINGLE_BEST
    best = at_top[0]
    if best.is_empty and policy.drop_empty:
        return BEST_IS_EMPTY
    if mostly_unacceptable(ballots, best.position):
        return BEST_IS_UNACCEPTABLE
    return best
