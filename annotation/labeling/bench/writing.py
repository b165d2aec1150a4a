"""What a labeler writes into a response or beside it, as the page shows it: corrections, marked
errors, a demonstration, and the difference between two texts."""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annotation.core.markup import render_untrusted
from annotation.core.text import reveal_invisible
from annotation.labeling.desk import Card
from annotation.labeling.diff import ADDED, REMOVED, SAME, Piece, compare
from annotation.labeling.forms.writing import read_highlights
from annotation.labeling.responses.masking import MASK

# Longer quotations are cut in the list: the words stand marked in the text.
SHOWN_WORDS = 160


@dataclass(frozen=True)
class DiffView:
    """What must be taken from `old` and added to it to make `new`."""

    title: str
    old: str
    new: str
    is_correction: bool = False

    @classmethod
    def of_responses(cls, letter: str, other: str, *, old: str, new: str) -> "DiffView":
        names = {"one": letter.upper(), "other": other.upper()}
        return cls(_("%(one)s compared with %(other)s") % names, old, new)

    @classmethod
    def of_correction(cls, letter: str, original: str, written: str) -> "DiffView":
        return cls(
            _("Your correction of %(letter)s") % {"letter": letter.upper()},
            original,
            written,
            is_correction=True,
        )

    @property
    def keeps_mask(self) -> bool:
        """A correction that still has covered words: no dataset takes it."""
        return self.is_correction and MASK in self.old and MASK in self.new and not self.is_same

    @cached_property
    def pieces(self) -> list[Piece]:
        """Each with its invisible characters shown, so that a change of one is seen."""
        return [
            Piece(piece.kind, reveal_invisible(piece.text))
            for piece in compare(self.old, self.new)
        ]

    @property
    def is_same(self) -> bool:
        return all(piece.kind == SAME for piece in self.pieces)

    @property
    def added(self) -> int:
        return self._words(ADDED)

    @property
    def removed(self) -> int:
        return self._words(REMOVED)

    def _words(self, kind: str) -> int:
        return sum(len(piece.text.split()) for piece in self.pieces if piece.kind == kind)


@dataclass(frozen=True)
class Mark:
    """A marked error as the list under a response shows it."""

    number: int  # its place among all marks of the page
    words: str
    label: str
    style: int  # which of the kinds of underlining its label has
    note: str


@dataclass(frozen=True)
class ResponseWriting:
    """The tools on one response, and what was done with them."""

    card: Card
    desk: "WritingDesk"

    @property
    def letter(self) -> str:
        return self.card.letter.lower()

    @property
    def name(self) -> str:
        return self.card.letter

    @property
    def tools(self) -> str:
        """The buttons on the card: the same for every item of a project, and kept."""
        desk = self.desk
        return _tools(
            self.letter, desk.can_compare, desk.can_correct, bool(desk.labels), get_language()
        )

    @property
    def has_any(self) -> bool:
        """Is there anything to show beside the buttons?"""
        return bool(
            self.comparison or self.is_editing or self.was_dropped or self.marks or self.is_marking
        )

    @property
    def others(self) -> list[str]:
        return [card.letter for card in self.desk.cards if card is not self.card]

    @property
    def edited(self) -> str | None:
        """The text in the editor; None while it is closed."""
        return self.desk.entered.get(f"edit_{self.letter}")

    @property
    def is_editing(self) -> bool:
        return self.edited is not None

    @property
    def is_corrected(self) -> bool:
        return self.is_editing and not self.correction.is_same

    @property
    def dropped(self) -> str:
        """A correction that was discarded the moment before, for who wants it back."""
        return self.desk.dropped.get(self.letter, "")

    @property
    def was_dropped(self) -> bool:
        return self.letter in self.desk.dropped

    @cached_property
    def correction(self) -> DiffView:
        return DiffView.of_correction(self.letter, self.card.text, self.edited or "")

    @cached_property
    def comparison(self) -> DiffView | None:
        """The difference to another response, where it was asked for."""
        other = self.desk.compared.get(self.letter)
        if other is None:
            return None
        return DiffView.of_responses(self.letter, other.letter, old=other.text, new=self.card.text)

    @property
    def compared_with(self) -> str:
        other = self.desk.compared.get(self.letter)
        return other.letter if other else ""

    @cached_property
    def marks(self) -> list[Mark]:
        return self.desk.marks_of(self.card)

    @property
    def is_marking(self) -> bool:
        """Is the form open in which words are quoted?"""
        return self.desk.opened == f"mark_{self.letter}" or bool(self.quote or self.quote_note)

    @property
    def quote(self) -> str:
        return self.desk.entered.get(f"quote_{self.letter}", "")

    @property
    def quote_is_wrong(self) -> bool:
        return f"quote_{self.letter}" in self.desk.missing

    @property
    def quote_label(self) -> str:
        return self.desk.entered.get(f"quote_label_{self.letter}", "")

    @property
    def quote_note(self) -> str:
        return self.desk.entered.get(f"quote_note_{self.letter}", "")


@lru_cache(maxsize=256)
def _tools(letter, can_compare, can_correct, can_mark, language):
    context = {
        "letter": letter,
        "name": letter.upper(),
        "can_compare": can_compare,
        "can_correct": can_correct,
        "can_mark": can_mark,
    }
    return render_to_string("labeling/_response_tools.html", context)


@dataclass
class WritingDesk:
    """The tools for writing on one page."""

    project: object
    rubric: object | None
    cards: list[Card]
    entered: dict[str, str] = field(default_factory=dict)
    opened: str = ""  # what a page without script asked to see, such as "edit_a"
    dropped: dict[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()  # the elements that a problem is about

    def __post_init__(self):
        self.can_correct = self.project.allows_corrections
        self.can_compare = len(self.cards) > 1
        self.labels = self.rubric.error_labels if self.rubric else []
        self.asks_demonstration = self.project.demonstration != "off"
        self.is_fallback = self.project.demonstration == "fallback"
        self.demonstration = self.entered.get("demonstration", "")
        self.demonstration_is_missing = "demonstration" in self.missing
        self.highlights = self.entered.get("highlights", "")

    def on(self, card: Card) -> ResponseWriting:
        return ResponseWriting(card, self)

    @property
    def shows_preview(self) -> bool:
        return self.opened == "preview" and bool(self.demonstration.strip())

    @property
    def preview(self) -> str:
        return render_untrusted(self.demonstration.replace("\r\n", "\n"))

    @cached_property
    def compared(self) -> dict[str, Card]:
        """Which response another one is compared with: the one chosen, else the best-ranked."""
        action, _sep, letter = self.opened.partition("_")
        if action != "diff":
            return {}
        by_letter = {card.letter.lower(): card for card in self.cards}
        others = [other for other in by_letter if other != letter]
        if letter not in by_letter or not others:
            return {}
        wanted = self.entered.get(f"against_{letter}", "").lower()
        return {letter: by_letter[wanted if wanted in others else self._best(others)]}

    def _best(self, letters: list[str]) -> str:
        def place(letter: str) -> int:
            rank = self.entered.get(f"rank_{letter}", "")
            return int(rank) if rank.isdecimal() and len(rank) == 1 else 99

        return min(letters, key=place)

    def marks_of(self, card: Card) -> list[Mark]:
        if not (self.highlights and self.labels):
            return []
        names = {label["key"]: (n, label["label"]) for n, label in enumerate(self.labels)}
        found = []
        for number, mark in enumerate(read_highlights(self.highlights)):
            if mark["response"] != card.letter.lower():
                continue
            style, label = names.get(mark["label"], (0, mark["label"]))
            words = card.text[mark["start"] : mark["end"]]
            found.append(Mark(number, shown_words(words), label, style % 4, mark["note"]))
        return found


def shown_words(words: str) -> str:
    """Marked words in one line, as a list shows them."""
    line = reveal_invisible(" ".join(words.split()))
    return line if len(line) <= SHOWN_WORDS else line[: SHOWN_WORDS - 1] + "…"
