"""Which people were erased, beside the database: a backup from before knows nothing of it, and
after its restore they must go again. Ids and pseudonyms only."""

import json
import os
from pathlib import Path

from django.conf import settings

from annotation.privacy.models import Erasure


def path() -> Path:
    return settings.DATA_DIR / "erasures.jsonl"


def note(erasure: Erasure) -> None:
    line = {
        "user": erasure.user_id,
        "pseudonym": erasure.pseudonym,
        "removes_texts": erasure.removes_texts,
        "at": erasure.at.isoformat(),
    }
    path().parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "a") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def lines(source: Path) -> list[dict]:
    return [json.loads(line) for line in source.read_text().splitlines() if line.strip()]
