"""The prompt's turns and the responses as the page shows them."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core.numbers import grouped
from annotation.core.text import reveal_invisible
from annotation.labeling.bench.flags import FlagList
from annotation.labeling.bench.ranks import Ranks
from annotation.labeling.bench.writing import ResponseWriting
from annotation.labeling.desk import Card, Turn

SPEAKERS = {
    "user": gettext_lazy("Person"),
    "assistant": gettext_lazy("Model"),
    "tool": gettext_lazy("Tool"),
}
SHORT_INSTRUCTION = 400  # characters that are shown without a click
# Characters beyond which a response is folded where the whole page scrolls.
LONG_RESPONSE = 8_000


@dataclass(frozen=True)
class ShownTurn:
    turn: Turn

    @property
    def who(self) -> str:
        return SPEAKERS.get(self.turn.role, self.turn.role.capitalize())

    @property
    def is_instruction(self) -> bool:
        """Said to the model by whoever runs it, not in the conversation."""
        return self.turn.role in ("system", "developer")

    @property
    def attachments(self):
        return self.turn.attachments

    @property
    def is_short(self) -> bool:
        return len(self.turn.text) <= SHORT_INSTRUCTION

    @property
    def html(self) -> str:
        return self.turn.html

    @property
    def raw(self) -> str:
        return reveal_invisible(self.turn.text)


@dataclass(frozen=True)
class ShownResponse:
    card: Card
    ranks: Ranks | None  # None where nothing is ranked
    flags: FlagList
    writing: ResponseWriting
    is_missing: bool = False

    @property
    def name(self) -> str:
        return self.card.letter

    @property
    def letter(self) -> str:
        return self.card.letter.lower()

    @property
    def html(self) -> str:
        return self.card.html

    @property
    def raw(self) -> str:
        return reveal_invisible(self.card.text)

    @property
    def is_empty(self) -> bool:
        return not self.card.text.strip() and not self.card.attachments

    @property
    def attachments(self):
        return self.card.attachments

    @property
    def is_long(self) -> bool:
        return len(self.card.text) > LONG_RESPONSE

    @property
    def length(self) -> str:
        return grouped(len(self.card.text))

    @property
    def equal_to(self) -> str:
        return self.card.equal_to

    # Labels of what stands on each card: spelled out here, for it is faster than in a template.

    @property
    def raw_label(self) -> str:
        return self._labelled(_("Show response %(letter)s as raw text"))

    @property
    def text_label(self) -> str:
        return self._labelled(_("Text of response %(letter)s"))

    def _labelled(self, text: str) -> str:
        return text % {"letter": self.name}
