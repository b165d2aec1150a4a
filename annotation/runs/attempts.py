"""What one attempt of a training does: prepare, watch the child, register what it made."""

import os
import shutil
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from annotation.core import audit, supervision
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_file
from annotation.core.jobs import Claim
from annotation.core.supervision import Damaged, RunFolder, Supervisor
from annotation.prompts.models import Generator
from annotation.runs import leftovers, services
from annotation.runs.checkpoints.copies import order_removal
from annotation.runs.checkpoints.fetching import is_ready
from annotation.runs.checkpoints.sending import Sender
from annotation.runs.models import ModelVersion, RunEvent, TrainingRun
from annotation.runs.registry import keeping

PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"}
CARD_BYTES = 200_000


def folder_of(run: TrainingRun) -> RunFolder:
    return RunFolder(leftovers.place_of(run), run=str(run.pk))


def config_of(run: TrainingRun) -> dict:
    """config.json: all the trainer is told."""
    return supervision.child_config(
        kind=run.kind,
        run=run.pk,
        seed=run.seed,
        dataset={"path": str(run.dataset.folder), "hash": run.dataset.hash},
        base=run.base and run.base.weights,
        reward=run.reward and run.reward.weights,
        options=run.options,
    )


def supervise_run(claim: Claim) -> None:
    """Do one attempt of the run, to its end: registered, failed, cancelled or queued again."""
    run = TrainingRun.objects.select_related("project", "dataset", "base", "reward").get(
        pk=claim.job.payload["run"]
    )
    if services.missing_libraries():
        raise DomainError(services.HOW_TO_INSTALL)
    keeping.ensure_on_disk(run.base, run.reward, alive=claim.alive)
    folder = folder_of(run)
    if not is_ready(run, folder, claim):
        return
    folder.prepare(config_of(run), token=claim.token)
    sender = Sender(run, folder)
    supervisor = Supervisor(
        claim,
        folder,
        relay=lambda lines: store_events(run, claim.token, lines),
        show_log=lambda text: TrainingRun.objects.filter(pk=run.pk).update(log_tail=text),
        at_beat=sender.look,
    )
    several = run.options.get("devices", 1) > 1
    module = "training.launch" if several else f"training.train_{run.kind}"

    def keep():
        """What an attempt that made no model said of itself, and its last checkpoint."""
        if report := folder.report(claim.token):
            TrainingRun.objects.filter(pk=run.pk).update(report=report)
        sender.finish()

    try:
        is_done = supervisor.run_to_end(module, keep=keep)
    finally:
        sender.stop()
    if is_done:
        report = folder.verified_report(claim.token, kind=run.kind, alive=claim.alive)
        finish_run(claim=claim, run=run, folder=folder, report=report)
        leftovers.drop(run)
        order_removal(run)


def store_events(run, token, lines) -> None:
    """Keep lines of metrics.jsonl as rows. The same lines twice are stored once."""
    RunEvent.objects.bulk_create(
        [
            RunEvent(
                run=run,
                token=token,
                line=number,
                type=str(line.get("type", ""))[:20],
                step=_count(line.get("step")),
                data={k: v for k, v in line.items() if k not in ("t", "token", "type", "step")},
                at=_time(line.get("t")),
            )
            for number, line in lines
        ],
        ignore_conflicts=True,
    )


def _count(value) -> int | None:
    return value if type(value) is int and 0 <= value < 2**31 else None


def _time(value) -> datetime:
    if isinstance(value, int | float) and 0 < value < 4e9:
        return datetime.fromtimestamp(value, UTC)
    return datetime.now(UTC)


def finish_run(*, claim: Claim, run: TrainingRun, folder: RunFolder, report: dict) -> ModelVersion:
    """Register what the training made, once: the rows and the job's end commit together."""
    source = folder.attempt(claim.token)
    files = sorted(name for name in report["files"] if name.startswith("model/"))
    if "model/manifest.json" not in files:
        raise Damaged("The training ended without a model.")
    for name in files:
        if (source / name).suffix in PICKLES:
            raise Damaged(f"{name} is a pickle: models are published as safetensors only.")
    sha256 = sha256_of_file(source / "model" / "manifest.json")
    artifact = _artifact(run, sha256)
    place_model(source=source, files=files, target=settings.DATA_DIR / artifact)
    card = (settings.DATA_DIR / artifact / "README.md").read_bytes()[:CARD_BYTES]
    is_policy = run.kind != TrainingRun.Kind.REWARD
    with transaction.atomic():
        claim.fence()
        name = _free_name(run)
        generator = None
        if is_policy:
            generator = Generator.objects.create(
                project=run.project,
                name=name,
                revision=sha256[:12],
                artifact=artifact,
                artifact_sha256=sha256,
            )
        version = ModelVersion.objects.create(
            project=run.project,
            kind=ModelVersion.Kind.POLICY if is_policy else ModelVersion.Kind.REWARD,
            name=name,
            run=run,
            dataset=run.dataset,
            artifact=artifact,
            sha256=sha256,
            metrics={
                **report.get("metrics", {}),
                "baselines": report.get("baselines", {}),
                "initial": report.get("initial", {}),
            },
            card=card.decode(errors="replace").replace("\0", ""),
            generator=generator,
        )
        TrainingRun.objects.filter(pk=run.pk).update(report=report)
        claim.finish({"run": run.pk, "model_version": version.pk, "name": version.name})
        audit.record(
            "model_version.registered",
            actor=run.created_by,
            project=run.project,
            target=f"model_version:{version.pk}",
            run=run.pk,
            dataset=run.dataset.hash,
            sha256=sha256,
        )
    return version


def _artifact(run, sha256) -> str:
    name = slugify(run.name) or run.kind
    return f"models/{run.project.slug}/{name}-{sha256[:12]}"


def _free_name(run) -> str:
    """The run's name, or with its number where another run was faster with the same one."""
    taken = set(
        run.project.model_versions.filter(name__startswith=run.name).values_list("name", flat=True)
    )
    return run.name if run.name not in taken else f"{run.name}, run {run.pk}"


def place_model(*, source, files, target) -> None:
    """Put the listed files of `source/model/` at `target`, whole or not at all.

    Hard links where the file system has them, for nothing is copied then. A target that exists
    holds the same content, for its name carries the hash of the manifest.
    """
    if (target / "manifest.json").is_file():
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    for name in files:
        place = part / name.removeprefix("model/")
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source / name, place)
        except OSError:
            shutil.copyfile(source / name, place)
    try:
        part.rename(target)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)
        if not (target / "manifest.json").is_file():
            raise
