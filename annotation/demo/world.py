"""The demo world: a small shop's customer e-mails, drawn at random from a seed.

A prompt is a customer's message; a reply has a greeting, an acknowledgement, an action and a
farewell, each courteous, plain or rude; the action fits the problem or not; the order number is
right, wrong or missing. `reading` tells all this back from the texts alone.
"""

import random
from dataclasses import dataclass

from annotation.demo import texts

HABIT = "return"  # whatever a customer writes about: send it back


@dataclass(frozen=True)
class Case:
    """What a customer wrote, and what about."""

    message: str
    problem: str
    product: str
    order: str

    @property
    def prompt(self):
        return [{"role": "user", "content": self.message}]


@dataclass(frozen=True)
class Demonstration:
    case: Case
    reply: str


def sample_cases(count, *, seed, exclude=()):
    """`count` cases with different messages, none of them in `exclude`."""
    rng = random.Random(f"cases {seed}")
    seen = set(exclude)
    cases = []
    while len(cases) < count:
        case = draw_case(rng)
        if case.message not in seen:
            seen.add(case.message)
            cases.append(case)
    return cases


def sample_demonstrations(count, *, seed, exclude=()):
    """Replies of mixed quality to different messages: what the first policy learns from."""
    rng = random.Random(f"demonstrations {seed}")
    cases = sample_cases(count, seed=f"demonstrations {seed}", exclude=exclude)
    return [Demonstration(case, draw_reply(case, rng)) for case in cases]


def sample_replies(case, count, *, seed):
    """`count` different replies of mixed quality to one case."""
    rng = random.Random(f"replies {seed} {case.message}")
    replies = []
    while len(replies) < count:
        reply = draw_reply(case, rng)
        if reply not in replies:
            replies.append(reply)
    return replies


def draw_case(rng):
    problem = rng.choice(list(texts.PROBLEMS))
    product = rng.choice(texts.PRODUCTS)
    order = draw_order(rng)
    body = rng.choice(texts.PROBLEMS[problem]).format(product=product, order=order)
    opening = rng.choice(texts.OPENINGS)
    body = f"{opening} {body}" if opening else body[0].upper() + body[1:]
    message = f"{body} {rng.choice(texts.CLOSINGS)}".strip()
    return Case(message, problem, product, order)


def draw_reply(case, rng):
    """One reply. Its author has a manner and mostly keeps it; facts may go wrong.

    The staff has habits, or the likeliest reply would be a good one and a low temperature would
    mend what judgments should: a wrong action is mostly HABIT, and a number is often left out.
    """
    author = rng.choices(texts.MANNERS, weights=(0.25, 0.35, 0.4))[0]

    def manner():
        return author if rng.random() < 0.7 else rng.choice(texts.MANNERS)

    action = rng.choices(
        (case.problem, HABIT, rng.choice(list(texts.ACTIONS))), weights=(0.5, 0.35, 0.15)
    )[0]
    fate = rng.choices(("right", "wrong", "missing"), weights=(0.48, 0.1, 0.42))[0]
    order = {"right": case.order, "wrong": draw_order(rng), "missing": None}[fate]
    return write_reply(
        greeting=rng.choice(texts.GREETINGS[manner()]),
        acknowledgement=rng.choice(texts.ACKNOWLEDGEMENTS[manner()]),
        action=rng.choice(texts.ACTIONS[action][manner()]),
        farewell=rng.choice(texts.FAREWELLS[manner()]),
        product=case.product,
        order=order,
    )


def write_reply(*, greeting, acknowledgement, action, farewell, product, order):
    """Put a reply together. `order` None leaves the number out."""
    middle = acknowledgement.format(product=product)
    deed = action.format(ref=f" for order {order}" if order else "")
    return f"{greeting}\n\n{middle} {deed}\n\n{farewell}"


def draw_order(rng):
    return str(rng.randrange(10, 100))
