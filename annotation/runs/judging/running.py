"""The job of a reward model's run: waits for the rewards, and writes what they say."""

from itertools import combinations

from django.db import transaction

from annotation.core.errors import DomainError
from annotation.core.jobs import Claim
from annotation.core.models import Job
from annotation.labeling.models import Item, ItemResponse
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
    places = _places(run)
    responses = {pk for of_item in places.values() for pk in of_item.values()}
    claim.progress(note="Rewards")
    _wait_for_scores(claim, run, version, responses)
    scores = scores_of(version, responses)
    with transaction.atomic():
        claim.fence()
        items = Item.objects.filter(pk__in=run.item_ids).order_by("pk")
        list(items.select_for_update(of=("self",)).values_list("pk"))
        # Under the locks: a decision may have given places to other responses meanwhile. One that
        # came back has no reward yet: resumed, the run asks for it.
        now = _places(run)
        unchanged = {item: of_item for item, of_item in places.items() if now.get(item) == of_item}
        _store(run, _opinions(run, unchanged, scores))
    answered = run.opinions.answered().count()
    if not answered:
        raise DomainError(NOTHING)
    return {"judge_run": run.pk, "answered": answered, "failed": run.question_count - answered}


def _places(run: JudgeRun) -> dict[int, dict[int, int]]:
    """By item, the response in each position."""
    places: dict[int, dict[int, int]] = {}
    rows = ItemResponse.objects.filter(item__in=run.item_ids).order_by("item_id", "position")
    for item, position, response in rows.values_list("item_id", "position", "response_id"):
        places.setdefault(item, {})[position] = response
    return places


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


def _opinions(run: JudgeRun, places, scores: dict[int, float | None]) -> list[Opinion]:
    return [
        _opinion(run, item, pair, scores.get(of_item[pair[0]]), scores.get(of_item[pair[1]]))
        for item, of_item in places.items()
        for pair in combinations(sorted(of_item), 2)
    ]


def _opinion(run, item: int, pair, one: float | None, other: float | None) -> Opinion:
    opinion = Opinion(
        run=run, item_id=item, first=pair[0], second=pair[1], model=run.judge.reward_model
    )
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
    """Each once, however often the job is entered."""
    known = set(run.opinions.values_list("item_id", "first", "second"))
    fresh = [one for one in opinions if (one.item_id, one.first, one.second) not in known]
    Opinion.objects.bulk_create(fresh, batch_size=BATCH)
