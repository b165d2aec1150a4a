"""Stands in for training.benchmark: half of everything is right, unless the file says bad."""

import json
import sys
from pathlib import Path

model, _flag, sha256, file, result = sys.argv[1:]
if "bad" in Path(file).read_text():
    sys.stderr.write("DataError: bench.jsonl, line 1: chosen must be a text\n")
    sys.exit(65)
part = {
    "comparisons": 40,
    "accuracy": {"value": 0.8, "low": 0.7, "high": 0.9},
    "length": {"value": 0.6, "low": 0.5, "high": 0.7},
    "beats_length": {"value": 0.2, "low": 0.1, "high": 0.3, "better": True},
}
found = {
    **part,
    "unread": {"too long": 1},
    "calibration": {"error": 0.05},
    "subsets": {"chat": part},
}
Path(result).write_text(json.dumps(found))
