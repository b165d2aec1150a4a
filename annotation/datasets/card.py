"""The card of a dataset, filled from what is known of it: README.md of every export.

It is English wherever it is made: a card goes to strangers. Its head tells `datasets` and the Hub
which file is which split.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from django.utils import translation

from annotation.core.numbers import grouped
from annotation.datasets import policy_words
from annotation.datasets.drop_table import drop_table
from annotation.datasets.formats.catalogue import Document, Format
from annotation.datasets.formats.writing import SPLIT_NAMES, Written
from annotation.datasets.machine_card import machine_part
from annotation.datasets.models import Dataset
from annotation.datasets.voices import Voices, read_voices
from annotation.projects.models import RubricVersion
from annotation.quality.reporting.document import Document as Report
from annotation.quality.reporting.document import document_of

# What is told of the labels' worth, in this order; the report has all of it.
TOLD = ("agreement", "bias", "labelers", "consensus")
NO_LICENCE = (
    "None was stated. Without one nobody but those who made it may use it: ask them first."
)


def card_of(
    dataset: Dataset,
    form: Format | Document,
    written: Written | None = None,
    *,
    voices: Voices | None = None,
) -> str:
    """The card as Markdown; its head names the files, where there are any yet. `voices`: where
    somebody has read them already."""
    voices = voices or read_voices(dataset)
    with translation.override("en"):
        parts = chain(
            _head(dataset, form, written),
            _summary(dataset, form),
            machine_part(dataset, voices),
            _projects(dataset),
            _people(dataset, voices),
            _worth(dataset),
            _rubric(dataset, voices),
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
    feedback = {"human": ["human"], "machine": ["ai"], "both": ["human", "ai"]}
    yield from (f"- {one}-feedback" for one in feedback[_who_said(dataset.counts)])
    yield from (f"- {tag}" for tag in dict.fromkeys(("preference", form.key)))
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
        f"{grouped(counts['judgments']['counted'])} {MADE_OF[_who_said(counts)]}. "
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


def _who_said(counts: dict) -> str:
    """human, machine or both; where an AI judge could count and did not, it is people's."""
    items = counts.get("ai_judge", {}).get("items", 0)
    if not items:
        return "human"
    return "both" if items < counts["items"]["judged"] else "machine"


MADE_OF = {
    "human": "judgments by people",
    "machine": "opinions of a machine",
    "both": "judgments by people and opinions of a machine",
}


def _people(dataset: Dataset, voices: Voices) -> Iterator[str]:
    """How many, and how unevenly; never who."""
    given = voices.given
    yield ""
    yield "## Who judged"
    yield ""
    if not given:
        yield (
            "No person: see above."
            if "ai_judge" in dataset.counts
            else "Nobody: this dataset holds demonstrations only."
        )
        return
    most, total = max(given), sum(given)
    labelers = "labeler" if len(given) == 1 else "labelers"
    yield (
        f"{grouped(len(given))} {labelers} gave {grouped(total)} judgments; the busiest gave "
        f"{grouped(most)} of them ({100 * most / total:.0f} %), half of the labelers "
        f"{grouped(sorted(given)[len(given) // 2])} or fewer each."
    )


def _projects(dataset: Dataset) -> Iterator[str]:
    """What each of several gave."""
    parts = dataset.counts.get("projects", {})
    if not parts:
        return
    yield ""
    yield "## Projects"
    yield ""
    yield (
        f"The judgments are from {len(parts)} projects. Items are named with theirs; labelers "
        "have pseudonyms of this dataset, one for each person however many of the projects they "
        f"judged in. {grouped(dataset.counts['shared_prompts'])} prompts are of more than one "
        "project: each is in one split, and counted in every project that has it."
    )
    yield ""
    yield from _table(
        (
            "Project",
            "Labelers",
            "Judgments",
            "Pairs",
            "Comparisons",
            "Ties",
            "Left out",
            "Prompts",
        ),
        [
            (
                slug,
                part["labelers"],
                part["judgments"]["counted"],
                part["comparisons"]["pairs"],
                part["comparisons"]["kept"],
                part["comparisons"]["ties"],
                part["comparisons"]["dropped"],
                sum(part["prompts"].values()),
            )
            for slug, part in sorted(parts.items())
        ],
    )


def _worth(dataset: Dataset) -> Iterator[str]:
    """What was found of agreement and bias: sentences and figures of each project's report."""
    yield ""
    yield "## Agreement and bias"
    projects = dataset.projects
    for project in sorted(projects, key=lambda one: one.slug):
        yield ""
        if len(projects) > 1:
            yield f"### {_plain(project.name)}"
            yield ""
        yield from _found(document_of(project))
    yield ""
    yield (
        "These figures are of all of a project’s work, not of this dataset alone: a dataset keeps "
        "outcomes, and agreement needs every single judgment."
    )


def _found(report: Report) -> Iterator[str]:
    told = [one for kind in TOLD for one in report.sections if one.kind == kind]
    if not told:
        yield "Not computed when this was exported."
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


def _rubric(dataset: Dataset, voices: Voices) -> Iterator[str]:
    yield ""
    yield "## Rubric"
    versions = sorted(_versions_used(voices), key=lambda one: (one.project.slug, one.number))
    if not versions:
        yield ""
        yield "The judgments name no rubric."
    for version in versions:
        whose = f" of {_plain(version.project.name)}" if "projects" in dataset.counts else ""
        yield ""
        yield f"Version {version.number}{whose}:"
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


def _versions_used(voices: Voices) -> list[RubricVersion]:
    """Numbers count in each project by itself."""
    return [
        version
        for project, numbers in voices.versions.items()
        for version in project.rubric_versions.filter(number__in=numbers)
        .select_related("project")
        .prefetch_related("criteria")
    ]


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
        f"Preferences are those of {_whose(dataset)}, under this rubric, between these "
        "responses. Longer or better formatted responses may be preferred for that alone: see "
        "above what was measured. Texts are as they were written; nothing was filtered for "
        "personal data or harm unless the policy above says so."
    )


def _whose(dataset: Dataset) -> str:
    if "ai_judge" in dataset.counts:
        return "whoever judged, a machine where a row’s `source` is `ai_judge`"
    return "the people who judged"


def _table(head: tuple[str, ...], rows: Iterable[tuple]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for name, *numbers in rows:
        yield f"| {name} | {' | '.join(grouped(number) for number in numbers)} |"


def _plain(text: str) -> str:
    """On one line: what people wrote becomes no heading and no table."""
    return " ".join(text.split())
