"""What may be ticked for each response."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from annotation.projects.services import rubric_by_id

FLAGS = "labeling/_flags.html"


@dataclass(frozen=True)
class Flag:
    """One check box."""

    name: str
    label: str
    description: str
    key: str  # the digit that toggles it, for the first nine
    is_set: bool


@dataclass(frozen=True)
class FlagList:
    """The project's flags for one response."""

    rubric: object | None
    letter: str
    entered: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"flags-{self.letter}"

    @property
    def title(self) -> str:
        return _("Flags of response %(letter)s") % {"letter": self.letter.upper()}

    @property
    def flags(self) -> list[Flag]:
        return [
            Flag(
                name=f"flag_{flag['key']}_{self.letter}",
                label=flag["label"],
                description=flag.get("description", ""),
                key=str(n) if n <= 9 else "",
                is_set=bool(self.entered.get(f"flag_{flag['key']}_{self.letter}")),
            )
            for n, flag in enumerate(self.rubric.flags if self.rubric else [], start=1)
        ]

    @property
    def html(self) -> str:
        """The same for every fresh item: kept for those."""
        if not self.rubric or not self.rubric.flags:
            return ""
        if not self.entered:
            return _fresh_flags(self.rubric.pk, self.letter, get_language())
        return render_to_string(FLAGS, {"list": self})


@lru_cache(maxsize=1024)
def _fresh_flags(rubric_id, letter, language):
    return render_to_string(FLAGS, {"list": FlagList(rubric_by_id(rubric_id), letter)})
