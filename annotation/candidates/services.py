"""Asking a model of ours for responses, and storing each of them once."""

import json
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from annotation.candidates import options as generation_options
from annotation.candidates import tasks
from annotation.candidates.generation.framing import FRAME, frame_of, framed
from annotation.candidates.generation.prompts import check_count
from annotation.candidates.marks.marking import ring_marking
from annotation.candidates.models import GeneratedResponse, GenerationRequest, GenerationRun
from annotation.core import audit, jobs
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_text
from annotation.core.jobs import Claim
from annotation.core.strict_json import loads
from annotation.core.supervision import Damaged, RunFolder, Supervisor, child_config, weights_of
from annotation.prompts.models import Generator, Response

FINISH_REASONS = {"stop", "length"}
# Of endpoints/faults.py, what a model of ours says.
UNREADABLE = {"long_prompt", "control_token", "chat_template"}
BATCH = 1000
PROMPTS, PARTIAL, RESPONSES = "prompts.jsonl", "partial.jsonl", "responses.jsonl"
# prompt's id, index, text, finish reason, number of tokens
Row = tuple[int, int, str, str, int | None]


def generate_responses(
    *,
    project,
    generator: Generator,
    prompts,
    n=4,
    actor=None,
    seed=11,
    target="",
    system="",
    template="",
    **params,
) -> GenerationRun:
    """Queue n responses to each prompt by a model of ours.

    `params`: max_new_tokens, temperature, top_p, batch_size, … (candidates/options.py); `system`
    and `template` as generation/framing.py has them. With a `target` such as "round:2:after", a
    second order while the first is active is the same one.
    """
    prompts = list(prompts)
    if not prompts:
        raise DomainError(_("There is no prompt to respond to."))
    if any(prompt.project_id != project.pk for prompt in prompts):
        raise DomainError(_("A prompt belongs to another project."))
    params = checked_params(project=project, generator=generator, n=n, seed=seed, **params)
    check_count(len(prompts), n)
    params |= frame_of({"system": system, "template": template})
    with transaction.atomic():
        run = GenerationRun.objects.create(
            project=project,
            generator=generator,
            params={"n": n, "seed": seed, **params},
            created_by=actor,
        )
        run.prompts.set(prompts)
        job, created = jobs.enqueue(
            kind=tasks.KIND,
            project=project,
            actor=actor,
            target=f"generate:{project.pk}:{target}" if target else f"generation:{run.pk}",
            payload={"generation_run": run.pk},
        )
        if not created:
            transaction.set_rollback(True)
        else:
            run.job = job
            run.save(update_fields=["job"])
            audit.record(
                "generation.started",
                actor=actor,
                project=project,
                target=f"generation:{run.pk}",
                generator=generator.pk,
                prompts=len(prompts),
                n=n,
            )
    return run if created else GenerationRun.objects.get(job=job)


def checked_params(*, project, generator: Generator, n: int, seed: int, **params) -> dict:
    """The options as they are kept, but for the seed; DomainError where the generator cannot be
    asked so."""
    if generator.project_id != project.pk:
        raise DomainError(_("The generator belongs to another project."))
    if not generator.artifact:
        raise DomainError(
            _("“%(name)s” has no model here: its responses are imported.")
            % {"name": generator.name}
        )
    if type(seed) is not int or not 0 <= seed < 2**31:
        raise DomainError(_("The seed is a whole number from 0 to 2147483647."))
    return generation_options.read({"n": n, **params})


def folder_of(run: GenerationRun) -> RunFolder:
    return RunFolder(settings.DATA_DIR / "generations" / str(run.pk), run=f"generation-{run.pk}")


def supervise_generation(claim: Claim) -> None:
    """Do one attempt of a generation run, to its end. What earlier ones brought stays."""
    run = GenerationRun.objects.select_related("project", "generator").get(
        pk=claim.job.payload["generation_run"]
    )
    folder = folder_of(run)
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with folder.forgetting(PROMPTS, PARTIAL, RESPONSES, token=claim.token):
        _generate(claim, run, folder)


def _generate(claim: Claim, run: GenerationRun, folder: RunFolder) -> None:
    asked = {str(pk): pk for pk in write_prompts(run, folder.path / PROMPTS)}
    if not asked:  # killed between the last response and the end
        _finish(claim, run)
        return
    folder.prepare(_config(run, folder), token=claim.token)
    partial = folder.attempt(claim.token) / PARTIAL
    supervisor = Supervisor(claim, folder, relay=lambda lines: None)
    is_done = supervisor.run_to_end(
        "training.generate",
        keep=lambda: keep_partial(claim=claim, run=run, asked=asked, path=partial),
    )
    if not is_done:
        return
    report = folder.verified_report(claim.token, kind="generate", alive=claim.alive)
    if RESPONSES not in report["files"]:
        raise Damaged("The generation ended without responses.")
    import_responses(
        claim=claim, run=run, asked=asked, path=folder.attempt(claim.token) / RESPONSES
    )


def write_prompts(run: GenerationRun, path: Path) -> list[int]:
    """The run's prompts that have nothing yet, as the child reads them; their ids in order."""
    done = {*run.generated.values_list("prompt_id", flat=True)}
    done |= {*run.requests.values_list("prompt_id", flat=True)}
    rows = run.prompts.order_by("pk").values_list("pk", "messages")
    rows = [(pk, messages) for pk, messages in rows if pk not in done]
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        for pk, messages in rows:
            row = {"id": str(pk), "prompt": framed(messages, **frame_of(run.params))}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    part.replace(path)
    return [pk for pk, _ in rows]


def _config(run: GenerationRun, folder: RunFolder) -> dict:
    ours = {"seed", *FRAME}  # the child reads prompts that are framed already
    options = {name: value for name, value in run.params.items() if name not in ours}
    return child_config(
        kind="generate",
        run=run.pk,
        seed=run.params["seed"],
        base=weights_of(run.generator.artifact, run.generator.artifact_sha256),
        options={**options, "prompts": str((folder.path / PROMPTS).resolve())},
    )


def import_responses(*, claim: Claim, run: GenerationRun, asked: dict, path: Path) -> int:
    """Store every response once; the rows and the job's end commit together."""
    rows, faults = list(read_responses(path, asked)), read_faults(path, asked)
    wanted = (len(asked) - len(faults)) * run.params["n"]
    if len({(prompt, index) for prompt, index, *_ in rows}) != wanted or len(rows) != wanted:
        raise Damaged(f"The model gave {len(rows)} responses where {wanted} were asked for.")
    with transaction.atomic():
        claim.fence()
        _store(run, rows)
        GenerationRequest.objects.bulk_create(
            GenerationRequest(
                generation_run=run,
                prompt_id=prompt,
                first=0,
                asked_count=run.params["n"],
                try_count=1,
                fault=fault,
            )
            for prompt, fault in sorted(faults.items())
        )
        _finish(claim, run)
    return len(rows)


@transaction.atomic
def _finish(claim: Claim, run: GenerationRun) -> None:
    stored, failed = run.generated.count(), run.requests.exclude(fault="").count()
    claim.finish({"generation_run": run.pk, "responses": stored, "failed": failed})
    ring_marking(project=run.project, actor=run.created_by)


def keep_partial(*, claim: Claim, run: GenerationRun, asked: dict, path: Path) -> int:
    """Of an attempt that ended early: the prompts that have all their responses."""
    if not path.exists():
        return 0
    by_prompt: dict[int, list[Row]] = {}
    for row in read_responses(path, asked):
        by_prompt.setdefault(row[0], []).append(row)
    whole = [some for some in by_prompt.values() if len(some) == run.params["n"]]
    rows = [row for some in whole for row in some]
    if rows:
        with transaction.atomic():
            claim.fence()
            _store(run, rows)
            ring_marking(project=run.project, actor=run.created_by)
    return len(rows)


def _store(run: GenerationRun, rows: list[Row]) -> None:
    params = {"seed": run.params["seed"], **run.params}
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        responses = Response.objects.bulk_create(
            Response(
                prompt_id=prompt,
                text=text,
                text_sha256=sha256_of_text(text),
                generator=run.generator,
                params=params,
                finish_reason=reason,
                token_count=count,
            )
            for prompt, _, text, reason, count in some
        )
        GeneratedResponse.objects.bulk_create(
            GeneratedResponse(
                generation_run=run, prompt_id=row[0], index=row[1], response=response
            )
            for row, response in zip(some, responses, strict=True)
        )


def _lines(path: Path) -> Iterator[tuple[int, dict]]:
    """Its whole lines, numbered. A model may write anything, a NUL too: that is no reason to lose
    the whole run."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.endswith(b"\n"):
                row = loads(line, storable=False)
                yield number, row if isinstance(row, dict) else {}


def read_faults(path: Path, asked: dict) -> dict[int, str]:
    """The prompts that the model could not read, and why."""
    said = {str(row.get("prompt")): str(row["fault"]) for _, row in _lines(path) if "fault" in row}
    if not said.keys() <= asked.keys() or not set(said.values()) <= UNREADABLE:
        raise Damaged("responses.jsonl: a fault of a prompt that is none of ours.")
    return {asked[name]: fault for name, fault in said.items()}


def read_responses(path: Path, asked: dict) -> Iterator[Row]:
    """Each response, checked."""
    for number, row in _lines(path):
        if "fault" in row:
            continue
        text, index = row.get("text"), row.get("index")
        is_one = isinstance(text, str) and type(index) is int
        if not is_one or row.get("prompt") not in asked:
            raise Damaged(f"{path.name}, line {number}: not a response to a prompt of ours.")
        reason, count = row.get("finish_reason"), row.get("num_tokens")
        yield (
            asked[row["prompt"]],
            index,
            text.replace("\0", "�").encode(errors="replace").decode(),
            reason if reason in FINISH_REASONS else "",
            count if type(count) is int and count >= 0 else None,
        )


def responses_of(run: GenerationRun):
    """The run's responses, by prompt and index."""
    return Response.objects.filter(generated__generation_run=run).order_by(
        "prompt_id", "generated__index"
    )
