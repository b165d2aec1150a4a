"""The job of a reward model's run: waits for the rewards, and writes what they say."""

from itertools import combinations

from django.db import transaction

from annotation.core.errors import DomainError
from annotation.core.jobs import Claim
from annotation.core.models import Job
from annotation.labeling.models import ItemResponse
from annotation.quality.judges.models import Judge, JudgeRun, Opinion
from annotation.quality.judges.running import NOTHING
from annotation.runs.evaluation.preparing import wait_for
from annotation.runs.judging.services import version_of
from annotation.runs.models import ModelVersion
from annotation.runs.scoring.services import order_scores, scores_of
from annotation.runs.tasks import SCORE_KIND

BATCH = 2000


def judge_in_job(claim: Claim) -> dict:
    run = JudgeRun.objects.select_related("project", "judge", "created_by").get(
        pk=claim.job.payload["judge_run"]
    )
    version = version_of(run.judge)
    placed = _placed(run)
    responses = {pk for of_item in placed.values() for pk in of_item}
    claim.progress(note="Rewards")
    _wait_for_scores(claim, run, version, responses)
    scores = scores_of(version, responses)
    with transaction.atomic():
        claim.fence()
        _store(run, _opinions(run, placed, scores))
    answered = run.opinions.answered().count()
    if not answered:
        raise DomainError(NOTHING)
    failed = max(run.question_count - answered, 0)
    return {"judge_run": run.pk, "answered": answered, "failed": failed}


def _placed(run: JudgeRun) -> dict[int, list[int]]:
    """By item, the responses in the order of their places."""
    placed: dict[int, list[int]] = {}
    rows = ItemResponse.objects.filter(item__in=run.item_ids).order_by("item_id", "position")
    for item, response in rows.values_list("item_id", "response_id"):
        placed.setdefault(item, []).append(response)
    return placed


def _wait_for_scores(claim: Claim, run, version: ModelVersion, responses: set[int]) -> None:
    """Ordered once, and once more each time that somebody resumes the run."""
    target = f"judge-run:{run.pk}"
    ordered = Job.objects.filter(
        kind=SCORE_KIND,
        target=f"score:{version.pk}:{target}",
        created_at__gte=run.resumed_at,
    )
    job = ordered.order_by("-pk").first()
    if job is None:
        with transaction.atomic():
            claim.fence()
            job = order_scores(
                version=version, responses=responses, actor=run.created_by, target=target
            )
    if job is not None:
        wait_for(job)


def _opinions(run: JudgeRun, placed, scores: dict[int, float | None]) -> list[Opinion]:
    """Of those that were asked for: a response that was put back meanwhile has no reward yet, and
    the run asks for it when it is resumed."""
    return [
        _opinion(run, item, pair, scores)
        for item, of_item in placed.items()
        for pair in combinations((one for one in of_item if one in scores), 2)
    ]


def _opinion(run, item: int, pair: tuple[int, int], scores) -> Opinion:
    opinion = Opinion(
        run=run,
        item_id=item,
        first_response_id=pair[0],
        second_response_id=pair[1],
        model=run.judge.reward_model,
    )
    one, other = (scores[response] for response in pair)
    if one is None or other is None:
        opinion.fault = "too_long"
        return opinion
    opinion.margin = one - other
    opinion.preferred = preferred(opinion.margin, run.judge)
    return opinion


def preferred(margin: float, judge: Judge) -> str:
    """By the sign of the difference; nearer than the judge's threshold, or equal, is a tie."""
    if margin == 0 or abs(margin) < judge.tie_below:
        return Opinion.Choice.TIE
    return Opinion.Choice.FIRST if margin > 0 else Opinion.Choice.SECOND


def _store(run: JudgeRun, opinions: list[Opinion]) -> None:
    """Each pair once, however often the job is entered."""
    columns = ("item_id", "first_response_id", "second_response_id")
    known = {(item, frozenset(pair)) for item, *pair in run.opinions.values_list(*columns)}
    fresh = [
        one
        for one in opinions
        if (one.item_id, frozenset((one.first_response_id, one.second_response_id))) not in known
    ]
    Opinion.objects.bulk_create(fresh, batch_size=BATCH)
