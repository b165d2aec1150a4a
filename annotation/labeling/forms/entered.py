"""A judgment back in the form: what was entered when it was given, field by field.

The inverse of reading the form: an undone or a revised judgment shows exactly what it said.
"""

import json

from django.utils.translation import gettext as _

from annotation.labeling.desk import LETTERS


def entered_from(judgment, order) -> dict[str, str]:
    """The form's fields for a judgment with the responses shown in `order` (positions)."""
    letters = _letters(order)
    entered = order_and_ratings(judgment, order)
    for flag, values in judgment.flags.items():
        for position, is_set in enumerate(values, start=1):
            if is_set:
                entered[f"flag_{flag}_{letters[position]}"] = "1"
    if judgment.highlights:
        entered["highlights"] = _highlights(judgment, letters)
    for written in judgment.written.select_related("response"):
        name = f"edit_{letters[written.position]}" if written.position else "demonstration"
        entered[name] = written.response.text
    if judgment.confidence is not None:
        entered["confidence"] = str(judgment.confidence)
    if judgment.rationale:
        entered["rationale"] = judgment.rationale
    if judgment.recording:
        entered["recording"] = judgment.recording
    if judgment.item.warnings:
        entered["shown"] = "1"
    if judgment.seconds:
        entered["seconds"] = str(round(judgment.seconds))
    return entered


def order_and_ratings(said, order) -> dict[str, str]:
    """The fields of the order and the ratings alone, of a judgment or of an adjudication."""
    letters = _letters(order)
    if said.scale is None:
        entered = _ranks(said, letters)
    else:
        entered = {"preference": _preference(said, order)}
    for criterion, values in said.ratings.items():
        for position, value in enumerate(values, start=1):
            if value is not None:
                entered[f"rating_{criterion}_{letters[position]}"] = str(value)
    return entered


def _letters(order) -> dict[int, str]:
    return {position: letter for letter, position in zip(LETTERS.lower(), order, strict=False)}


def _ranks(judgment, letters) -> dict[str, str]:
    ranks = {
        f"rank_{letters[position]}": "x" if bad else str(rank)
        for position, (rank, bad) in enumerate(
            zip(judgment.ranks, judgment.unacceptable, strict=True), start=1
        )
        if bad or rank is not None
    }
    steps = {
        f"strength_{step}": str(value)
        for step, value in enumerate(judgment.strength, start=1)
        if value is not None
    }
    return ranks | steps


def _preference(judgment, order) -> str:
    """In the form below 0 is for A, in the judgment for position 1."""
    if judgment.both:
        return judgment.both
    return str(judgment.preference if order[0] == 1 else -judgment.preference)


def _highlights(judgment, letters) -> str:
    marks = [
        {"response": letters[mark["position"]]}
        | {name: mark[name] for name in ("start", "end", "label", "note")}
        for mark in judgment.highlights
    ]
    return json.dumps(marks, ensure_ascii=False)


def typed_texts(entered: dict[str, str]) -> list[tuple[str, str]]:
    """What was written in sentences, with a name for each, in the order of the page."""
    names = {"rationale": _("Rationale"), "demonstration": _("Your own response")}
    names |= {
        f"edit_{letter.lower()}": _("Your correction of response %(letter)s") % {"letter": letter}
        for letter in LETTERS
    }
    return [(name, entered[key]) for key, name in names.items() if entered.get(key, "").strip()]
