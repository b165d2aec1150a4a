"""What a judging page shows: the prompt and the responses in this labeler's order.

Never who wrote a response. Rendered text comes from the cache; what is missing is rendered and
kept. Two statements when the assignment is given.
"""

from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from annotation.core.hashing import sha256_of_text
from annotation.core.markup import RENDERER_VERSION, render_untrusted
from annotation.core.models import RenderedText
from annotation.labeling.models import ItemResponse

LETTERS = "ABCDEFGHI"


@dataclass(frozen=True)
class Card:
    """One response as it is shown: a letter by place, its position in the item, its text."""

    letter: str
    position: int
    key: str
    text: str
    html: SafeString
    equal_to: str = ""  # the letter of the response with the very same text, where there is one


@dataclass(frozen=True)
class Turn:
    """One message of the prompt."""

    role: str
    text: str
    html: SafeString


@dataclass(frozen=True)
class Desk:
    turns: list[Turn]
    cards: list[Card] = field(default_factory=list)


def desk_for(assignment) -> Desk:
    """The page's content for an assignment with its item and prompt at hand."""
    by_position = {
        placed.position: placed
        for placed in ItemResponse.objects.filter(item=assignment.item_id).select_related(
            "response"
        )
    }
    messages = assignment.item.prompt.messages
    hashes = {sha256_of_text(message["content"]): message["content"] for message in messages}
    hashes |= {p.response.text_sha256: p.response.text for p in by_position.values()}
    html = rendered(hashes)

    letters = dict(zip(assignment.order, LETTERS, strict=False))
    cards = [
        Card(
            letter=letters[position],
            position=position,
            key=by_position[position].key,
            text=by_position[position].response.text,
            html=html[by_position[position].response.text_sha256],
            equal_to=_equal_letter(by_position, position, letters),
        )
        for position in assignment.order
    ]
    turns = [
        Turn(
            role=message["role"],
            text=message["content"],
            html=html[sha256_of_text(message["content"])],
        )
        for message in messages
    ]
    return Desk(turns=turns, cards=cards)


def _equal_letter(by_position, position, letters) -> str:
    """Another card with the same text; the first of a group names the second."""
    mine = by_position[position].response.text_sha256
    others = [
        letters[other]
        for other, placed in by_position.items()
        if other != position and placed.response.text_sha256 == mine
    ]
    return min(others, default="")


def rendered(texts: dict[str, str]) -> dict[str, SafeString]:
    """Safe HTML by content hash. One statement when all of it is in the cache."""
    kept = RenderedText.objects.filter(sha256__in=list(texts), renderer=RENDERER_VERSION)
    # Only render_untrusted's own output is ever written there.
    found = {sha: SafeString(html) for sha, html in kept.values_list("sha256", "html")}
    missing = [
        RenderedText(sha256=sha, renderer=RENDERER_VERSION, html=str(render_untrusted(text)))
        for sha, text in texts.items()
        if sha not in found
    ]
    if missing:
        RenderedText.objects.bulk_create(missing, ignore_conflicts=True)
    return found | {row.sha256: SafeString(row.html) for row in missing}
