"""A reward model measured on a kept file: ordered by a person, done by the train worker."""

import math
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import jobs
from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.core.hashing import sha256_of_file
from annotation.core.jobs import Claim
from annotation.core.models import Job
from annotation.core.strict_json import loads
from annotation.core.supervision import Damaged, RunFolder, Supervisor, child_config
from annotation.runs import services, tasks
from annotation.runs.benchmarking.files import path_of
from annotation.runs.models import BenchmarkFile, Measurement, ModelVersion
from annotation.runs.registry import benchmarks, keeping

FIGURES = "figures.json"
ENDS = ("value", "low", "high")


def order_measurement(
    *, version: ModelVersion, file: BenchmarkFile, name: str = "", actor=None
) -> Measurement:
    """Queue it; while the same is under way, that one."""
    check_order(version)
    name = benchmarks.checked_name(version, name.strip() or Path(file.name).stem[:60])
    with transaction.atomic():
        held = BenchmarkFile.objects.kept().filter(pk=file.pk, project=version.project_id)
        if held.select_for_update(no_key=True).first() is None:
            raise NotFound(_("There is no such file in this project."))
        measurement = Measurement.objects.create(
            version=version, file=file, name=name, created_by=actor
        )
        job, is_new = jobs.enqueue(
            kind=tasks.MEASURE_KIND,
            project=version.project,
            actor=actor,
            target=f"measure:{version.pk}:{file.pk}:{name}",
            payload={"measurement": measurement.pk},
        )
        if is_new:
            measurement.job = job
            measurement.save(update_fields=["job"])
        else:
            transaction.set_rollback(True)
    return measurement if is_new else Measurement.objects.select_related("job").get(job=job)


def cancel_measurement(*, measurement: Measurement) -> None:
    """Ask it to end. Conflict where it is over."""
    if not measurement.job.is_active:
        raise Conflict(_("This measurement is over already."))
    jobs.request_cancel(measurement.job)


def check_order(version: ModelVersion) -> None:
    """DomainError where it could be measured on no file at all: before one is kept for it."""
    benchmarks.check_is_reward(version)
    if reason := services.why_no_training():
        raise DomainError(reason)


def folder_of(job: Job) -> RunFolder:
    return RunFolder(settings.DATA_DIR / "measurements" / str(job.pk), run=f"measurement-{job.pk}")


def supervise_measurement(claim: Claim) -> None:
    """Do one attempt, to its end. Safe to enter again: the figures are stored with the end."""
    if services.missing_libraries():
        raise DomainError(services.HOW_TO_INSTALL)
    found = Measurement.objects.select_related("version__project", "file", "created_by")
    measurement = found.get(pk=claim.job.payload["measurement"])
    rows = _checked_bytes(measurement.file, claim)
    keeping.ensure_on_disk(measurement.version, alive=claim.alive)
    folder = folder_of(claim.job)
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = child_config(
        kind="measure",
        run=claim.job.pk,
        base=measurement.version.weights,
        options={"rows": str(rows)},
    )
    folder.prepare(config, token=claim.token, begins_anew=True)
    supervisor = Supervisor(claim, folder, relay=lambda lines: None)
    if not supervisor.run_to_end("training.measure"):
        return
    _store(claim, measurement, _figures_of(folder, claim))


def _checked_bytes(file: BenchmarkFile, claim: Claim) -> Path:
    """Where they lie. The hash that the figures will name is the hash of what is measured on."""
    path = path_of(file.project_id, file.sha256)
    if not path.is_file() or sha256_of_file(path, alive=claim.alive) != file.sha256:
        raise DomainError(_("The file is not as it was kept: add it again."))
    return path.resolve()


def _figures_of(folder: RunFolder, claim: Claim) -> dict[str, Any]:
    report = folder.verified_report(claim.token, kind="measure", alive=claim.alive)
    if FIGURES not in report["files"]:
        raise Damaged("The measurement ended without figures.")
    figures = loads((folder.attempt(claim.token) / FIGURES).read_bytes())
    parts = [figures, *figures.get("subsets", {}).values()] if isinstance(figures, dict) else []
    if not parts or not all(map(_is_part, parts)):
        raise Damaged("The measurement ended with figures that are none.")
    return figures


def _is_part(one: Any) -> bool:
    """Whether it has what the pages show of a file or a subset."""
    return (
        isinstance(one, dict)
        and type(one.get("comparisons")) is int
        and all(_is_interval(one.get(name)) for name in ("accuracy", "length", "beats_length"))
    )


def _is_interval(entry: Any) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(end), int | float) and math.isfinite(entry[end]) for end in ENDS
    )


def _store(claim: Claim, measurement: Measurement, figures: dict[str, Any]) -> None:
    """The figures and the job's end commit together."""
    file = measurement.file
    with transaction.atomic():
        claim.fence()
        benchmarks.keep(
            version=measurement.version,
            name=measurement.name,
            figures=figures | {"file": file.name, "sha256": file.sha256},
            actor=measurement.created_by,
        )
        claim.finish({"measurement": measurement.pk, "comparisons": figures["comparisons"]})
