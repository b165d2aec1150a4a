"""What labelers wrote, as comparisons: a corrected text is better than its original. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from annotation.datasets.comparisons import MASKED, Candidate, Comparison, Drop, reason_in_texts
from annotation.datasets.policy import Policy
from annotation.labeling.exports.rows import Written
from annotation.labeling.responses.masking import MASK

SOURCE = "correction"


def compare_corrections(
    candidates: Sequence[Candidate], written: Mapping[str, Sequence[Written]], policy: Policy
) -> Iterator[Comparison | Drop]:
    """One outcome for each correction, in the order of the originals' keys and the texts' hashes.

    `written` by the name of the judgment. The very same correction by two labelers is one
    comparison with two votes. `min_votes` does not ask here: a correction is work, not a vote.
    """
    if policy.corrections == "exclude":
        return
    by_position = {candidate.position: candidate for candidate in candidates}
    found: dict[tuple[str, str], list[str]] = {}
    texts: dict[str, str] = {}
    for name, texts_of_one in written.items():
        for position, text, sha256 in texts_of_one:
            if position is not None:
                found.setdefault((by_position[position].key, sha256), []).append(name)
                texts[sha256] = text
    by_key = {candidate.key: candidate for candidate in candidates}
    for key, sha256 in sorted(found):
        corrected = Candidate(name_of_text(sha256), texts[sha256], position=0)
        original = by_key[key]
        if reason := reason_in_texts(corrected, original, policy):
            yield Drop(reason)
            continue
        if holds_mask(corrected.text, original.text):
            yield Drop(MASKED)
            continue
        names = found[key, sha256]
        yield Comparison(
            chosen=corrected,
            rejected=original,
            is_tie=False,
            share=1.0,
            votes=len(names),
            margin=0.0,
            ballots=names,
            source=SOURCE,
        )


def holds_mask(text: str, original: str) -> bool:
    """Whether a correction kept a mask that its labeler saw in the place of some words: no model
    learns to write one. Blocks that the response itself has are its own."""
    return MASK in text and MASK not in original


def name_of_text(sha256: str) -> str:
    """A text that stands in no item is named by its hash, the same on any machine."""
    return sha256[:16]
