"""Rankings of one item to comparisons, over all its labelers. Pure: no database.

Every pair of responses of a judged item comes out exactly once: as a comparison, as a tie, or
left out for exactly one reason. So the counts add up.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from annotation.datasets.policy import Policy
from annotation.labeling.verdict import effective_tiers, sign_between

# Why a pair is left out, in the order in which reasons are looked for.
EMPTY, EQUAL, UNRANKED, BOTH_UNACCEPTABLE, FEW_VOTES, LOW_WEIGHT = FIRST_REASONS = (
    "empty_text",
    "equal_texts",
    "not_ranked",
    "both_unacceptable",
    "too_few_votes",
    "low_weight",
)
# Of rules that came later: the first of all is of the texts, the others follow in this order.
(
    TURNS,
    FLOORED,
    OTHER_PAIR,
    TIED,
    WEAK,
    REPEATED,
    PERSONAL,
    OVER_CAP,
    LENGTH_BALANCE,
    MASKED,
) = LATER_REASONS = (
    "further_turns",
    "unacceptable",
    "other_pair",
    "tie",
    "too_weak",
    "repeated_pair",
    "personal_data",
    "over_cap",
    "length_balance",
    "masked_correction",
)
DROP_REASONS = (*FIRST_REASONS, *LATER_REASONS)
STRONGEST = 3
# As transcripts begin a turn: at the start of a line or, as hh-rlhf does, after two spaces.
TURN = re.compile(r"(?:\A|\n|  )\s*(?:Human|User|Assistant):")
# Where a comparison comes from: the votes, or a reviewer's verdict in their place.
RANKING, SETTLED = "ranking", "settled"


@dataclass(frozen=True)
class Candidate:
    """A response in an item: its name in files, its text, its position, its attachments."""

    key: str
    text: str
    position: int
    attachments: tuple[Mapping[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.text.strip()

    @property
    def has_further_turns(self) -> bool:
        """Whether it goes on as a transcript: who learns it learns to speak for the other side."""
        return TURN.search(self.text) is not None


@dataclass(frozen=True)
class Ballot:
    """One judgment, arrays by position as in `Judgment`; `name` says where it came from."""

    name: str
    ranks: Sequence[int | None]
    unacceptable: Sequence[bool]
    strength: Sequence[int | None] = ()
    rest_below: bool = False
    tiers: tuple[int | None, ...] = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "tiers", effective_tiers(self.ranks, self.unacceptable))

    def sign(self, one: int, other: int) -> int | None:
        """-1 where the response at position `one` is better, 1 the other, 0 a tie, None nothing
        said."""
        return sign_between(self.tiers, self.unacceptable, self.rest_below, one, other)

    def strength_between(self, better: int, worse: int) -> float:
        """How far apart two positions are, 0 to 1: the sum of what was said about the steps
        between their tiers, at most “far better”. 0 where nothing was said."""
        high, low = self.ranks[better - 1], self.ranks[worse - 1]
        if high is None or low is None or not self.strength:
            return 0.0
        said = sum(step or 0 for step in self.strength[high - 1 : low - 1])
        return min(said, STRONGEST) / STRONGEST


@dataclass
class Tally:
    """The votes on one pair, `first` and `second` in the order of their keys."""

    first: Candidate
    second: Candidate
    for_first: int = 0
    for_second: int = 0
    ties: int = 0
    both_unacceptable: int = 0
    strength_first: float = 0.0
    strength_second: float = 0.0
    ballots: list[str] = field(default_factory=list)

    @property
    def votes(self) -> int:
        return self.for_first + self.for_second + self.ties

    @property
    def share_first(self) -> float:
        """(votes for first + half the ties) / votes."""
        return (self.for_first + self.ties / 2) / self.votes

    @property
    def sign(self) -> int:
        """-1 where more voted for the first, 1 for the second, 0 for neither."""
        return (self.for_second > self.for_first) - (self.for_first > self.for_second)


@dataclass(frozen=True)
class Belief:
    """sign: -1 where the first is likelier the better one, 1 the second, 0 neither; p_chosen:
    chance that this one is, a tie counting half, 0.5 to 1; is_tie: a tie is likelier than either;
    weight: 0 to 1, how much of a certain comparison it is worth. Whoever believes decides the
    side: chances that were rounded one by one cannot tell an even split any more."""

    sign: int
    p_chosen: float
    is_tie: bool
    weight: float

    @property
    def share_first(self) -> float:
        return 1 - self.p_chosen if self.sign > 0 else self.p_chosen


@dataclass(frozen=True)
class Comparison:
    """A pair that counts. `chosen` and `rejected`, or for a tie simply the two in key order.

    `share`: of the votes for `chosen`, a tie vote counting half, or the chance that it is better
    where labelers are weighed. `margin`: mean strength of the votes for it, 0 to 1. `is_flip`:
    most of the votes were for the other one.
    """

    chosen: Candidate
    rejected: Candidate
    is_tie: bool
    share: float
    votes: int
    margin: float
    ballots: list[str]
    source: str = RANKING
    weight: float = 1.0
    is_flip: bool = False

    @property
    def pair(self) -> tuple[str, str]:
        """The keys of the two, whichever was chosen."""
        one, other = sorted((self.chosen.key, self.rejected.key))
        return one, other

    def as_soft(self) -> "Comparison":
        """A tie with the side in front that got at least half of the votes."""
        if self.is_tie and self.share < 0.5:
            sides = {"chosen": self.rejected, "rejected": self.chosen}
            return replace(self, share=round(1 - self.share, 6), **sides)
        return self


@dataclass(frozen=True)
class Drop:
    reason: str


Outcome = Comparison | Drop


def compare_item(
    candidates: Sequence[Candidate],
    ballots: Sequence[Ballot],
    policy: Policy,
    believed: Callable[[int], Belief | None] = lambda place: None,
    settled: Ballot | None = None,
) -> Iterator[Outcome]:
    """One outcome for each of the K(K-1)/2 pairs, in the order of the keys. `believed`: by the
    place of the pair in that order, what holds instead of the plain votes. `settled`: the verdict
    that stands before both, for the pairs that it says something of."""
    for place, (first, second) in enumerate(combinations(in_key_order(candidates), 2)):
        tally = count_votes(first, second, ballots, policy)
        sign = settled and counted_sign(settled, first.position, second.position, policy)
        if settled is None or sign is None:
            yield _outcome(tally, policy, believed(place))
        else:
            yield _settled_outcome(tally, policy, settled, sign)


def in_key_order(candidates: Sequence[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda candidate: candidate.key)


def counted_sign(ballot: Ballot, one: int, other: int, policy: Policy) -> int | str | None:
    """What a ballot says of two positions: -1, 0 or 1 as `Ballot.sign`, BOTH_UNACCEPTABLE where
    that is no vote, None where nothing was said."""
    sign = ballot.sign(one, other)
    both = ballot.unacceptable[one - 1] and ballot.unacceptable[other - 1]
    if sign is not None and policy.drop_both_unacceptable and both:
        return BOTH_UNACCEPTABLE
    return sign


def count_votes(first, second, ballots: Sequence[Ballot], policy: Policy) -> Tally:
    """What each labeler said about the pair. Who ranked only one of the two said nothing, unless
    the ranking was of the best ones: then the other one lies below."""
    tally = Tally(first, second)
    one, two = first.position, second.position
    for ballot in ballots:
        sign = counted_sign(ballot, one, two, policy)
        if sign is None:
            continue
        if isinstance(sign, str):
            tally.both_unacceptable += 1
            continue
        tally.ballots.append(ballot.name)
        if sign == 0:
            tally.ties += 1
        elif sign < 0:
            tally.for_first += 1
            tally.strength_first += ballot.strength_between(one, two)
        else:
            tally.for_second += 1
            tally.strength_second += ballot.strength_between(two, one)
    return tally


def _outcome(tally: Tally, policy: Policy, belief: Belief | None) -> Outcome:
    if reason := _reason_to_drop(tally, policy):
        return Drop(reason)
    if belief is not None and belief.weight < policy.min_weight:
        return Drop(LOW_WEIGHT)
    if belief is None:
        share, sign = tally.share_first, tally.sign
        is_mostly_tied = tally.ties > max(tally.for_first, tally.for_second)
    else:
        share, sign, is_mostly_tied = belief.share_first, belief.sign, belief.is_tie
    is_tie = sign == 0 or (policy.labels == "majority" and is_mostly_tied)
    if is_tie or sign < 0:
        won, strength = tally.for_first, tally.strength_first
        chosen, rejected = tally.first, tally.second
    else:
        won, strength = tally.for_second, tally.strength_second
        chosen, rejected, share = tally.second, tally.first, 1 - share
    return Comparison(
        chosen=chosen,
        rejected=rejected,
        is_tie=is_tie,
        share=round(share, 6),
        votes=tally.votes,
        # A consensus may choose what nobody voted for: then nobody said how far it is ahead.
        margin=0.0 if is_tie or not won else round(strength / won, 6),
        ballots=tally.ballots,
        weight=1.0 if belief is None else belief.weight,
        is_flip=not is_tie and 2 * won < tally.votes - tally.ties,
    )


def _settled_outcome(tally: Tally, policy: Policy, settled: Ballot, sign: int | str) -> Outcome:
    """As certain as it gets; the votes stand beside it, however many there are. Its margin is
    what the verdict itself says of the step."""
    first, second = tally.first, tally.second
    if reason := reason_in_texts(first, second, policy):
        return Drop(reason)
    if isinstance(sign, str):
        return Drop(sign)
    chosen, rejected = (second, first) if sign > 0 else (first, second)
    won = tally.for_second if sign > 0 else tally.for_first
    steps = settled.strength_between(chosen.position, rejected.position) if sign else 0.0
    return Comparison(
        chosen=chosen,
        rejected=rejected,
        is_tie=sign == 0,
        share=1.0 if sign else 0.5,
        votes=tally.votes,
        margin=round(steps, 6),
        ballots=tally.ballots,
        source=SETTLED,
        is_flip=sign != 0 and 2 * won < tally.votes - tally.ties,
    )


def reason_in_texts(first: Candidate, second: Candidate, policy: Policy) -> str | None:
    """Why two texts are no pair to learn from, whoever says what of them."""
    if policy.drop_empty and (first.is_empty or second.is_empty):
        return EMPTY
    if policy.drop_equal and first.text == second.text:
        return EQUAL
    if policy.drop_turns and (first.has_further_turns or second.has_further_turns):
        return TURNS
    return None


def mostly_unacceptable(ballots: Sequence[Ballot], position: int) -> bool:
    """Whether as many as half of those who said something of a response called it unacceptable."""
    said = [ballot.unacceptable[position - 1] for ballot in ballots if ballot.tiers[position - 1]]
    return bool(said) and sum(said) * 2 >= len(said)


def _reason_to_drop(tally: Tally, policy: Policy) -> str | None:
    if reason := reason_in_texts(tally.first, tally.second, policy):
        return reason
    if not tally.votes and not tally.both_unacceptable:
        return UNRANKED
    # Most labelers see nothing to choose between: a lone vote must not speak for all.
    if tally.both_unacceptable > tally.votes:
        return BOTH_UNACCEPTABLE
    if tally.votes < policy.min_votes:
        return FEW_VOTES
    return None
