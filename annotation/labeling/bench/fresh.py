"""The judging page of an item on which nothing has been entered, put together from drawn parts.

From one item of a project to the next such a page differs by texts, addresses and keys only. The
templates draw the rest once for each `Kind`; drawing it for each item was a quarter of the loop.
"""

import json
import uuid
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from urllib.parse import quote

from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from annotation.core.skeleton import Skeleton, number_mark, text_mark
from annotation.core.text import reveal_invisible
from annotation.labeling.bench.cards import LONG_RESPONSE, ShownTurn
from annotation.labeling.bench.page import Bench
from annotation.labeling.desk import LETTERS, Card, Desk, Turn
from annotation.labeling.models import Assignment, Item
from annotation.projects.models import Project
from annotation.projects.services import rubric_by_id

SHOWN = ("keys", "has_keys", "advances", "break_minutes")  # preferences that the page tells
PAGE, PROMPT, RESPONSE = (
    "labeling/_judge.html",
    "labeling/_prompt.html",
    "labeling/_response.html",
)


@dataclass(frozen=True)
class Kind:
    """All that the pages drawn by one skeleton share. A skeleton is made of this and nothing
    else, so that nobody's text can be left behind in it, and no change of a setting missed."""

    project: tuple  # its whole row
    rubric_id: int | None
    count: int
    has_undo: bool
    preferences: str  # those in SHOWN, as JSON
    language: str


@dataclass(frozen=True)
class Skeletons:
    frame: Skeleton
    prompt: Skeleton
    cards: dict[str, Skeleton]  # by letter


def is_fresh(assignment) -> bool:
    """Is there nothing on the page but what every item of its project has?"""
    is_untouched = not assignment.draft and assignment.draft_at is None
    return is_untouched and assignment.item.state != Item.State.WITHDRAWN


def fresh_fragment(request, assignment, desk, rubric, undo=None) -> SafeString:
    """What `_judge.html` makes of a fresh assignment for a request of htmx."""
    kind = Kind(
        project=_row(assignment.project),
        rubric_id=rubric.pk if rubric else None,
        count=len(desk.cards),
        has_undo=undo is not None,
        preferences=json.dumps(
            {name: request.user.preferences.get(name) for name in SHOWN}, sort_keys=True
        ),
        language=get_language(),
    )
    skeletons = _drawn(kind)
    bench = None
    if not (_is_plain_prompt(desk) and all(map(_is_plain, desk.cards))):
        bench = Bench(assignment, desk, rubric, is_whole_page=False)
    values = {
        "assignment": assignment.pk,
        "key": assignment.key,
        "token": assignment.token,
        "csrf_token": get_token(request),
        "path": quote(request.path),
        "prompt": _prompt(skeletons, desk, bench),
        "undo_url": undo.url if undo else "",
        "undo_text": undo.text if undo else "",
    }
    for place, card in enumerate(desk.cards):
        values[f"card {card.letter}"] = _card(skeletons, card, bench, place)
    return skeletons.frame.filled(values)


def _row(project) -> tuple:
    return tuple(getattr(project, field.attname) for field in Project._meta.concrete_fields)


def _is_plain(card: Card) -> bool:
    """Has it a text of usual length, and nothing else that is shown?"""
    plain = Card(card.letter, card.position, card.key, card.text, card.html)
    is_usual = bool(card.text.strip()) and len(card.text) <= LONG_RESPONSE
    return card == plain and is_usual


def _is_plain_prompt(desk: Desk) -> bool:
    """Is it one message, and nothing but text?"""
    if len(desk.turns) != 1:
        return False
    (turn,) = desk.turns
    return turn == Turn(turn.role, turn.text, turn.html) and not ShownTurn(turn).is_instruction


def _prompt(skeletons: Skeletons, desk: Desk, bench: Bench | None) -> SafeString:
    if not _is_plain_prompt(desk):
        return render_to_string(PROMPT, {"bench": bench})
    (turn,) = desk.turns
    return skeletons.prompt.filled({"html": turn.html, "raw": reveal_invisible(turn.text)})


def _card(skeletons: Skeletons, card: Card, bench: Bench | None, place: int) -> SafeString:
    if not _is_plain(card):
        return render_to_string(RESPONSE, {"bench": bench, "response": bench.responses[place]})
    values = {"html": card.html, "raw": reveal_invisible(card.text)}
    return skeletons.cards[card.letter].filled(values)


@lru_cache(maxsize=256)
def _drawn(kind: Kind) -> Skeletons:
    """The whole page with marks in it; then its prompt and its responses are taken out."""
    project = Project(*kind.project)
    marks = {"assignment": number_mark(), "token": number_mark()} | {
        name: text_mark() for name in ("key", "csrf_token", "path", "undo_url", "undo_text")
    }
    bench = Bench(
        Assignment(
            pk=marks["assignment"],
            project=project,
            key=uuid.UUID(marks["key"]),
            token=marks["token"],
        ),
        Desk(
            turns=[Turn("user", text_mark(), SafeString(text_mark()))],
            cards=[
                Card(letter, position, "", text_mark(), SafeString(text_mark()))
                for position, letter in enumerate(LETTERS[: kind.count], start=1)
            ],
        ),
        rubric_by_id(kind.rubric_id) if kind.rubric_id else None,
        is_whole_page=False,
    )
    marks["key"] = bench.key  # as a UUID is written
    chosen = {
        name: value for name, value in json.loads(kind.preferences).items() if value is not None
    }
    user = SimpleNamespace(preferences=chosen)
    undo = {"url": marks["undo_url"], "text": marks["undo_text"]}
    page = render_to_string(
        PAGE,
        {
            "bench": bench,
            "project": project,
            "request": SimpleNamespace(htmx=True, path=marks["path"], user=user),
            "csrf_token": marks["csrf_token"],
            "undo": undo if kind.has_undo else None,
        },
    )
    prompt = render_to_string(PROMPT, {"bench": bench})
    page, marks["prompt"] = _without(prompt, page)
    (turn,) = bench.desk.turns
    cards = {}
    for response in bench.responses:
        drawn = render_to_string(RESPONSE, {"bench": bench, "response": response})
        page, marks[f"card {response.name}"] = _without(drawn, page)
        shown = {"html": response.card.html, "raw": response.card.text}
        cards[response.name] = Skeleton(drawn, shown)
    return Skeletons(
        Skeleton(page, marks), Skeleton(prompt, {"html": turn.html, "raw": turn.text}), cards
    )


def _without(part: str, page: str) -> tuple[str, str]:
    """The page with a mark in the place of one of its parts; and the mark."""
    before, found, after = page.partition(part)
    if not found:
        raise ValueError("This part is drawn otherwise when it stands alone.")
    mark = text_mark()
    return before + mark + after, mark
