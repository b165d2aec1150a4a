"""The ranks of one response: the radio buttons in the head of its card."""

from dataclasses import dataclass, replace
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annotation.labeling.bench.choice import Choice

RANKS = "labeling/_rank.html"


@dataclass(frozen=True)
class Ranks:
    """Which ranks there are for a response, and which one it has."""

    letter: str
    count: int
    has_floor: bool
    chosen: str = ""
    takes_focus: bool = False

    @property
    def name(self) -> str:
        return f"rank_{self.letter}"

    @property
    def title(self) -> str:
        return _("Rank of response %(letter)s") % {"letter": self.letter.upper()}

    @property
    def choices(self) -> list[Choice]:
        # As text: a template formats every number, which is slow.
        return [
            Choice(
                str(rank), _("Rank %(rank)d") % {"rank": rank}, is_chosen=str(rank) == self.chosen
            )
            for rank in range(1, self.count + 1)
        ]

    @property
    def html(self) -> str:
        """The same on every item: kept. Drafts may say what is no rank: that is not kept."""
        known = {"", "x", *map(str, range(1, self.count + 1))}
        return _drawn(self if self.chosen in known else replace(self, chosen=""), get_language())


@lru_cache(maxsize=2048)
def _drawn(ranks, language):
    return render_to_string(RANKS, {"ranks": ranks})
