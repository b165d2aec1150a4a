"""What is asked about the order of the responses: ranks, a scale for two, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from annotation.labeling.bench.choice import Choice
from annotation.labeling.verdict import STRENGTHS
from annotation.labeling.verdict.rules import asks_scale
from annotation.labeling.verdict.scale import BOTH, SCALES

RANKS, SCALE, NONE = "ranks", "scale", "none"

# Words for the points of a scale, by how far they lie from the middle; and shorter ones.
DEGREES = {
    4: {1: gettext_lazy("%s slightly better"), 2: gettext_lazy("%s clearly better")},
    7: {
        1: gettext_lazy("%s slightly better"),
        2: gettext_lazy("%s better"),
        3: gettext_lazy("%s much better"),
    },
    9: {
        1: gettext_lazy("%s slightly better"),
        2: gettext_lazy("%s better"),
        3: gettext_lazy("%s much better"),
        4: gettext_lazy("%s far better"),
    },
}
SLIGHTLY = gettext_lazy("%s slightly")
MIDDLE = gettext_lazy("About equal")
BOTH_WORDS = {"good": gettext_lazy("Both good"), "bad": gettext_lazy("Both bad")}
BOTH_KEYS = {"good": "G", "bad": "B"}
STRENGTH_WORDS = {
    1: gettext_lazy("slightly"),
    2: gettext_lazy("clearly"),
    3: gettext_lazy("far"),
}


@dataclass(frozen=True)
class Step:
    """The strength between two neighbouring places, for a page without script."""

    number: int
    value: str

    @property
    def name(self) -> str:
        return f"strength_{self.number}"

    @property
    def label(self) -> str:
        return _("Place %(place)d over place %(next)d:") % {
            "place": self.number,
            "next": self.number + 1,
        }


@dataclass(frozen=True)
class OrderAsk:
    """How the responses of one item are put in order."""

    project: object
    count: int
    entered: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        if self.project.ordering == self.project.Ordering.NONE or not self.count:
            return NONE
        return SCALE if asks_scale(self.project, self.count) else RANKS

    @property
    def has_ranks(self) -> bool:
        return self.kind == RANKS

    @property
    def has_scale(self) -> bool:
        return self.kind == SCALE

    @property
    def is_partial(self) -> bool:
        """May some be left out? With a top of all of them, none may."""
        return (
            self.has_ranks
            and self.project.ordering == self.project.Ordering.PARTIAL
            and (self.project.top_k is None or self.project.top_k < self.count)
        )

    @property
    def top(self) -> int | None:
        """How many at least, where not all are wanted."""
        return self.project.top_k if self.is_partial else None

    @property
    def title(self) -> str:
        if not self.count:
            return _("Write the response you would give")
        if self.has_scale:
            return _("Compare two responses")
        if not self.has_ranks:
            return ngettext(
                "Judge %(count)d response", "Judge %(count)d responses", self.count
            ) % {"count": self.count}
        if self.top:
            return _("Rank the best %(top)d of %(count)d responses") % {
                "top": self.top,
                "count": self.count,
            }
        return ngettext("Rank %(count)d response", "Rank %(count)d responses", self.count) % {
            "count": self.count
        }

    @property
    def lead(self) -> str:
        """What stands in the order line until something is chosen."""
        if self.has_scale:
            return _("Nothing chosen yet")
        if self.top:
            text = ngettext(
                "Rank the best one, leave the rest",
                "Rank the best %(top)d, leave the rest",
                self.top,
            )
            return text % {"top": self.top}
        if self.is_partial:
            return _("Rank the best, leave what you cannot place")
        return _("Nothing ranked yet")

    @property
    def has_floor(self) -> bool:
        return self.project.has_floor

    @property
    def asks_strength(self) -> bool:
        return self.has_ranks and self.project.asks_strength

    @property
    def steps(self) -> list[Step]:
        return [Step(n, self._strength(n)) for n in range(1, self.count)]

    def _strength(self, step: int) -> str:
        value = self.entered.get(f"strength_{step}", "")
        return value if value in ("1", "2", "3") else ""

    @property
    def steps_html(self) -> str:
        """The strengths for a page without script: the same on every item, so kept."""
        if not self.asks_strength:
            return ""
        return _drawn_steps(tuple(self.steps), get_language())

    @property
    def strength_text(self) -> str:
        return ",".join(step.value for step in self.steps)

    @property
    def points(self) -> list[Choice]:
        """The points of the scale, from “A is better” to “B is better”."""
        chosen = self.entered.get("preference", "")
        return [
            Choice(
                value=str(value),
                words=self._words(value),
                short=str(abs(value)),
                face=self._face(value),
                is_chosen=str(value) == chosen,
            )
            for value in SCALES[self.project.scale_points]
        ]

    def _words(self, value: int) -> str:
        if not value:
            return str(MIDDLE)
        return DEGREES[self.project.scale_points][abs(value)] % ("A" if value < 0 else "B")

    def _face(self, value: int) -> str:
        is_slight = abs(value) == 1 and self.project.scale_points != 4
        return SLIGHTLY % ("A" if value < 0 else "B") if is_slight else self._words(value)

    @property
    def both(self) -> list[Choice]:
        """“Both good” and “both bad”, beside the scale: no points of it."""
        chosen = self.entered.get("preference", "")
        if not self.project.has_both:
            return []
        return [
            Choice(value, str(BOTH_WORDS[value]), BOTH_KEYS[value], value == chosen)
            for value in BOTH
        ]


@lru_cache(maxsize=1024)
def _drawn_steps(steps, language):
    strengths = [(str(value), STRENGTH_WORDS[value]) for value in STRENGTHS]
    return render_to_string("labeling/_steps.html", {"steps": steps, "strengths": strengths})
