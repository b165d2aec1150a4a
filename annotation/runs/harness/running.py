"""The process that puts tasks to a policy: started, watched, and its figures stored once."""

import math
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from annotation.core import supervision
from annotation.core.errors import DomainError
from annotation.core.jobs import Claim
from annotation.core.strict_json import loads
from annotation.core.supervision import Damaged, RunFolder, Supervisor
from annotation.runs import services, tasks
from annotation.runs.harness.catalogue import folders
from annotation.runs.models import HarnessEvaluation, HarnessFigure
from annotation.runs.registry import keeping

FIGURES = "figures.jsonl"
MOST_FIGURES = 20_000
BATCH = 1000


def folder_of(evaluation: HarnessEvaluation) -> RunFolder:
    path = settings.DATA_DIR / "harness" / str(evaluation.pk)
    return RunFolder(path, run=f"harness-{evaluation.pk}")


def supervise(claim: Claim) -> None:
    """Do one attempt, to its end. There is nothing to go on from: each begins anew."""
    if services.missing_libraries():
        raise DomainError(services.HOW_TO_INSTALL)
    evaluation = HarnessEvaluation.objects.select_related("version").get(
        pk=claim.job.payload["evaluation"]
    )
    keeping.ensure_on_disk(evaluation.version, alive=claim.alive)
    folder = folder_of(evaluation)
    folder.prepare(config_of(evaluation), token=claim.token, begins_anew=True)
    rows = HarnessEvaluation.objects.filter(pk=evaluation.pk)
    supervisor = Supervisor(
        claim,
        folder,
        relay=lambda lines: None,
        show_log=lambda text: rows.update(log_tail=text),
    )
    if not supervisor.run_to_end(f"training.{tasks.HARNESS_KIND}"):
        return
    report = folder.verified_report(claim.token, kind=tasks.HARNESS_KIND, alive=claim.alive)
    if FIGURES not in report["files"]:
        raise Damaged("It ended without figures.")
    figures = read_figures(folder.attempt(claim.token) / FIGURES)
    store(claim=claim, evaluation=evaluation, figures=figures, report=report)


def config_of(evaluation: HarnessEvaluation) -> dict:
    places = os.pathsep.join(str(folder) for folder in folders())
    named = {"tasks": ",".join(evaluation.tasks), "folders": places}
    return supervision.child_config(
        kind=tasks.HARNESS_KIND,
        run=evaluation.pk,
        seed=evaluation.seed,
        base=evaluation.version.weights,
        options=evaluation.options | named,
    )


def read_figures(path: Path) -> list[dict[str, Any]]:
    """Each line of the contract, checked; no two of one task, metric and filter."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number > MOST_FIGURES:
                raise Damaged(f"{FIGURES} has more than {MOST_FIGURES} lines.")
            row = loads(line)
            fault = _fault_of(row)
            if fault:
                raise Damaged(f"{FIGURES}, line {number}: {fault}.")
            key = (row["task"], row["metric"], row["filter"])
            if key in found:
                raise Damaged(f"{FIGURES}, line {number}: {key[0]} {key[1]} came before.")
            found[key] = row
    if not found:
        raise Damaged(f"{FIGURES} is empty.")
    return list(found.values())


TEXTS = {"task": 200, "metric": 100, "filter": 100, "version": 100, "harness": 40, "examples": 64}


def _fault_of(row: Any) -> str:
    """What is wrong with a line, or nothing."""
    if not isinstance(row, dict):
        return "no object"
    for name, longest in TEXTS.items():
        text = row.get(name)
        if not isinstance(text, str) or len(text) > longest or "\0" in text:
            return f"{name} must be a text of at most {longest} characters"
    if not _is_finite(row.get("value")):
        return "value must be a finite number"
    stderr = row.get("stderr")
    if stderr is not None and not (_is_finite(stderr) and stderr >= 0):
        return "stderr must be null or a number that is not negative"
    if type(row.get("n")) is not int or not 1 <= row["n"] < 2**31:
        return "n must count examples"
    shots = row.get("few_shot")
    if shots is not None and (type(shots) is not int or not 0 <= shots < 2**31):
        return "few_shot must be null or a count"
    if row.get("higher_is_better") not in (None, True, False):
        return "higher_is_better must be null, true or false"
    return "" if isinstance(row.get("is_part"), bool) else "is_part must be true or false"


def _is_finite(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def store(*, claim: Claim, evaluation: HarnessEvaluation, figures: list[dict], report) -> None:
    """The rows and the job's end commit together."""
    cut = (report.get("counts") or {}).get("cut")
    with transaction.atomic():
        claim.fence()
        HarnessFigure.objects.bulk_create(
            (
                HarnessFigure(
                    evaluation=evaluation,
                    task=row["task"],
                    metric=row["metric"],
                    filter=row["filter"],
                    value=row["value"],
                    stderr=row["stderr"],
                    is_higher_better=row["higher_is_better"],
                    example_count=row["n"],
                    few_shot=row["few_shot"],
                    task_version=row["version"],
                    examples=row["examples"],
                    is_part=row["is_part"],
                )
                for row in figures
            ),
            batch_size=BATCH,
        )
        evaluation.harness = figures[0]["harness"]
        evaluation.cut_count = cut if type(cut) is int and 0 <= cut < 2**31 else 0
        evaluation.save(update_fields=["harness", "cut_count"])
        claim.finish({"evaluation": evaluation.pk, "figures": len(figures)})
