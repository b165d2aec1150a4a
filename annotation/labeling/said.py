"""What a judgment says beside its order and ratings, as lines for a page."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.core.text import reveal_invisible
from annotation.labeling.bench.writing import DiffView
from annotation.labeling.exports.rows import JudgedItem, Written, said_row


@dataclass(frozen=True)
class Said:
    """Short lines, what corrections change, and (title, text) of what else was written: texts from
    outside, never markup."""

    lines: list[str]
    corrections: list[DiffView]
    texts: list[tuple[str, str]]
    recording: str = ""  # the sha256 of the attachment


def said_beside(raw, item: JudgedItem, written: list[Written]) -> Said:
    """`raw`: a RawJudgment, or a Judgment, which has its columns."""
    row = said_row(raw, item, written)
    lines = [row["preference_words"]] if row["preference_words"] else []
    lines += [f"{flag}: {', '.join(keys)}" for flag, keys in row["flags"].items()]
    lines += [
        _("%(label)s in %(response)s: “%(text)s”")
        % {**mark, "text": reveal_invisible(mark["text"])}
        + (f" ({reveal_invisible(mark['note'])})" if mark["note"] else "")
        for mark in row["highlights"]
    ]
    if row["confidence"]:
        lines.append(_("confidence %(value)d of 5") % {"value": row["confidence"]})
    corrections = [
        DiffView(
            _("%(response)s, corrected") % {"response": item.keys[one.position - 1]},
            item.texts.get(one.position, ""),
            one.text,
            is_correction=True,
        )
        for one in written
        if one.position is not None
    ]
    texts = []
    if row["demonstration"]:
        texts.append((_("An ideal response"), row["demonstration"]["text"]))
    return Said(lines, corrections, texts, row["recording"] or "")
