"""The editor's form as a draft's document: what was typed, as it was typed."""

import re

from annotation.labeling.forms.judgment import text_in
from annotation.projects.rubrics.document import MAX_CRITERIA, blank_criterion

ROW = re.compile(r"c-(\d{1,3})-label")
ANCHOR = "c-{}-anchor-"
EXAMPLE = "c-{}-example-"
TEXTS = ("key", "label", "description", "scale", "scale_min", "scale_max", "weight", "priority")


def document_in(data) -> dict:
    """`data`: request.POST. A field that is missing is empty; a row is where its label is."""
    rows = sorted({int(match[1]) for name in data if (match := ROW.fullmatch(name))})
    return {
        "guideline": text_in(data, "guideline"),
        "flags": text_in(data, "flags"),
        "error_labels": text_in(data, "error_labels"),
        "template": data.get("template", ""),
        "criteria": [_criterion(data, row) for row in rows[:MAX_CRITERIA]],
    }


def _criterion(data, row: int) -> dict:
    typed = {name: text_in(data, f"c-{row}-{name}") for name in TEXTS}
    marked = {name: f"c-{row}-{name}" in data for name in ("allows_na", "is_required")}
    anchors = ANCHOR.format(row)
    # An empty anchor is none, so that a draft nobody changed stays the version it began as.
    said = {name.removeprefix(anchors): text_in(data, name) for name in _starting(data, anchors)}
    return (
        blank_criterion()
        | typed
        | marked
        | {
            "anchors": {point: words for point, words in said.items() if words},
            "examples": _examples(data, EXAMPLE.format(row)),
        }
    )


def _examples(data, start: str) -> list[dict]:
    places = sorted(
        int(name.removeprefix(start))
        for name in _starting(data, start)
        if re.fullmatch(r"\d{1,3}", name.removeprefix(start))
    )
    return [
        {"text": text_in(data, f"{start}{place}"), "item": text_in(data, f"{start}{place}-item")}
        for place in places
    ]


def _starting(data, start: str) -> list[str]:
    return [name for name in data if name.startswith(start)]
