"""Which responses to a prompt are judged together. Pure: candidates in, choices out.

Prompts are gone through in an order drawn from the seed; for each the two responses are taken
whose generators cost least, then one response after the other that adds the least cost. Costs are
those of pairs of generators: how often the pair is chosen already (balanced), or how little its
next comparison would teach (adaptive). Ties are drawn from the seed, so the same seed over the
same responses gives the same items.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

ANY, BALANCED, NEW_AGAINST_OLD, ADAPTIVE = "any", "balanced", "new_against_old", "adaptive"
RULES = (ANY, BALANCED, NEW_AGAINST_OLD, ADAPTIVE)
# Of adaptive choices so many are balanced instead: a rule that only looks where it is unsure
# never finds out that it is wrong elsewhere.
EXPLORE = 0.15

Pair = tuple[int, int]


@dataclass(frozen=True)
class Candidate:
    """A response and who wrote it (0: nobody knows)."""

    pk: int
    generator: int


@dataclass(frozen=True)
class Rule:
    """`gains`: what a comparison of two generators is expected to teach, for the adaptive rule;
    a pair that it does not know is taken for the most teaching one."""

    name: str = BALANCED
    k: int = 2
    takes_fewer: bool = True
    new: frozenset[int] = frozenset()
    gains: Mapping[Pair, float] = field(default_factory=dict)
    overlap: int = 1
    most: int | None = None


@dataclass(frozen=True)
class Chosen:
    """The responses of each prompt in the order of their places; why others give no item; and how
    often each two generators meet."""

    items: dict[int, list[int]]
    reasons: dict[int, str]
    meetings: Counter


def pair_of(one: int, other: int) -> Pair:
    return (one, other) if one <= other else (other, one)


def choose(prompts: Mapping[int, Sequence[Candidate]], rule: Rule, *, seed: int) -> Chosen:
    """Candidates by prompt, 2 or more of each; none is empty."""
    order = sorted(prompts)
    random.Random(f"{seed}").shuffle(order)  # noqa: S311  a draw that can be repeated
    meetings: Counter = Counter()
    items, reasons = {}, {}
    for prompt in order:
        rng = random.Random(f"{seed}:{prompt}")  # noqa: S311
        candidates = list(prompts[prompt])
        rng.shuffle(candidates)
        reason = why_not(candidates, rule)
        if not reason and rule.most is not None and len(items) >= rule.most:
            reason = "beyond_limit"
        if reason:
            reasons[prompt] = reason
            continue
        taken = _taken(candidates, rule, meetings, rng)
        for one, other in combinations(taken, 2):
            meetings[pair_of(one.generator, other.generator)] += 1
        # Places are drawn too: a place must not tell who wrote what stands there.
        rng.shuffle(taken)
        items[prompt] = [one.pk for one in taken]
    return Chosen(dict(sorted(items.items())), dict(sorted(reasons.items())), meetings)


def why_not(candidates: Sequence[Candidate], rule: Rule) -> str:
    """Why these give no item, or nothing."""
    need = 2 if rule.takes_fewer else rule.k
    if len(candidates) < need:
        return "too_few"
    if rule.name == ANY:
        return ""
    generators = {one.generator for one in candidates}
    if rule.name == NEW_AGAINST_OLD:
        if not generators & rule.new:
            return "no_new"
        if not generators - rule.new:
            return "no_old"
    if len(generators) < need:
        return "too_few_generators"
    return ""


def _taken(candidates, rule: Rule, meetings: Counter, rng: random.Random) -> list[Candidate]:
    if rule.name == ANY:
        return candidates[: rule.k]
    cost = _cost(rule, meetings, explores=rng.random() < EXPLORE)
    first, second = min(
        (pair for pair in combinations(candidates, 2) if _may_meet(*pair, rule)),
        key=lambda pair: cost(pair[0].generator, pair[1].generator),
    )
    taken = [first, second]
    left = [one for one in candidates if one not in taken]
    while len(taken) < rule.k:
        there = {one.generator for one in taken}
        fresh = [one for one in left if one.generator not in there]
        if not fresh:
            break
        best = min(fresh, key=lambda one: sum(cost(one.generator, each) for each in there))
        taken.append(best)
        left.remove(best)
    return taken


def _may_meet(one: Candidate, other: Candidate, rule: Rule) -> bool:
    """As the pair an item begins with: two generators, one of them new where that is asked."""
    if one.generator == other.generator:
        return False
    if rule.name != NEW_AGAINST_OLD:
        return True
    return (one.generator in rule.new) != (other.generator in rule.new)


def _cost(rule: Rule, meetings: Counter, *, explores: bool) -> Callable[[int, int], float]:
    """Of a pair of generators; the least is taken."""
    if rule.name == ADAPTIVE and rule.gains and not explores:
        most = max(rule.gains.values())
        return lambda one, other: (
            -_still_taught(
                rule.gains.get(pair_of(one, other), most),
                meetings[pair_of(one, other)] * rule.overlap,
            )
        )
    if rule.name == NEW_AGAINST_OLD:
        # What tells old from old, or new from new, is worth less: a meeting's price, and a half.
        return lambda one, other: (
            meetings[pair_of(one, other)]
            + (0.5 if (one in rule.new) == (other in rule.new) else 0)
        )
    return lambda one, other: meetings[pair_of(one, other)]


def _still_taught(gain: float, judged: int) -> float:
    """What the next comparison of a pair teaches after `judged` more. Its variance v becomes
    v / (1 + n p (1 - p) v), and its gain p (1 - p) v the same share of what it was."""
    return gain / (1 + judged * gain)


def spread_of(meetings: Iterable[int]) -> int:
    """Between the pair that meets most and the one that meets least."""
    counts = list(meetings)
    return max(counts) - min(counts) if counts else 0
