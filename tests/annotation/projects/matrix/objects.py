"""One of each thing that addresses name, made in a project. A function for each kind, which gives
its id under the name that addresses use; `place.word` belongs into every text and name of it."""

import io

from django.utils import timezone

from annotation.candidates.models import Endpoint, GenerationOrder, GenerationRun
from annotation.core import jobs
from annotation.core.hashing import sha256_of_value
from annotation.datasets import services as datasets
from annotation.datasets.exports.ordering import order_export
from annotation.datasets.exports.wanted import Wanted
from annotation.datasets.formats.catalogue import format_named
from annotation.datasets.models import Destination
from annotation.datasets.policy import Policy
from annotation.datasets.publishing.pushing import push_dataset
from annotation.datasets.tasks import FREEZE
from annotation.labeling.calibration.revealing import reveal
from annotation.labeling.calibration.talking import say
from annotation.labeling.gold.making import Known
from annotation.labeling.ladder.items import add_item
from annotation.labeling.messages.services import announce, ask
from annotation.labeling.models import Assignment, BuiltBatch
from annotation.labeling.reports import report_problem
from annotation.labeling.verdict import verdict_from_choices
from annotation.oversight.models import Webhook
from annotation.projects.invitations.services import make_link
from annotation.projects.models import ProjectPool, Slice
from annotation.projects.pools.services import save_pool
from annotation.prompts.attachments.services import attach
from annotation.prompts.models import Generator, Import
from annotation.quality.models import Judge, JudgeRun, Refill
from annotation.runs.models import (
    BenchmarkFile,
    Evaluation,
    HarnessEvaluation,
    Measurement,
    ModelPush,
    ModelVersion,
    Round,
    TrainingRun,
)
from tests.annotation.labeling.calibration.world import judge_all, opened
from tests.factories import make_member, make_opinion
from tests.media import picture

CANARY = "zanzibar"  # the word of the other project


def member(place):
    user = make_member(place.project, username=f"{place.word}-member")
    return {"member_id": user.membership.pk, "user_id": user.pk}


def invitation(place):
    made, _token = make_link(project=place.project, actor=place.lead, handle=f"{place.word}-guest")
    return {"invitation_id": made.pk}


def pool(place):
    made = save_pool(name=f"{place.word} pool", kind="language", description="", actor=place.lead)
    ProjectPool.objects.create(pool=made, project=place.project)
    cut = Slice.objects.create(project=place.project, name=f"{place.word} slice", position=1)
    return {"pool_id": made.pk, "slice_id": cut.pk}


def attachment(place):
    colour = "teal" if place.word == CANARY else "navy"
    stream, name = io.BytesIO(picture(colour=colour)), f"{place.word}.png"
    kept, _new = attach(project=place.project, stream=stream, actor=place.lead, name=name)
    return {"sha256": kept.sha256}


def imported(place):
    row = Import.objects.create(
        project=place.project,
        kind=Import.Kind.ITEMS,
        state=Import.State.DONE,
        file_name=f"{place.word}.jsonl",
        finished_at=timezone.now(),
    )
    return {"import_id": row.pk}


def report(place):
    held = Assignment.objects.get(pk=place.ids["assignment_id"])
    made = report_problem(assignment=held, kind="personal", text=f"Of {place.word}.")
    return {"report_id": made.pk, "reported_id": made.item_id}


def messages(place):
    """A question that waits, and an announcement."""
    held = Assignment.objects.get(pk=place.ids["assignment_id"])
    asked = ask(assignment=held, text=f"Why {place.word}?")
    told = announce(project=place.project, author=place.lead, text=f"All of {place.word}.")
    return {"open_question_id": asked.pk, "announcement_id": told.pk}


def built_batch(place):
    made = BuiltBatch.objects.create(project=place.project, name=f"{place.word} batch", policy={})
    return {"batch_id": made.pk}


def webhook(place):
    row = Webhook.objects.create(
        project=place.project, url=f"https://{place.word}.example/", sealed_secret="sealed"
    )
    return {"webhook_id": row.pk}


def endpoint(place):
    row = Endpoint.objects.create(
        project=place.project,
        name=f"{place.word} endpoint",
        base_url=f"https://{place.word}.example/v1",
        model=f"{place.word}-7b",
    )
    order = GenerationOrder.objects.create(project=place.project)
    run = GenerationRun.objects.create(
        project=place.project,
        endpoint=row,
        order=order,
        params={"n": 1, "max_tokens": 8},
        job=_job(place, "ask-endpoint"),
    )
    return {"endpoint_id": row.pk, "generation_id": run.pk, "order_id": order.pk}


def judge(place):
    """A judge with a run, before its first answer."""
    row = Judge.objects.create(
        project=place.project,
        endpoint_id=place.ids["endpoint_id"],
        name=f"{place.word} judge",
        instructions=f"Mind {place.word}.",
        is_read_by_labelers=True,
    )
    run = JudgeRun.objects.create(
        project=place.project,
        judge=row,
        item_ids=[place.make_item().pk],
        question_count=2,
        terms={
            "model": f"{place.word}-7b",
            "price_in": None,
            "price_out": None,
            "currency": "USD",
        },
        job=_job(place, "ask-judge"),
    )
    critique(place, run.pk, place.item)
    reward = Judge.objects.create(
        project=place.project,
        name=f"{place.word} rewards",
        reward_model=f"{place.word}-reward",
        tie_below=0.2,
    )
    return {"judge_id": row.pk, "judge_run_id": run.pk, "reward_judge_id": reward.pk}


def critique(place, run_id, item):
    """What a judge says of an item, for whoever judged it."""
    said = {"preferred": "first", "critique": f"More {place.word}."}
    make_opinion(JudgeRun(pk=run_id), item, 1, 2, **said)


def refill(place):
    """A proposal with nothing in it."""
    row = Refill.objects.create(
        project=place.project,
        actor=place.lead,
        state=Refill.State.PROPOSED,
        budget=1,
        item_ids=[],
        overlaps=[],
    )
    return {"refill_id": row.pk}


def calibration(place):
    """A revealed round, of people who ask for nothing here."""
    items = [place.make_item()]
    members = [make_member(place.project) for _ in range(2)]
    labelers = [one.pk for one in members]
    made = opened(
        place.project,
        place.lead,
        items,
        name=f"{place.word} round",
        takes_everybody=False,
        labelers=labelers,
    )
    judge_all(place.project, members, 1, rationale=f"Of {place.word}.")
    reveal(round_=made, actor=place.lead)
    post = say(
        found=made.items.select_related("item").get(), author=members[0], text=f"Of {place.word}."
    )
    return {
        "calibration_id": made.pk,
        "position": 1,
        "calibration_member_id": made.members.first().pk,
        "post_id": post.pk,
    }


def ladder(place):
    """A known answer in the training. Its item is nobody's work."""
    made = add_item(item=place.make_item(), actor=place.lead, known=_known(), use="training")
    return {"gold_id": made.pk}


def _known():
    return Known(verdict_from_choices({1: 1, 2: 2}, response_count=2), explanation="So.")


def _job(place, kind):
    return jobs.enqueue(kind=kind, project=place.project)[0]


def job(place):
    return {"job_id": _job(place, FREEZE).pk}


def models(place):
    """A dataset, and what was trained on it."""
    dataset = datasets.freeze_or_request(
        project=place.project, policy=Policy(), name=f"{place.word} set", actor=place.lead
    ).dataset
    run = TrainingRun.objects.create(
        project=place.project,
        kind=TrainingRun.Kind.SFT,
        name=f"{place.word} run",
        dataset=dataset,
        job=_job(place, "train"),
    )
    version = ModelVersion.objects.create(
        project=place.project,
        kind=ModelVersion.Kind.POLICY,
        name=f"{place.word} model",
        run=run,
        dataset=dataset,
        artifact="runs/none",
        sha256=sha256_of_value(place.word),
        generator=Generator.objects.create(project=place.project, name=f"{place.word} writer"),
    )
    old = Generator.objects.create(project=place.project, name=f"{place.word} old writer")
    evaluation = Evaluation.objects.create(
        project=place.project,
        kind=Evaluation.Kind.PEOPLE,
        new=version,
        old=old,
        options={"n": 1, "overlap": 1, "priority": 0},
        job=_job(place, "evaluate"),
    )
    harness = HarnessEvaluation.objects.create(
        version=version, tasks=[f"{place.word} task"], job=_job(place, "lm_eval")
    )
    # A number of a round that no other project has: it stands in addresses.
    tried = Round.objects.create(
        project=place.project, number=place.project.pk, job=_job(place, "round")
    )
    return {
        "digest": dataset.hash,
        "run_id": run.pk,
        "version_id": version.pk,
        "round_id": tried.pk,
        "number": tried.number,
        "evaluation_id": evaluation.pk,
        "harness_id": harness.pk,
    }


def destination(place):
    """A bucket, and pushes on their way to it."""
    row = Destination.objects.create(
        project=place.project,
        kind="s3",
        name=f"{place.word} bucket",
        endpoint=f"https://{place.word}.example",
        region="eu-central-1",
        bucket=place.word,
        access_key=f"{place.word}key",
        sealed_secret="sealed",
    )
    dataset = place.project.datasets.get()
    sent = ModelPush.objects.create(
        project=place.project,
        destination=row,
        version=place.project.model_versions.get(),
        job=_job(place, "push_model"),
    )
    wanted = Wanted(format_named("sft"))
    return {
        "export_id": order_export(dataset=dataset, wanted=wanted).pk,
        "model_push_id": sent.pk,
        "destination_id": row.pk,
        "push_id": push_dataset(dataset=dataset, destination=row, form="preference").pk,
    }


def benchmark(place):
    """A file to measure reward models on, and a measurement that waits."""
    version = place.project.model_versions.get()
    file = BenchmarkFile.objects.create(
        project=place.project,
        sha256=place.word.ljust(64, "0"),
        name=f"{place.word}.jsonl",
        byte_count=1,
        comparison_count=1,
        subset_count=0,
    )
    measurement = Measurement.objects.create(
        version=version, file=file, name=place.word, job=_job(place, "measure")
    )
    return {"file_id": file.pk, "measurement_id": measurement.pk}


OBJECTS = (
    member,
    invitation,
    pool,
    attachment,
    imported,
    report,
    messages,
    calibration,
    webhook,
    built_batch,
    endpoint,
    judge,
    refill,
    job,
    models,
    destination,
    benchmark,
    ladder,
)
