"""Read a message or a reply back into facts, and score a reply by the hidden quality.

The hidden quality is known to the world and to the evaluation, never to a trainer. It takes any
text a model may write: what it does not recognise counts for nothing and costs a little.
"""

import re
from dataclasses import dataclass

from annotation.demo import texts

PARTS = ("greeting", "acknowledgement", "action", "farewell")
COURTESY = {"courteous": 1.0, "plain": 0.5, "rude": 0.0, None: 0.0}
ORDER_POINTS = {"right": 2.0, "missing": 1.0, "wrong": 0.0}
ACTION_POINTS = 3.0
BEST = 9.0

# A reply that says little the world knows is scored by these words, at half the courtesy.
KIND_WORDS = {"sorry", "thank", "thanks", "please", "kind", "gladly", "happy", "apologies"}

_ORDER = re.compile(r"\b\d{2}\b")
_REF = re.compile(r" for order ([^\s.,;:!?]*)")
_PRODUCT = re.compile(r"\b(" + "|".join(texts.PRODUCTS) + r")\b")
_WORD = re.compile(r"[^\W_]+")


def _phrases():
    """(phrase without slots, part, manner, problem), the longest first: "Regards" is also
    inside "Kind regards from all of us"."""
    rows = []
    for part, by_manner in (
        ("greeting", texts.GREETINGS),
        ("acknowledgement", texts.ACKNOWLEDGEMENTS),
        ("farewell", texts.FAREWELLS),
    ):
        rows += [(p, part, m, None) for m, phrases in by_manner.items() for p in phrases]
    for problem, by_manner in texts.ACTIONS.items():
        rows += [(p, "action", m, problem) for m, phrases in by_manner.items() for p in phrases]
    rows = [(p.replace("{ref}", "").lower(), *rest) for p, *rest in rows]
    return sorted(rows, key=lambda row: -len(row[0]))


_PHRASES = _phrases()
_PROBLEMS = [
    (phrase.lower(), problem) for problem, phrases in texts.PROBLEMS.items() for phrase in phrases
]


@dataclass(frozen=True)
class Facts:
    """What a message is about; None where it does not say."""

    problem: str | None
    product: str | None
    order: str | None


@dataclass(frozen=True)
class Reading:
    """What a reply does, seen against the message it answers."""

    manners: dict  # part -> manner, None where the part is missing
    action: str | None  # the problem its action is for
    fits: bool
    order: str  # right, wrong or missing
    word_count: int
    stray_count: int  # words that belong to no known sentence
    kind_words: bool

    @property
    def courtesy(self):
        """0 to 4: one point a courteous part, half a point a plain one."""
        known = sum(COURTESY[manner] for manner in self.manners.values())
        if known == 0 and self.kind_words and "rude" not in self.manners.values():
            return 2.0
        return known

    @property
    def quality(self):
        """The hidden quality, 0 to 9."""
        if not self.word_count:
            return 0.0
        points = self.courtesy + ACTION_POINTS * self.fits
        if self.action is not None or self.order != "missing":
            points += ORDER_POINTS[self.order]
        return min(BEST, max(0.0, points - min(2.0, 0.2 * self.stray_count)))


def read_message(message):
    """The facts of a customer's message, a text or a prompt (list of messages)."""
    if not isinstance(message, str):
        message = next((m["content"] for m in reversed(message) if m["role"] == "user"), "")
    text = _plain(message)
    order, product = _ORDER.search(text), _PRODUCT.search(text)
    skeleton = _PRODUCT.sub("{product}", _ORDER.sub("{order}", text))
    problem = next((problem for phrase, problem in _PROBLEMS if phrase in skeleton), None)
    return Facts(problem, product and product.group(), order and order.group().upper())


def read_reply(message, reply):
    """Read `reply` as an answer to `message`. Takes any text."""
    facts = read_message(message)
    text = _plain(reply)
    orders = {number.upper() for number in _REF.findall(text)}
    skeleton = _REF.sub("", text)
    orders |= {number.upper() for number in _ORDER.findall(skeleton)}
    products = set(_PRODUCT.findall(skeleton))
    skeleton = _PRODUCT.sub("{product}", skeleton)
    manners = dict.fromkeys(PARTS)
    actions = set()
    for phrase, part, manner, problem in _PHRASES:
        if phrase not in skeleton:
            continue
        skeleton = skeleton.replace(phrase, " ")
        if manners[part] is None or COURTESY[manner] < COURTESY[manners[part]]:
            manners[part] = manner  # said twice: the worse one is remembered
        if problem:
            actions.add(problem)
    if products - {facts.product}:
        manners["acknowledgement"] = "rude"  # an apology for somebody else's kettle is none
    words = _WORD.findall(text)
    return Reading(
        manners=manners,
        action=next(iter(actions)) if len(actions) == 1 else None,
        fits=actions == {facts.problem},
        order="missing" if not orders else "right" if orders == {facts.order} else "wrong",
        word_count=len(words),
        stray_count=len(_WORD.findall(skeleton)),
        kind_words=not KIND_WORDS.isdisjoint(words),
    )


def hidden_quality(message, reply):
    """0 (empty, rude, useless) to 9 (courteous throughout, right action, right order number)."""
    return read_reply(message, reply).quality


def _plain(text):
    return " ".join(text.lower().split())
