"""The team's items, as a lead would bring them: a file with a topic in each item's metadata."""

import io
import json

from annotation.core.errors import DomainError
from annotation.demo import world
from annotation.demo.reading import read_reply
from annotation.demo.team.cast import SEED
from annotation.labeling.imports.services import import_file
from annotation.labeling.models import Item

REPLY_COUNT = 3
CLEAR = 1.5  # points of quality between the best reply and the next one
# By what an item is for: how many, and whether its best reply must be beyond doubt.
PARTS = {
    "training": (3, True),
    "test": (4, True),
    "gold": (6, True),
    "calibration": (3, False),
    "second-calibration": (3, False),
    "work": (100, False),
}


def bring_items(project, lead, *parts: str) -> None:
    """The items of these parts, named by what they are for: "gold-1" … The names are for who reads
    the demo; a labeler never sees them."""
    lines = "\n".join(json.dumps(row) for row in _rows(parts))
    imported = import_file(
        project=project,
        kind="items",
        stream=io.BytesIO(lines.encode()),
        actor=lead,
        file_name=f"{parts[0]}.jsonl",
    )
    if imported.state != "done":
        raise DomainError(f"{project.slug}: {imported.errors.first()}")


def items_for(project, part: str) -> list[Item]:
    """In their order."""
    found = project.items.filter(external_id__startswith=f"{part}-").select_related("prompt")
    return list(found.order_by("pk"))


def readings_of(item: Item) -> list:
    """What each reply does, by position: as the world knows it."""
    texts = item.item_responses.order_by("position").values_list("response__text", flat=True)
    return [read_reply(item.prompt.last_message, text) for text in texts]


def _rows(parts):
    cases = iter(world.sample_cases(300, seed=SEED))
    for part, (count, is_clear) in PARTS.items():
        for number in range(1, count + 1):
            case, replies = next(_fitting(cases, is_clear))
            if part not in parts:
                continue
            yield {
                "id": f"{part}-{number}",
                "prompt": case.prompt,
                "responses": [
                    {"id": "abc"[place], "text": text, "generator": "shop staff"}
                    for place, text in enumerate(replies)
                ],
                "metadata": {"topic": case.problem, "product": case.product},
            }


def _fitting(cases, is_clear):
    for case in cases:
        replies = world.sample_replies(case, REPLY_COUNT, seed=SEED)
        best, second, *_rest = sorted(
            (read_reply(case.message, reply).quality for reply in replies), reverse=True
        )
        if not is_clear or best - second >= CLEAR:
            yield case, replies
