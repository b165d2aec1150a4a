"""A run's parameters in words, one name for each whoever was asked."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotation.candidates.generation.framing import FRAME
from annotation.candidates.models import GenerationRun

WORDS = {
    "n": _("Responses per prompt"),
    "max_tokens": _("Longest response, in tokens"),
    "max_length": _("Prompt and response, in tokens"),
    "temperature": _("Temperature"),
    "top_p": _("Top p"),
    "seed": _("Seed"),
    "system": _("System message"),
    "template": _("Template"),
    "batch_size": _("Responses at a time"),
    "precision": _("Precision"),
}
# As models of ours call it.
SAME_AS = {"max_new_tokens": "max_tokens"}


@dataclass(frozen=True)
class Said:
    """One parameter as it is shown. A text is somebody's words, and may be long."""

    name: str
    value: Any

    @property
    def label(self) -> str:
        return str(WORDS.get(self.name, self.name))

    @property
    def is_text(self) -> bool:
        return self.name in FRAME


def said_of(run: GenerationRun) -> dict[str, Any]:
    """Its parameters by the names that an order gives them, in one order."""
    said = {SAME_AS.get(name, name): value for name, value in run.params.items()}
    known = [name for name in WORDS if name in said]
    return {name: said[name] for name in [*known, *(n for n in said if n not in known)]}


def shown(said: dict[str, Any]) -> list[Said]:
    return [Said(name, value) for name, value in said.items()]
