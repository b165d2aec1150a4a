"""Reward models on files of comparisons from elsewhere: measured by a child, and kept.

The totals stand under `benchmarks` in the version's metrics, by name, and the subsets in rows of
their own; measured again under the same name they replace the earlier ones.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.db import transaction
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.names import checked_name as checked
from annotation.runs import presentation, serving, verdicts
from annotation.runs.models import BenchmarkSubset, ModelVersion
from annotation.runs.registry.table import Cell, Line

KEY = "benchmarks"
LONGEST_NAME = 60
MOST_SUBSETS = 25  # of a file, on a page that is about more than this file
MOST_BENCHMARKS = 50
REFUSED = (64, 65)  # the child's sentence is for whoever asked (docs/formats.md)


def measure(*, version: ModelVersion, path: Path, name: str = "", actor=None) -> dict:
    """Run a reward model over a file and keep what came out. Raises DomainError with the child's
    own sentence, which names line and field, where the file cannot be read."""
    check_is_reward(version)
    if not path.is_file():
        raise DomainError(_("There is no file %(path)s.") % {"path": path})
    with tempfile.TemporaryDirectory(prefix="concord-benchmark-") as folder:
        result = Path(folder) / "result.json"
        words = ["--sha256", version.sha256, str(path.resolve()), str(result)]
        status, said = serving.ask("training.benchmark", version, words)
        if status:
            last = said.strip().splitlines()[-1:] or [f"exit status {status}"]
            raise DomainError(last[0].partition(": ")[2] if status in REFUSED else last[0])
        figures = json.loads(result.read_text(encoding="utf-8"))
    keep(
        version=version,
        name=name or path.stem,
        figures=figures | {"file": path.name, "sha256": sha256_of_file(path)},
        actor=actor,
    )
    return figures


def check_is_reward(version: ModelVersion) -> None:
    if version.kind != ModelVersion.Kind.REWARD:
        raise DomainError(_("“%(name)s” is no reward model.") % {"name": version.name})


def keep(*, version: ModelVersion, name: str, figures: dict, actor=None) -> None:
    """Store the figures of one benchmark with the version."""
    with transaction.atomic():
        version = ModelVersion.objects.select_for_update().get(pk=version.pk)
        name = checked_name(version, name)
        subsets = figures.get("subsets", {})
        entry = figures | {"at": timezone.now().isoformat()}
        entry.pop("subsets", None)
        version.benchmark_subsets.filter(benchmark=name).delete()
        BenchmarkSubset.objects.bulk_create(
            BenchmarkSubset(
                version=version,
                benchmark=name,
                name=subset,
                comparison_count=one["comparisons"],
                figures=one,
            )
            for subset, one in subsets.items()
        )
        version.metrics[KEY] = version.metrics.get(KEY, {}) | {name: entry}
        version.save(update_fields=["metrics"])
        audit.record(
            "model_version.benchmarked",
            actor=actor,
            project=version.project,
            target=f"model_version:{version.pk}",
            name=version.name,
            benchmark=name,
        )


def checked_name(version: ModelVersion, name: str) -> str:
    """What figures may be called, or a sentence."""
    name = checked(name, label=_("Name of the figures"), longest=LONGEST_NAME)
    if not name:
        raise DomainError(_("Give the figures a name."))
    known = version.metrics.get(KEY, {})
    if name not in known and len(known) >= MOST_BENCHMARKS:
        raise DomainError(
            _("A model version keeps figures of at most %(count)d files: use one of their names.")
            % {"count": MOST_BENCHMARKS}
        )
    return name


@dataclass(frozen=True)
class Row:
    """A benchmark or one of its subsets, for the page."""

    name: str
    is_subset: bool
    comparisons: str
    prompts: str  # empty of figures from before they were counted
    accuracy: str
    interval: str
    length: str
    length_interval: str
    verdict: verdicts.Verdict | None
    error: str = ""
    unread: str = ""
    # Where not all of its subsets follow: how many it has, and how many do.
    subset_count: int = 0
    shown: int = 0


def figures_of(version: ModelVersion) -> dict[str, dict]:
    """All of them by name, as docs/formats.md has `measure`: with every subset."""
    found = {name: dict(one) for name, one in version.metrics.get(KEY, {}).items()}
    for row in version.benchmark_subsets.order_by("name"):
        found[row.benchmark].setdefault("subsets", {})[row.name] = row.figures
    return found


def rows_of(version: ModelVersion, whole: str = "") -> list[Row]:
    """Each benchmark, its largest subsets below it; all of the one that is named `whole`."""
    largest = [F("comparison_count").desc(), "name"]
    numbered = version.benchmark_subsets.annotate(
        place=Window(RowNumber(), partition_by="benchmark", order_by=largest),
        count=Window(Count("*"), partition_by="benchmark"),
    )
    shown: dict[str, list[BenchmarkSubset]] = {}
    for one in numbered.filter(Q(place__lte=MOST_SUBSETS) | Q(benchmark=whole)).order_by("name"):
        shown.setdefault(one.benchmark, []).append(one)
    rows = []
    for name, found in sorted(version.metrics.get(KEY, {}).items()):
        subsets = shown.get(name, [])
        is_cut = bool(subsets) and subsets[0].count > len(subsets)
        row = _row(name, found, is_subset=False)
        rows.append(
            replace(row, subset_count=subsets[0].count, shown=len(subsets)) if is_cut else row
        )
        rows += [
            _row(one.name or _("without a subset"), one.figures, is_subset=True) for one in subsets
        ]
    return rows


def _row(name, found, *, is_subset) -> Row:
    error = found.get("calibration", {}).get("error")
    # By reason; figures from before reasons were told have one number.
    unread = sum(found.get("unread", {}).values()) or found.get("too_long")
    return Row(
        name,
        is_subset,
        presentation.number(found["comparisons"]),
        presentation.number(found["prompts"]) if "prompts" in found else "",
        presentation.number(found["accuracy"]["value"]),
        presentation.interval(found["accuracy"]),
        presentation.number(found["length"]["value"]),
        presentation.interval(found["length"]),
        verdicts.against_length(found),
        "" if error is None else presentation.number(error),
        presentation.number(unread) if unread else "",
    )


def lines_of(versions: Sequence[ModelVersion]) -> list[Line]:
    """For the regression table: the accuracy on each benchmark, with an arrow where it is told to
    be better than length alone, or surely worse."""
    names = sorted({name for version in versions for name in version.metrics.get(KEY, {})})
    return [Line(name, [_cell(version, name) for version in versions]) for name in names]


def _cell(version, name) -> Cell:
    found = version.metrics.get(KEY, {}).get(name)
    if found is None:
        return Cell()
    verdict = verdicts.against_length(found)
    return Cell(
        presentation.number(found["accuracy"]["value"]),
        presentation.interval(found["accuracy"]),
        verdicts.trend(found),
        verdict.word if verdict else "",
    )
