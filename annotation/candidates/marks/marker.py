"""All markers over the responses to one prompt. Pure: nothing is read or written here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from annotation.candidates.marks.duplicates import THRESHOLD, Pair, find_duplicates
from annotation.candidates.marks.endings import find_ending
from annotation.candidates.marks.found import Found
from annotation.candidates.marks.identity import find_identity
from annotation.candidates.marks.private import find_personal
from annotation.candidates.marks.refusals import find_refusal

# Raised whenever a rule changes what it finds: marks of an older version are made anew.
VERSION = "1"


@dataclass(frozen=True)
class Candidate:
    """What the markers look at."""

    pk: int
    text: str
    finish_reason: str = ""
    files: tuple[str, ...] = ()  # hashes of the attachments


@dataclass(frozen=True)
class Looked:
    """What was found in the responses to one prompt: by response, and between them."""

    found: dict[int, list[Found]] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)


def look(
    candidates: Sequence[Candidate],
    *,
    prompt: str = "",
    names: Sequence[str] = (),
    threshold: float = THRESHOLD,
    safety: Mapping[int, Sequence[Found]] | None = None,
) -> Looked:
    """Candidates of one prompt, the earliest first. `names` are those of the project's
    generators; `safety` what a classifier found, by response."""
    found = {}
    for one in candidates:
        ending = find_ending(
            one.text, finish_reason=one.finish_reason, has_attachments=bool(one.files)
        )
        found[one.pk] = [
            *ending,
            *find_refusal(one.text),
            *find_identity(one.text, names=names, prompt=prompt),
            *find_personal(one.text),
            *(safety or {}).get(one.pk, ()),
        ]
    # Two responses with the same words and other pictures are two.
    by_files: dict[tuple[str, ...], dict[int, str]] = {}
    for one in candidates:
        by_files.setdefault(one.files, {})[one.pk] = one.text
    pairs = [
        pair for texts in by_files.values() for pair in find_duplicates(texts, threshold=threshold)
    ]
    return Looked(found, pairs)
