"""What a judging page shows: the prompt and the responses in this labeler's order.

Never who wrote a response. Rendered text comes from the cache; what is missing is rendered and
kept. One statement when the assignment is given and nothing is missing, and one more where there
are attachments.
"""

import json
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from annotation.core.hashing import sha256_of_text
from annotation.core.markup import RENDERER_VERSION, render_untrusted
from annotation.core.models import RenderedText
from annotation.core.prepared import Prepared
from annotation.prompts.attachments.references import Attached, attached

LETTERS = "ABCDEFGHI"


NOT_RENDERED = SafeString()


@dataclass(frozen=True)
class Card:
    """One response as it is shown: a letter by place, its position in the item, its text."""

    letter: str
    position: int
    key: str
    text: str
    html: SafeString
    equal_to: str = ""  # the letter of the very same response, where there is one
    attachments: tuple[Attached, ...] = ()


@dataclass(frozen=True)
class Turn:
    """One message of the prompt."""

    role: str
    text: str
    html: SafeString
    attachments: tuple[Attached, ...] = ()


@dataclass(frozen=True)
class Desk:
    turns: list[Turn]
    cards: list[Card] = field(default_factory=list)
    is_cold: bool = False  # some of it had to be rendered now: nobody had looked ahead so far


@dataclass(frozen=True)
class Placed:
    """A response in its place, as one row of `TEXTS`."""

    position: int
    key: str
    text: str
    sha256: str
    attachments: list[dict]

    @property
    def identity(self) -> list[str]:
        return [self.sha256, *(reference["sha256"] for reference in self.attachments)]


# The item's responses with their rendered text, and the rendered text of the prompt's messages.
TEXTS = Prepared("""
SELECT ir.position, ir.key, coalesce(nullif(ir.shown_text, ''), r.text), shown.sha256,
       NULLIF(r.attachments, '[]'), t.html
  FROM labeling_itemresponse ir
  JOIN prompts_response r ON r.id = ir.response_id
 CROSS JOIN LATERAL (
       SELECT coalesce(nullif(ir.shown_sha256, ''), r.text_sha256) AS sha256) AS shown
  LEFT JOIN core_renderedtext t ON t.sha256 = shown.sha256 AND t.renderer = %(renderer)s
 WHERE ir.item_id = %(item)s
UNION ALL
SELECT NULL, NULL, NULL, t.sha256, NULL, t.html
  FROM core_renderedtext t
 WHERE t.sha256 = ANY(%(messages)s) AND t.renderer = %(renderer)s
""")


def desk_for(assignment) -> Desk:
    """The page's content for an assignment with its item and prompt at hand."""
    messages = assignment.item.prompt.messages
    texts = {sha256_of_text(message["content"]): message["content"] for message in messages}
    by_position, html = _read(assignment.item_id, texts)
    texts |= {placed.sha256: placed.text for placed in by_position.values()}
    missing = {sha: text for sha, text in texts.items() if sha not in html}
    html |= _render_and_keep(missing)

    letters = dict(zip(assignment.order, LETTERS, strict=False))
    of_turns, of_cards = _attachments(assignment, messages, by_position)
    cards = [
        Card(
            letter=letters[position],
            position=position,
            key=by_position[position].key,
            text=by_position[position].text,
            html=html[by_position[position].sha256],
            equal_to=_equal_letter(by_position, position, letters),
            attachments=shown,
        )
        for position, shown in zip(assignment.order, of_cards, strict=True)
    ]
    turns = [
        Turn(
            role=message["role"],
            text=message["content"],
            html=html[sha256_of_text(message["content"])],
            attachments=shown,
        )
        for message, shown in zip(messages, of_turns, strict=True)
    ]
    return Desk(turns=turns, cards=cards, is_cold=bool(missing))


def _attachments(assignment, messages, by_position):
    """What each message and each response in its order has beside its text."""
    lists = [message.get("attachments", []) for message in messages]
    lists += [by_position[position].attachments for position in assignment.order]
    shown = attached(assignment.project, lists)
    return shown[: len(messages)], shown[len(messages) :]


def _read(item_id, messages) -> tuple[dict[int, Placed], dict[str, SafeString]]:
    """The responses by position, and what of all texts is rendered already."""
    rows = TEXTS.rows(
        {"item": item_id, "messages": list(messages), "renderer": str(RENDERER_VERSION)}
    )
    placed = {
        position: Placed(position, key, text, sha, json.loads(attachments or "[]"))
        for position, key, text, sha, attachments, _ in rows
        if position is not None
    }
    # Only render_untrusted's own output is ever written there.
    return placed, {sha: SafeString(html) for *_, sha, _, html in rows if html is not None}


def _equal_letter(by_position, position, letters) -> str:
    """Another card with the same content; the first of a group names the second."""
    mine = by_position[position].identity
    others = [
        letters[other]
        for other, placed in by_position.items()
        if other != position and placed.identity == mine
    ]
    return min(others, default="")


def rendered(texts: dict[str, str]) -> dict[str, SafeString]:
    """Safe HTML by content hash. One statement when all of it is in the cache."""
    kept = RenderedText.objects.filter(sha256__in=list(texts), renderer=RENDERER_VERSION)
    found = {sha: SafeString(html) for sha, html in kept.values_list("sha256", "html")}
    return found | _render_and_keep({sha: text for sha, text in texts.items() if sha not in found})


def _render_and_keep(texts: dict[str, str]) -> dict[str, SafeString]:
    missing = [
        RenderedText(sha256=sha, renderer=RENDERER_VERSION, html=str(render_untrusted(text)))
        for sha, text in texts.items()
    ]
    if missing:
        RenderedText.objects.bulk_create(missing, ignore_conflicts=True)
    return {row.sha256: SafeString(row.html) for row in missing}
