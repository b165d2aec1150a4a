"""What a labeler decided about one item, as a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_value

STRENGTHS = {1: "slightly", 2: "clearly", 3: "far"}
NOT_APPLICABLE = "na"

Rating = int | str | None  # a point of the scale, "na", or not rated


class VerdictError(DomainError):
    """What is missing or wrong, and which field it is about."""

    def __init__(self, message: str, *, field: str, positions: Sequence[int] = ()):
        super().__init__(message)
        self.field = field
        self.positions = list(positions)  # the responses that it is about, where it is about some
        self.also: list[VerdictError] = []  # what else is missing or wrong


class Highlight(NamedTuple):
    """An error marked in a response: characters `start` up to `end` of its raw text."""

    position: int
    start: int
    end: int
    label: str
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a labeler decided. `ranks`: tier per position, 1 = best, dense, None = not ranked."""

    ranks: tuple[int | None, ...]
    unacceptable: tuple[bool, ...]
    strength: tuple[int | None, ...] = ()
    ratings: Mapping[str, Sequence[Rating]] = field(default_factory=dict)
    rationale: str = ""
    rest_below: bool = False
    scale: int | None = None
    preference: int | None = None
    both: str = ""
    flags: Mapping[str, Sequence[bool]] = field(default_factory=dict)
    highlights: tuple[Highlight, ...] = ()
    confidence: int | None = None
    # What the labeler wrote: by position a corrected text, and the text of an ideal response.
    corrections: Mapping[int, str] = field(default_factory=dict)
    demonstration: str = ""
    recording: str = ""  # the sha256 of the attachment with the spoken rationale

    @property
    def tier_count(self) -> int:
        return max((rank for rank in self.ranks if rank), default=0)

    @property
    def has_written(self) -> bool:
        return bool(self.corrections or self.demonstration)

    @property
    def sha256(self) -> str:
        """Of everything that was decided: equal verdicts, equal hashes. What is not said is left
        out, so that a new kind of answer leaves the hashes of older verdicts as they are."""
        said = {
            "rest_below": self.rest_below,
            "scale": self.scale,
            "preference": self.preference,
            "both": self.both,
            "flags": _lists(self.flags),
            "highlights": [list(highlight) for highlight in self.highlights],
            "confidence": self.confidence,
            "corrections": {str(place): text for place, text in self.corrections.items()},
            "demonstration": self.demonstration,
            "recording": self.recording,
        }
        always = {
            "ranks": list(self.ranks),
            "unacceptable": list(self.unacceptable),
            "strength": list(self.strength),
            "ratings": _lists(self.ratings),
            "rationale": self.rationale,
        }
        is_said = {name: bool(value) for name, value in said.items()}
        is_said["preference"] = self.preference is not None  # 0 is an answer
        return sha256_of_value(
            always | {name: value for name, value in said.items() if is_said[name]}
        )

    def as_columns(self) -> dict[str, Any]:
        """The columns of a Judgment. What was written becomes rows of its own."""
        return {
            "ranks": list(self.ranks),
            "unacceptable": list(self.unacceptable),
            "strength": list(self.strength),
            "rest_below": self.rest_below,
            "scale": self.scale,
            "preference": self.preference,
            "both": self.both,
            "ratings": _lists(self.ratings),
            "flags": _lists(self.flags),
            "highlights": [highlight._asdict() for highlight in self.highlights],
            "confidence": self.confidence,
            "rationale": self.rationale,
            "recording": self.recording or None,
            "content_sha256": self.sha256,
        }


def _lists(by_key: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {key: list(values) for key, values in by_key.items()}
