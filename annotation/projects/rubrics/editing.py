"""What the buttons between the rows do to a draft's document. Pure: a new document comes back."""

import re
from copy import deepcopy

from annotation.projects.rubrics.document import (
    MAX_CRITERIA,
    MAX_EXAMPLES,
    blank_criterion,
)

PLACE = re.compile(r"(remove|up|down|add-example)-(\d+)|(remove-example)-(\d+)-(\d+)")


def edited(document: dict, action: str) -> dict:
    """`action`: add-criterion, remove-0, up-0, down-0, add-example-0, remove-example-0-0. What
    names no row of the document changes nothing."""
    document = deepcopy(document)
    criteria = document["criteria"]
    if action == "add-criterion" and len(criteria) < MAX_CRITERIA:
        criteria.append(blank_criterion())
    match = PLACE.fullmatch(action)
    if match is None:
        return document
    kind, place = (match[1], int(match[2])) if match[1] else (match[3], int(match[4]))
    if place >= len(criteria):
        return document
    examples = criteria[place]["examples"]
    if kind == "remove":
        del criteria[place]
    elif kind == "up" and place > 0:
        criteria.insert(place - 1, criteria.pop(place))
    elif kind == "down":
        criteria.insert(place + 1, criteria.pop(place))
    elif kind == "add-example" and len(examples) < MAX_EXAMPLES:
        examples.append({"text": "", "item": ""})
    elif kind == "remove-example" and int(match[5]) < len(examples):
        del examples[int(match[5])]
    return document


def with_guideline_text(document: dict, text: str) -> dict:
    """The document with a paragraph at the end of its guideline."""
    document = deepcopy(document)
    before = document["guideline"].rstrip()
    document["guideline"] = f"{before}\n\n{text}" if before else text
    return document


def row_of(action: str) -> str:
    """The fragment of the page where the eye should be after it."""
    match = re.search(r"-(\d+)", action)
    if match is None:
        return "c-last" if action == "add-criterion" else ""
    step = {"up": -1, "down": 1}.get(action.split("-")[0], 0)
    return f"c-{max(0, int(match[1]) + step)}"
