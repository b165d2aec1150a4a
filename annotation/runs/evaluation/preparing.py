"""The job of an evaluation: both sides respond, pairs are made, and items or rewards of them.

It may be entered again at any point: what it made is in the evaluation's rows, written in the
transaction that made it. While another job is at work it puts itself off."""

import random

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.candidates.generation.framing import frame_of
from annotation.candidates.models import GenerationRun
from annotation.candidates.services import generate_responses
from annotation.core.errors import DomainError
from annotation.core.jobs import Claim, Deferred
from annotation.core.models import Job
from annotation.labeling.items import create_items_from_responses
from annotation.labeling.models import Item
from annotation.labeling.slices.services import assign_new
from annotation.prompts.models import Generator, Response
from annotation.runs.models import Evaluation, EvaluationPair
from annotation.runs.scoring.services import order_scores, unscored

POLL_SECONDS = 2.0
SIDES = ("new", "old")


def prepare(claim: Claim) -> dict:
    evaluation = Evaluation.objects.select_related(
        "project", "new__generator", "old", "judge", "score_job"
    ).get(pk=claim.job.payload["evaluation"])
    claim.progress(note="Responses")
    for side in SIDES:
        run = _generation(claim, evaluation, side)
        if run is not None:
            wait_for(run.job)
    with transaction.atomic():
        claim.fence()
        claim.stop_if_cancelled()  # whoever ends it now waits for the row, and withdraws the items
        if not evaluation.pairs.exists():
            make_pairs(evaluation, *(responses_of(evaluation, side) for side in SIDES))
    if evaluation.kind == Evaluation.Kind.REWARD:
        claim.progress(note="Rewards")
        _score(claim, evaluation)
    return {"evaluation": evaluation.pk, "pairs": evaluation.pairs.count()}


def wait_for(job: Job) -> None:
    """Come back when it is done. DomainError with its cause when it failed."""
    if job.state == Job.State.DONE:
        return
    if not job.is_active:
        raise DomainError(f"{job.kind} {job.state}: {job.error or 'somebody ended it'}")
    raise Deferred(POLL_SECONDS)


def generator_of(evaluation: Evaluation, side: str) -> Generator:
    return evaluation.new.generator if side == "new" else evaluation.old


def _generation(claim: Claim, evaluation: Evaluation, side: str) -> GenerationRun | None:
    """What has to be written for a side, ordered once; None where everything is stored."""
    run = getattr(evaluation, f"{side}_run")
    if run is not None or evaluation.pairs.exists():
        return run
    stored = responses_of(evaluation, side)
    n = evaluation.options["n"]
    lacking = [p for p in evaluation.prompts.order_by("pk") if len(stored.get(p.pk, ())) < n]
    if not lacking:
        return None
    with transaction.atomic():
        claim.fence()
        claim.stop_if_cancelled()
        run = generate_responses(
            project=evaluation.project,
            generator=generator_of(evaluation, side),
            prompts=lacking,
            n=n,
            actor=evaluation.created_by,
            # Each side its own seed: two policies that hardly differ would write the same.
            seed=(evaluation.options["seed"] + 1000 * (SIDES.index(side) + 1)) % 2**31,
            target=f"evaluation:{evaluation.pk}:{side}",
            **evaluation.options["sampling"],
        )
        setattr(evaluation, f"{side}_run", run)
        evaluation.save(update_fields=[f"{side}_run"])
    return run


def responses_of(evaluation: Evaluation, side: str) -> dict[int, list[Response]]:
    """By prompt the first n responses of a side: those written for it, or stored ones. Of a model
    that can be asked only those sampled in the same way, for temperature is part of what is
    compared; of one that was imported, whatever there is."""
    generator = generator_of(evaluation, side)
    wanted, n = evaluation.options.get("sampling", {}), evaluation.options["n"]
    rows = Response.objects.filter(
        generator=generator,
        prompt__in=evaluation.prompts.all(),
        kind=Response.Kind.CANDIDATE,
    )
    if run := getattr(evaluation, f"{side}_run"):
        own = set(run.generated.values_list("response_id", flat=True))
    else:
        own = set()
    found: dict[int, list[Response]] = {}
    for response in sorted(rows, key=lambda row: (row.pk not in own, row.pk)):
        is_alike = all(response.params.get(name) == value for name, value in wanted.items())
        is_alike = is_alike and not frame_of(response.params)  # it was asked something else
        if response.pk in own or is_alike or not generator.artifact:
            found.setdefault(response.prompt_id, []).append(response)
    return {prompt: responses[:n] for prompt, responses in found.items()}


def make_pairs(
    evaluation: Evaluation, new: dict[int, list[Response]], old: dict[int, list[Response]]
) -> list[EvaluationPair]:
    """A pair for each prompt and each of its n; for people an item of each that differs. Inside a
    transaction."""
    pairs = [
        EvaluationPair(evaluation=evaluation, prompt=prompt, index=index, new=one, old=other)
        for prompt in evaluation.prompts.order_by("pk")
        for index, (one, other) in enumerate(
            zip(new.get(prompt.pk, ()), old.get(prompt.pk, ()), strict=False)
        )
    ]
    if not pairs:
        raise DomainError(_("There is no prompt to which both have responded."))
    if evaluation.kind == Evaluation.Kind.PEOPLE:
        for index in range(max(pair.index for pair in pairs) + 1):
            _make_items(evaluation, [pair for pair in pairs if pair.index == index], index)
    return EvaluationPair.objects.bulk_create(pairs)


def _make_items(evaluation: Evaluation, pairs: list[EvaluationPair], index: int) -> None:
    """Where a pair's responses stand in the item is drawn, and the queue draws the shown order
    again for each labeler: neither files nor pages give away which is which."""
    rng = random.Random(f"pairs {evaluation.pk} {index}")  # noqa: S311  repeatable, not secret
    responses = []
    for pair in pairs:
        both = [pair.new, pair.old]
        rng.shuffle(both)
        responses += both
    batch = evaluation.batch if index == 0 else f"{evaluation.batch}:{index + 1}"
    made = create_items_from_responses(
        project=evaluation.project,
        responses=responses,
        batch=batch,
        overlap=evaluation.options["overlap"],
        priority=evaluation.options["priority"],
        actor=evaluation.created_by,
    )
    _say_what_they_are_about(made.items)
    assign_new(evaluation.project, batch=batch)
    item_of = {item.prompt_id: item for item in made.items}
    for pair in pairs:
        pair.item = item_of.get(pair.prompt_id)


def _say_what_they_are_about(items: list[Item]) -> None:
    """Language, topic and warnings of the prompt's earlier items: slices lend by them, labelers
    keep away by them, and figures are split by them."""
    known: dict[int, tuple[dict, list]] = {}
    earlier = Item.objects.filter(prompt__in=[item.prompt_id for item in items])
    earlier = earlier.exclude(pk__in=[item.pk for item in items]).order_by("pk")
    for prompt, metadata, warnings in earlier.values_list("prompt_id", "metadata", "warnings"):
        before = known.get(prompt, ({}, []))
        known[prompt] = ({**before[0], **metadata}, sorted({*before[1], *warnings}))
    for item in items:
        item.metadata, item.warnings = known.get(item.prompt_id, ({}, []))
    Item.objects.bulk_update(items, ["metadata", "warnings"], batch_size=1000)


def _score(claim: Claim, evaluation: Evaluation) -> None:
    pairs = evaluation.pairs.values_list("new_id", "old_id")
    responses = [pk for pair in pairs for pk in pair]
    if evaluation.score_job is None and unscored(evaluation.judge, responses):
        with transaction.atomic():
            claim.fence()
            claim.stop_if_cancelled()
            evaluation.score_job = order_scores(
                version=evaluation.judge,
                responses=responses,
                actor=evaluation.created_by,
                target=f"evaluation:{evaluation.pk}",
            )
            evaluation.save(update_fields=["score_job"])
    if evaluation.score_job is not None:
        wait_for(evaluation.score_job)
