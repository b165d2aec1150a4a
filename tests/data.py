"""Reference data that is never committed: read where it lies, skipped with a reason elsewhere."""

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("CONCORD_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def shared(path: str) -> Path:
    """The file or folder below the shared data, or skip the test."""
    found = ROOT / path
    if not found.exists():
        pytest.skip(f"{path} is not under {ROOT}: set CONCORD_TEST_DATA")
    return found
