"""A version's card as its page shows it: the trainer's, and what was measured since.

The published card lies in a folder that never changes. So its first sentence is told anew by the
rule of today, and figures on files from elsewhere and on harness tasks stand below it.
"""

import re

from django.utils.translation import override

from annotation.runs import verdicts
from annotation.runs.harness import presentation as harness
from annotation.runs.models import ModelVersion
from annotation.runs.registry.benchmarks import Row, rows_of

# As `training.evaluate.verdict` has written it, in bold; until that knew “not told yet”, too.
VERDICT = re.compile(r"^\*\*(?:not )?better than length \([^*\n]*\)\*\*$", re.MULTILINE)
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:$@])")


def card_of(version: ModelVersion) -> str:
    """Markdown; foreign names in it are escaped. In English, as the trainer writes."""
    with override("en"):
        card = version.card
        if found := verdicts.against_length(version.metrics):
            card = VERDICT.sub(lambda _match: f"**{found.sentence}**", card, count=1)
        return "\n".join([card, *_measured(rows_of(version)), *_on_harness(version)])


def _measured(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    return ["", "## On files from elsewhere", "", *map(_line, rows), ""]


def _on_harness(version: ModelVersion) -> list[str]:
    lines = []
    for row in harness.rows_of(version):
        ends = f" ({row.interval})" if row.interval else ""
        told = f"{row.value}{ends}, on {row.examples} examples"
        if row.version:
            told += f" of version {plain(row.version)}"
        lines.append(f"- **{plain(row.task)}**, {plain(row.metric)}: {told}")
    return ["", "## Tasks of the lm-evaluation-harness", "", *lines, ""] if lines else []


def _line(row: Row) -> str:
    """An entry of a list, a subset below its file: a table would not fit beside a page."""
    told = (
        f"{row.accuracy} ({row.interval}), length alone {row.length} ({row.length_interval}), "
        f"on {row.comparisons} comparisons"
    )
    if row.prompts:
        told += f" of {row.prompts} prompts"
    if row.verdict:
        told += f": {row.verdict.word}"
    if row.subset_count:
        told += f"; the {row.shown} largest of its {row.subset_count} subsets follow"
    return (
        f"  - {plain(row.name)}: {told}" if row.is_subset else f"- **{plain(row.name)}**: {told}"
    )


def plain(text: str) -> str:
    """A stranger's text in one line of Markdown that means nothing in it."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
