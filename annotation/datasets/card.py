"""The card of a dataset, filled from what is known of it: README.md of every export.

It is English wherever it is made: a card goes to strangers. Its head tells `datasets` and the Hub
which file is which split.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from django.utils import translation

from annotation.core.numbers import grouped
from annotation.datasets import policy_words
from annotation.datasets.drop_table import drop_table
from annotation.datasets.formats.catalogue import Document, Format
from annotation.datasets.formats.frozen import RANKINGS, Frozen
from annotation.datasets.formats.writing import SPLIT_NAMES, Written
from annotation.datasets.models import Dataset
from annotation.quality.reporting.document import Document as Report
from annotation.quality.reporting.document import document_of

# What is told of the labels' worth, in this order; the report has all of it.
TOLD = ("agreement", "bias", "labelers", "consensus")
NO_LICENCE = (
    "None was stated. Without one nobody but those who made it may use it: ask them first."
)


def card_of(dataset: Dataset, form: Format | Document, written: Written | None = None) -> str:
    """The card as Markdown; its head names the files, where there are any yet."""
    with translation.override("en"):
        parts = chain(
            _head(dataset, form, written),
            _summary(dataset, form),
            _people(dataset),
            _worth(document_of(dataset.project)),
            _rubric(dataset),
            _making(dataset),
            _provenance(dataset),
        )
        return "\n".join(parts) + "\n"


def _head(dataset: Dataset, form, written: Written | None) -> Iterator[str]:
    yield "---"
    if dataset.licence:
        yield f"license: {_yaml(dataset.licence)}"
    yield f"pretty_name: {_yaml(str(dataset))}"
    yield "tags:"
    yield from ("- human-feedback", "- preference", f"- {form.key}")
    files = [
        (SPLIT_NAMES[split], name)
        for name in (written.rows if written else ())
        if (split := name.partition(".")[0]) in SPLIT_NAMES
    ]
    if files:
        yield "configs:"
        yield "- config_name: default"
        yield "  data_files:"
        for split, name in files:
            yield f"  - split: {split}"
            yield f"    path: {name}"
    yield "---"


def _yaml(text: str) -> str:
    """In double quotes, whatever it is."""
    kept = "".join(c if c.isprintable() else " " for c in text)
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _summary(dataset: Dataset, form) -> Iterator[str]:
    counts = dataset.counts
    yield f"# {_plain(str(dataset))}"
    yield ""
    yield (
        f"{grouped(counts['comparisons']['kept'])} comparisons, "
        f"{grouped(sum(counts['ties'].values()))} ties and {grouped(counts['sft']['kept'])} "
        f"examples to imitate over {grouped(dataset.prompt_count)} prompts, made of "
        f"{grouped(counts['judgments']['counted'])} judgments by people. "
        f"In the form “{form.title}”: {form.note}"
    )
    yield ""
    yield from _table(
        ("Split", "Prompts", "Comparisons", "Ties", "Examples"),
        [
            (
                split,
                counts["prompts"][split],
                counts["comparisons"][split],
                counts["ties"][split],
                counts["sft"][split],
            )
            for split in SPLIT_NAMES
        ],
    )
    yield ""
    yield "A prompt is in one split only, over all files."


def _people(dataset: Dataset) -> Iterator[str]:
    """How many, and how unevenly; never who."""
    given = Counter(line.row["labeler"] for line in Frozen(dataset.folder).lines(RANKINGS))
    yield ""
    yield "## Who judged"
    yield ""
    if not given:
        yield "Nobody: this dataset holds demonstrations only."
        return
    most, total = max(given.values()), sum(given.values())
    labelers = "labeler" if len(given) == 1 else "labelers"
    yield (
        f"{grouped(len(given))} {labelers} gave {grouped(total)} judgments; the busiest gave "
        f"{grouped(most)} of them ({100 * most / total:.0f} %), half of the labelers "
        f"{grouped(sorted(given.values())[len(given) // 2])} or fewer each."
    )


def _worth(report: Report) -> Iterator[str]:
    """What was found of agreement and bias: sentences and figures of the project's report."""
    yield ""
    yield "## Agreement and bias"
    yield ""
    told = [one for kind in TOLD for one in report.sections if one.kind == kind]
    if not told:
        yield "Not computed when this was exported."
        return
    for section in told:
        summary = section.summary
        late = " Judgments came in since." if section.is_stale else ""
        finding = f"{summary.finding}." if summary.finding else "No finding."
        judgments = grouped(section.report.judgment_count)
        yield f"- **{section.title}** ({judgments} judgments): {finding}{late}"
        yield from (f"  - {said}" for said in summary.said)
        for table in summary.tables[:1]:
            for row in table.rows[:5]:
                value = f"{row.value} ({row.interval})" if row.interval else row.value or row.note
                yield f"  - {_plain(row.name)}: {value}"
    yield ""
    yield (
        "These figures are of all the project’s work, not of this dataset alone: a dataset keeps "
        "outcomes, and agreement needs every single judgment."
    )


def _rubric(dataset: Dataset) -> Iterator[str]:
    used = {line.row["rubric_version"] for line in Frozen(dataset.folder).lines(RANKINGS)}
    versions = dataset.project.rubric_versions.filter(number__in=used - {None})
    yield ""
    yield "## Rubric"
    yield ""
    if not versions:
        yield "The judgments name no rubric."
    for version in versions.order_by("number").prefetch_related("criteria"):
        yield f"Version {version.number}:"
        yield ""
        yield from (f"> {line}".rstrip() for line in version.guideline.splitlines())
        if version.guideline:
            yield ""
        for criterion in version.criteria.all():
            scale = (
                "yes or no"
                if criterion.is_yes_no
                else f"{criterion.scale_min} to {criterion.scale_max}"
            )
            said = f": {_plain(criterion.description)}" if criterion.description else ""
            yield f"- {_plain(criterion.label)} (`{criterion.key}`, {scale}){said}"


def _making(dataset: Dataset) -> Iterator[str]:
    yield ""
    yield "## How it was made"
    yield ""
    yield from (
        f"- {_plain(w)}: {_plain(v)}" for w, v in policy_words.policy_lines(dataset.policy)
    )
    yield ""
    yield "What there was, what was left out and why:"
    yield ""
    yield "```text"
    yield from drop_table(dataset.counts)
    yield "```"


def _provenance(dataset: Dataset) -> Iterator[str]:
    yield ""
    yield "## Where it comes from"
    yield ""
    yield (
        f"Frozen on {dataset.created_at:%Y-%m-%d} as `{dataset.hash}`, the SHA-256 of its "
        "manifest, which names the SHA-256 of every file. `manage.py verify_dataset` computes it "
        "again from the judgments. `export.json` names the files of this export. An `id` is the "
        "file and line of the frozen dataset."
    )
    yield ""
    yield "## Licence"
    yield ""
    yield _plain(dataset.licence) or NO_LICENCE
    yield ""
    yield "## Limits"
    yield ""
    yield (
        "Preferences are those of the people who judged, under this rubric, between these "
        "responses. Longer or better formatted responses may be preferred for that alone: see "
        "above what was measured. Texts are as they were written; nothing was filtered for "
        "personal data or harm unless the policy above says so."
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for name, *numbers in rows:
        yield f"| {name} | {' | '.join(grouped(number) for number in numbers)} |"


def _plain(text: str) -> str:
    """On one line: what people wrote becomes no heading and no table."""
    return " ".join(text.split())
