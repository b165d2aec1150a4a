"""PandaLM's human test set as items.jsonl and judgments.jsonl."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from annotation.core import strict_json

RANKINGS = {0: [["1", "2"]], 1: [["1"], ["2"]], 2: [["2"], ["1"]]}
MAX_BYTES = 64 * 1024 * 1024


class Command(BaseCommand):
    help = (
        "Convert PandaLM's testset-v1.json (999 pairs judged by three people) into items.jsonl "
        "and judgments.jsonl for import_items and import_judgments. Values stay as they are: six "
        "responses are booleans there, which import_items reports unless --booleans-as-text."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("source", type=Path, help="testset-v1.json")
        parser.add_argument("folder", type=Path, help="where the two files go")

    def handle(self, *args, **options):
        try:
            rows = strict_json.loads(options["source"].read_bytes(), max_bytes=MAX_BYTES)
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
        folder = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        items = [item_of(row) for row in rows]
        judgments = [judgment for row in rows for judgment in judgments_of(row)]
        for name, lines in (("items.jsonl", items), ("judgments.jsonl", judgments)):
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            (folder / name).write_text(text, encoding="utf-8")
            self.stdout.write(f"{folder / name}: {len(lines):,} lines")


def item_of(row):
    """One pair: the instruction with its input as the prompt, the two models' answers."""
    models = row["cmp_key"].split("_")
    prompt = f"{row['instruction']}\n\n{row['input']}" if row["input"] else row["instruction"]
    return {
        "id": str(row["idx"]),
        "prompt": prompt,
        "responses": [
            {"id": str(number), "text": row[f"response{number}"], "generator": model}
            for number, model in enumerate(models, start=1)
        ],
        "metadata": {"motivation_app": row["motivation_app"]},
    }


def judgments_of(row):
    """What the three people said: 1 or 2 is better, 0 is a tie."""
    return [
        {
            "item": str(row["idx"]),
            "labeler": f"w{number}",
            "ranking": RANKINGS[row[f"annotator{number}"]],
        }
        for number in (1, 2, 3)
    ]
