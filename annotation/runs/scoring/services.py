"""Ordering rewards, supervising the process that computes them, and storing each once."""

import json
import math
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.core.jobs import Claim
from annotation.core.models import Job
from annotation.core.strict_json import loads
from annotation.core.supervision import Damaged, RunFolder, Supervisor, child_config
from annotation.prompts.models import Response
from annotation.runs import services, tasks
from annotation.runs.models import ModelVersion, ResponseScore
from annotation.runs.registry import keeping

MOST_RESPONSES = 50_000
BATCH = 2000
ROWS = "responses.jsonl"


def unscored(version: ModelVersion, responses: Iterable[int]) -> list[int]:
    """Of these responses those that this reward model has not read yet, ascending."""
    asked = set(responses)
    known = ResponseScore.objects.filter(version=version, response__in=asked)
    return sorted(asked - set(known.values_list("response_id", flat=True)))


def scores_of(version: ModelVersion, responses: Iterable[int]) -> dict[int, float | None]:
    rows = ResponseScore.objects.filter(version=version, response__in=set(responses))
    return dict(rows.values_list("response_id", "value"))


def order_scores(
    *, version: ModelVersion, responses: Iterable[int], actor=None, target: str
) -> Job | None:
    """Queue the scoring of what is not scored yet; None where there is nothing to do."""
    if version.kind != ModelVersion.Kind.REWARD:
        raise DomainError(_("“%(name)s” is no reward model.") % {"name": version.name})
    if reason := services.why_no_training():
        raise DomainError(reason)
    wanted = unscored(version, responses)
    if not wanted:
        return None
    if len(wanted) > MOST_RESPONSES:
        raise DomainError(
            _("At most %(count)d responses are scored at a time.") % {"count": MOST_RESPONSES}
        )
    job, _created = jobs.enqueue(
        kind=tasks.SCORE_KIND,
        project=version.project,
        actor=actor,
        target=f"score:{version.pk}:{target}",
        payload={"version": version.pk, "responses": wanted},
    )
    return job


def folder_of(job: Job) -> RunFolder:
    return RunFolder(settings.DATA_DIR / "scorings" / str(job.pk), run=f"scoring-{job.pk}")


def supervise_scoring(claim: Claim) -> None:
    """Do one attempt of a scoring, to its end."""
    if services.missing_libraries():
        raise DomainError(services.HOW_TO_INSTALL)
    version = ModelVersion.objects.get(pk=claim.job.payload["version"])
    keeping.ensure_on_disk(version, alive=claim.alive)
    folder = folder_of(claim.job)
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with folder.forgetting(ROWS, token=claim.token):
        _score(claim, version, folder)


def _score(claim: Claim, version: ModelVersion, folder: RunFolder) -> None:
    asked = write_rows(claim.job.payload["responses"], folder.path / ROWS)
    rows = str((folder.path / ROWS).resolve())
    config = child_config(
        kind="score", run=claim.job.pk, base=version.weights, options={"rows": rows}
    )
    folder.prepare(config, token=claim.token, begins_anew=True)
    supervisor = Supervisor(claim, folder, relay=lambda lines: None)
    if not supervisor.run_to_end("training.score"):
        return
    report = folder.verified_report(claim.token, kind="score", alive=claim.alive)
    if "scores.jsonl" not in report["files"]:
        raise Damaged("The scoring ended without scores.")
    path = folder.attempt(claim.token) / "scores.jsonl"
    store_scores(claim=claim, version=version, scores=read_scores(path, asked))


def write_rows(responses: list[int], path: Path) -> set[int]:
    """The responses with their prompts as the child reads them; returns their ids."""
    rows = Response.objects.filter(pk__in=responses).order_by("pk")
    asked = set()
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        for pk, messages, text in rows.values_list("pk", "prompt__messages", "text"):
            prompt = [{"role": one["role"], "content": one["content"]} for one in messages]
            row = {"id": str(pk), "prompt": prompt, "response": text}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            asked.add(pk)
    part.replace(path)
    return asked


def read_scores(path: Path, asked: set[int]) -> dict[int, float | None]:
    """Each line's score, checked: every response asked for, once."""
    found: dict[int, float | None] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            row = loads(line)
            name = row.get("id") if isinstance(row, dict) else None
            pk = int(name) if isinstance(name, str) and name.isdecimal() else None
            value = row.get("score") if isinstance(row, dict) else None
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if pk not in asked or pk in found or not (value is None or is_number):
                raise Damaged(f"scores.jsonl, line {number}: not a score of a response of ours.")
            if value is not None and not math.isfinite(value):
                raise Damaged(f"scores.jsonl, line {number}: the score is no finite number.")
            found[pk] = None if value is None else float(value)
    if set(found) != asked:
        raise Damaged(f"{len(found)} scores came where {len(asked)} were asked for.")
    return found


def store_scores(*, claim: Claim, version: ModelVersion, scores: dict[int, float | None]) -> None:
    """The rows and the job's end commit together. What another job scored meanwhile stays."""
    with transaction.atomic():
        claim.fence()
        ResponseScore.objects.bulk_create(
            (
                ResponseScore(version=version, response_id=pk, value=value)
                for pk, value in scores.items()
            ),
            batch_size=BATCH,
            ignore_conflicts=True,
        )
        claim.finish({"version": version.pk, "responses": len(scores)})
