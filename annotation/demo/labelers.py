"""Simulated labelers: each with a taste, a reliability, a speed and a place it looks at first.

They read the texts only, as people do. Most are careful; a few are not, and the agreement
figures should find them: one answers at random, one always prefers what stands first, one holds
the scale upside down, one does not read.
"""

import math
import random
from dataclasses import dataclass

from annotation.demo.reading import ACTION_POINTS, ORDER_POINTS, read_reply

CRITERIA = ("helpful", "courteous", "correct")
SLIGHTLY, CLEARLY = 1.5, 3.5  # gaps between tiers, in points of quality


@dataclass(frozen=True)
class Labeler:
    """How one simulated labeler judges. The tastes are weights around 1."""

    name: str
    courtesy: float = 1.0
    action: float = 1.0
    order: float = 1.0
    brevity: float = 0.1  # points taken per ten words
    noise: float = 0.8  # standard deviation, in points of quality
    first_bonus: float = 0.0  # points per place nearer to the first
    tie_gap: float = 0.4
    floor: float = 1.8
    words_per_second: float = 3.0
    rationale_rate: float = 0.2
    kind: str = "careful"


@dataclass(frozen=True)
class Opinion:
    """What a labeler decided, per position of the item (1 … n)."""

    choices: dict  # position -> tier number, or "x" for unacceptable
    strength: list
    ratings: dict  # criterion -> {position: 1 … 5}
    rationale: str
    seconds: float


CAREFUL = (
    Labeler("ada", noise=0.6, rationale_rate=0.4),
    Labeler("bela", courtesy=1.3, noise=0.8, first_bonus=0.05),
    Labeler("chen", action=1.3, noise=0.7, words_per_second=3.6),
    Labeler("dora", order=1.4, noise=0.9),
    Labeler("emil", brevity=0.3, noise=0.9, first_bonus=0.1, tie_gap=0.6),
    Labeler("fatima", courtesy=1.2, order=0.8, noise=0.7, rationale_rate=0.3),
    Labeler("goran", courtesy=0.7, action=1.2, noise=1.0, tie_gap=0.2),
    Labeler("hana", noise=0.8, floor=2.6, words_per_second=2.3),
    Labeler("ivo", action=0.9, order=1.2, noise=1.0, first_bonus=0.1),
)
CARELESS = (
    Labeler("jon", kind="random", rationale_rate=0.0),
    Labeler("kim", kind="first", rationale_rate=0.0, words_per_second=6.0),
    Labeler("lars", kind="inverted", noise=0.8),
    Labeler("mona", kind="hasty", noise=5.0, rationale_rate=0.0, words_per_second=60.0),
)
# Judge the comparison of two policies only: they have seen neither policy before.
FRESH = (
    Labeler("nils", noise=0.7),
    Labeler("olga", courtesy=1.2, noise=0.8),
    Labeler("pia", action=1.2, brevity=0.2, noise=0.8),
    Labeler("quin", order=1.2, noise=0.9, first_bonus=0.05),
    Labeler("rosa", noise=0.7, rationale_rate=0.4),
)
PANEL = CAREFUL + CARELESS


def judge(labeler, message, replies, *, order, seed):
    """The labeler's opinion of `replies` (by position) to `message`.

    `order`: positions as they were shown, first to last. The same seed, labeler and texts give
    the same opinion.
    """
    rng = random.Random(f"{seed} {labeler.name} {message} {replies} {order}")
    readings = [read_reply(message, reply) for reply in replies]
    appeal = {
        position: _appeal(labeler, reading, order.index(position), rng)
        for position, reading in enumerate(readings, start=1)
    }
    tiers = _tiers(appeal, labeler.tie_gap)
    floor = [p for p, points in appeal.items() if points < labeler.floor]
    if labeler.kind in ("random", "first"):
        floor = []
    ranked = [[p for p in tier if p not in floor] for tier in tiers]
    ranked = [tier for tier in ranked if tier]
    choices = dict.fromkeys(floor, "x")
    choices |= {p: rank for rank, tier in enumerate(ranked, start=1) for p in tier}
    return Opinion(
        choices=choices,
        strength=_strengths(ranked, appeal),
        ratings=_ratings(labeler, readings, rng),
        rationale=_rationale(labeler, readings, appeal, rng),
        seconds=_seconds(labeler, message, readings, rng),
    )


def _appeal(labeler, reading, place, rng):
    """What the labeler thinks a reply is worth, about 0 to 9."""
    if labeler.kind == "random":
        return rng.uniform(0, 9)
    if labeler.kind == "first":
        return 9.0 - 2 * place
    points = (
        labeler.courtesy * reading.courtesy
        + labeler.action * ACTION_POINTS * reading.fits
        + labeler.order * ORDER_POINTS[reading.order]
        - labeler.brevity * reading.word_count / 10
        - min(2.0, 0.2 * reading.stray_count)
    )
    if not reading.word_count:
        points = 0.0
    if labeler.kind == "inverted":
        points = 9.0 - points
    return points + rng.gauss(0, labeler.noise) - labeler.first_bonus * place


def _tiers(appeal, gap):
    """Positions from best to worst; neighbours closer than `gap` share a tier."""
    tiers = []
    for position in sorted(appeal, key=lambda p: -appeal[p]):
        if tiers and appeal[tiers[-1][-1]] - appeal[position] < gap:
            tiers[-1].append(position)
        else:
            tiers.append([position])
    return tiers


def _strengths(tiers, appeal):
    """1 slightly, 2 clearly, 3 far better: between neighbouring tiers, best first."""
    means = [sum(appeal[p] for p in tier) / len(tier) for tier in tiers]
    gaps = (upper - lower for upper, lower in zip(means, means[1:], strict=False))
    return [1 if gap < SLIGHTLY else 2 if gap < CLEARLY else 3 for gap in gaps]


def _ratings(labeler, readings, rng):
    if labeler.kind in ("random", "first", "hasty"):
        return {
            key: {p: rng.randint(1, 5) for p in range(1, len(readings) + 1)} for key in CRITERIA
        }
    true = {
        "helpful": [5 if reading.fits else 2 if reading.action else 1 for reading in readings],
        "courteous": [1 + round(reading.courtesy) for reading in readings],
        "correct": [{"right": 5, "missing": 3, "wrong": 1}[r.order] for r in readings],
    }
    if labeler.kind == "inverted":
        true = {key: [6 - value for value in values] for key, values in true.items()}
    return {
        key: {p: _slip(value, labeler.noise, rng) for p, value in enumerate(values, start=1)}
        for key, values in true.items()
    }


def _slip(value, noise, rng):
    """A rating off by one now and then: the noisier the labeler, the oftener."""
    if rng.random() < noise / 4:
        value += rng.choice((-1, 1))
    return min(5, max(1, value))


def _rationale(labeler, readings, appeal, rng):
    if rng.random() >= labeler.rationale_rate:
        return ""
    best = readings[max(appeal, key=appeal.get) - 1]
    worst = readings[min(appeal, key=appeal.get) - 1]
    said = []
    if best.fits and not worst.fits:
        said.append("The best one does what the customer needs, the worst does something else.")
    if best.order == "right" and worst.order == "wrong":
        said.append("The last one names somebody else's order.")
    if best.courtesy - worst.courtesy >= 1.5:
        said.append("The tone decided it.")
    return " ".join(said[:2]) or "They are close; I went by the tone and the order number."


def _seconds(labeler, message, readings, rng):
    words = len(message.split()) + sum(reading.word_count for reading in readings)
    return round(words / labeler.words_per_second * math.exp(rng.gauss(0, 0.3)) + 1.0, 1)
