"""What is imitated, and what is asked: SFT and prompts. Pure."""

from collections.abc import Iterator

from annotation.datasets.formats.columns import MESSAGES, TEXT
from annotation.datasets.formats.frozen import Frozen, Row

SFT = {"id": TEXT, "prompt": MESSAGES, "completion": MESSAGES, "source": TEXT}
CHAT = {"id": TEXT, "messages": MESSAGES, "source": TEXT}
PROMPTS = {"prompt": MESSAGES, "prompt_sha256": TEXT}


def sft(frozen: Frozen, split: str) -> Iterator[Row]:
    for line in frozen.lines("sft", split):
        row = line.row
        yield {
            "id": line.id,
            "prompt": row["prompt"],
            "completion": row["completion"],
            "source": row["source"],
        }


def chat(frozen: Frozen, split: str) -> Iterator[Row]:
    for row in sft(frozen, split):
        messages = row["prompt"] + row["completion"]
        yield {"id": row["id"], "messages": messages, "source": row["source"]}


def prompts(frozen: Frozen, split: str) -> Iterator[Row]:
    """Each prompt once, of whatever kind its lines are."""
    last = ""
    for item in frozen.items(split):
        if item.prompt is not None and item.prompt_sha256 != last:
            last = item.prompt_sha256
            yield {"prompt": item.prompt, "prompt_sha256": last}
