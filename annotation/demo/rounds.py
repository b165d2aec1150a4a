"""A round as rows: started by a button or a command, carried on by a job that comes back.

The job does one stage after the other. A stage that waits for another job puts itself off and
frees the worker; a worker that is killed loses nothing, for what a stage made is written down in
the transaction that made it.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit, jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Job
from annotation.demo import options as round_options
from annotation.demo import tasks
from annotation.demo.sentences import say_row
from annotation.demo.services import SLUG
from annotation.demo.stages import TAKEN, stages_for
from annotation.demo.work import Work
from annotation.runs.models import ModelVersion, Round
from annotation.runs.services import why_no_training


def start_round(*, project, actor=None, options=None) -> Round:
    """Start a round of the demo's project. While one is active, that one is returned."""
    if project.slug != SLUG:
        raise DomainError(_("Only the demo's project knows its customers and labelers."))
    if reason := why_no_training():
        raise DomainError(reason)
    given = dict(options or {})
    earlier = _earlier(project, given.get("again"))
    if earlier:
        given = {**earlier.options, "method": "dpo", **given}
    chosen = round_options.read(given)
    with transaction.atomic():
        last = project.rounds.aggregate(last=Max("number"))["last"] or 0
        job, created = jobs.enqueue(
            kind=tasks.KIND, project=project, actor=actor, target=f"project:{project.pk}"
        )
        if not created:
            return Round.objects.get(job=job)
        found = Round.objects.create(
            project=project,
            number=last + 1,
            options=chosen,
            stages=[
                {"key": stage.key, "title": stage.title, "state": "waiting"}
                for stage in stages_for(chosen)
            ],
            result={"made": _taken(earlier)},
            job=job,
            created_by=actor,
        )
        Job.objects.filter(pk=job.pk).update(payload={"round": found.pk})
        audit.record("round.started", actor=actor, project=project, target=f"round:{found.number}")
    return found


def _earlier(project, number) -> Round | None:
    """The round that another one goes on from, once it has a reward model."""
    if number is None:
        return None
    found = project.rounds.filter(number=number).first() if type(number) is int else None
    if found is None or not is_ready_again(found):
        raise DomainError(
            _("Round %(number)s has no reward model to go on from.") % {"number": number}
        )
    return found


def _taken(earlier: Round | None) -> dict[str, int]:
    return {key: earlier.result["made"][key] for key in TAKEN} if earlier else {}


def is_ready_again(found: Round) -> bool:
    """Whether its policy can be tuned once more, by any method, from what it made."""
    made = found.result["made"]
    return set(TAKEN) <= set(made) and ModelVersion.objects.filter(run=made["reward_run"]).exists()


def cancel_round(*, found: Round, actor=None) -> Round:
    """End a round and whatever it waits for. What it made so far stays."""
    if not found.job.is_active:
        raise Conflict(_("This round is over already."))
    with transaction.atomic():
        jobs.request_cancel(found.job)
        if (child := waiting_for(found)) is not None and child.is_active:
            jobs.request_cancel(child)
        audit.record(
            "round.cancelled", actor=actor, project=found.project, target=f"round:{found.number}"
        )
    found.refresh_from_db()
    return found


def waiting_for(found: Round) -> Job | None:
    """The job that the running stage waits for, if it does."""
    for stage in found.stages:
        if stage["state"] == "running" and stage.get("job"):
            return Job.objects.filter(pk=stage["job"]).first()
    return None


def advance(claim: jobs.Claim) -> dict:
    """Do what can be done now. Raises Deferred while another job is at work."""
    found = Round.objects.select_related("project", "created_by").get(
        pk=claim.job.payload["round"]
    )
    work = Work(claim, found)
    stages = stages_for(found.options)
    for number, stage in enumerate(stages):
        row = found.stages[number]
        if row["state"] == "done":
            continue
        if row["state"] == "waiting":
            row |= {"state": "running", "started_at": timezone.now().isoformat()}
            work.save()
        claim.progress(number, len(stages), stage.title)
        outcome = stage.work(work)
        row |= {"state": "done", **outcome.as_row()}
        row["seconds"] = _seconds_since(row["started_at"])
        work.save()
    return {"round": found.pk, "win_rate": found.result["win_rate"]["value"]}


def _seconds_since(stamp: str) -> float:
    started = timezone.datetime.fromisoformat(stamp)
    return round((timezone.now() - started).total_seconds(), 1)


@dataclass(frozen=True)
class StageView:
    """A stage as it is shown: what the rows say, and the round's end where it stopped here."""

    title: str
    state: str  # waiting, running, done, failed, cancelled
    seconds: float | None
    detail: str
    link: str
    job: Job | None


def stages_of(found: Round) -> list[StageView]:
    """The stages as they are now. A stage that ran when its round ended shares the round's end."""
    child = waiting_for(found)
    views = []
    for row in found.stages:
        state, title = row["state"], row["title"]
        seconds = row.get("seconds")
        if state == "running":
            if not found.job.is_active:
                state = found.job.state
            else:
                seconds = _seconds_since(row["started_at"])
        views.append(
            StageView(
                title=_(title),
                state=state,
                seconds=seconds,
                detail=say_row(row),
                link=row.get("link", ""),
                job=child if row["state"] == "running" else None,
            )
        )
    return views
