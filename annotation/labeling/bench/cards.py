"""The prompt's turns and the responses as the page shows them."""

from dataclasses import dataclass

from annotation.core.text import reveal_invisible
from annotation.labeling.desk import Card, Turn

SPEAKERS = {"user": "Person", "assistant": "Model", "system": "Instruction"}


@dataclass(frozen=True)
class ShownTurn:
    turn: Turn

    @property
    def who(self) -> str:
        return SPEAKERS.get(self.turn.role, self.turn.role.capitalize())

    @property
    def html(self) -> str:
        return self.turn.html

    @property
    def raw(self) -> str:
        return reveal_invisible(self.turn.text)


@dataclass(frozen=True)
class ShownResponse:
    card: Card
    rank: str
    is_missing: bool
    takes_focus: bool

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
        return not self.card.text.strip()

    @property
    def equal_to(self) -> str:
        return self.card.equal_to
