"""Which attachments a message or a response refers to: [{"sha256", "transcript"}, …].

A transcript says in words what is seen or heard; where there is none, it is left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from annotation.prompts.attachments.kinds import kind_of
from annotation.prompts.models import Attachment

SHOWN_SIDES = (1600, 480)  # pixels: a picture is shown no larger, and opens in its full size
SHORT_TRANSCRIPT = 150  # characters that serve as a picture's alternative text
_NAMES = {
    "image": lambda: _("Picture"),
    "audio": lambda: _("Sound"),
    "video": lambda: _("Video"),
    "pdf": lambda: _("PDF"),
}


@dataclass(frozen=True)
class Attached:
    """An attachment as pages show it, in its place."""

    sha256: str
    url: str
    media_type: str
    byte_count: int
    width: int | None
    height: int | None
    transcript: str
    number: int

    @property
    def kind(self) -> str:
        return kind_of(self.media_type)

    @property
    def name(self) -> str:
        """Never the file's own: it could tell who wrote the response."""
        return f"{_NAMES[self.kind]()} {self.number}"

    @property
    def alt(self) -> str:
        is_short = 0 < len(self.transcript) <= SHORT_TRANSCRIPT
        return self.transcript if is_short else self.name

    @property
    def _scale(self) -> float:
        sides = zip(SHOWN_SIDES, (self.width or 1, self.height or 1), strict=True)
        return min(1.0, *(most / side for most, side in sides))

    @property
    def shown_width(self) -> int:
        return max(1, round((self.width or 1) * self._scale))

    @property
    def shown_height(self) -> int:
        return max(1, round((self.height or 1) * self._scale))

    def as_json(self) -> dict[str, Any]:
        return {
            "sha256": self.sha256,
            "url": self.url,
            "media_type": self.media_type,
            "byte_count": self.byte_count,
            "transcript": self.transcript,
        }


def attached(project, lists: Iterable[list[Mapping[str, Any]]]) -> list[tuple[Attached, ...]]:
    """Each list of references as what is shown. One statement, and none where all are empty."""
    lists = list(lists)
    wanted = {reference["sha256"] for references in lists for reference in references}
    if not wanted:
        return [() for _references in lists]
    rows = {
        row.sha256: row for row in Attachment.objects.filter(project=project, sha256__in=wanted)
    }
    return [_shown(project, references, rows) for references in lists]


def _shown(project, references, rows) -> tuple[Attached, ...]:
    return tuple(
        Attached(
            sha256=row.sha256,
            url=reverse("prompts:show-attachment", args=[project.slug, row.sha256]),
            media_type=row.media_type,
            byte_count=row.byte_count,
            width=row.width,
            height=row.height,
            transcript=reference.get("transcript", ""),
            number=number,
        )
        for number, reference in enumerate(references, start=1)
        if (row := rows.get(reference["sha256"]))
    )
