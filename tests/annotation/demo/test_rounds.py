import pytest
from django.urls import reverse

from annotation.accounts.models import User
from annotation.core import jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.models import Job
from annotation.demo import rounds
from annotation.demo.stages import STAGES
from annotation.labeling.models import Judgment
from annotation.labeling.services import lend_next_item, submit_judgment
from annotation.labeling.verdict import verdict_from_choices
from annotation.prompts.models import Response
from annotation.runs.evaluation.reading import read
from annotation.runs.models import Evaluation, ModelVersion, Round
from tests.annotation.demo.conftest import TINY, run_jobs
from tests.factories import make_project

pytestmark = pytest.mark.usefixtures("standin")


def start(project, **options):
    return rounds.start_round(project=project, options={**TINY, "sft": {}, **options})


def over(found):
    return lambda: not Job.objects.get(pk=found.job_id).is_active


def stage_reached(found, key):
    def reached():
        row = next(row for row in Round.objects.get(pk=found.pk).stages if row["key"] == key)
        return row["state"] != "waiting"

    return reached


def finished(project, **options):
    found = start(project, **options)
    run_jobs(until=over(found))
    found = Round.objects.get(pk=found.pk)
    assert found.job.state == "done", found.job.error
    return found


def test_a_round_passes_all_stages_and_ends_with_a_win_rate(project):
    found = finished(project)
    assert [row["state"] for row in found.stages] == ["done"] * len(STAGES)
    assert all(row["seconds"] >= 0 and row["detail"] for row in found.stages)
    kinds = sorted(ModelVersion.objects.values_list("run__kind", flat=True))
    assert kinds == ["dpo", "reward", "sft"]
    told = read(Evaluation.objects.get())["win_rate"]
    assert told["n"] == TINY["test_prompts"]
    assert {key: found.result["win_rate"][key] for key in told} == told, "one page says another"
    assert found.result["hidden_win_rate"]["n"] == TINY["test_prompts"]
    assert len(found.result["samples"]) == 5
    assert found.result["labelers"]


@pytest.mark.parametrize("method", ["ppo", "rloo"])
def test_a_round_by_a_reward_pleases_the_reward_model_of_the_same_round(project, method):
    found = finished(project, method=method)
    assert [row["key"] for row in found.stages].count("rl") == 1
    tuned = ModelVersion.objects.get(run__kind="rl")
    assert tuned.run.options.get("algorithm", "ppo") == method
    assert tuned.run.reward == ModelVersion.objects.get(kind="reward")
    assert tuned.run.base == ModelVersion.objects.get(run__kind="sft")
    assert found.result["win_rate"]["n"] == TINY["test_prompts"]


def test_a_round_goes_on_from_an_earlier_one_with_new_customers(project):
    first = finished(project)
    second = finished(project, again=first.number, method="rloo")
    assert [row["key"] for row in second.stages] == [
        "customers", "rl", "answers", "compare", "result",
    ]  # fmt: skip
    assert ModelVersion.objects.filter(run__kind="sft").count() == 1
    tuned = ModelVersion.objects.get(run__kind="rl")
    assert tuned.run.reward == ModelVersion.objects.get(kind="reward")
    assert tuned.run.dataset_id == first.result["made"]["dataset"]
    asked = [set(found.result["made"]["test_prompts"]) for found in (first, second)]
    assert len(asked[1]) == TINY["test_prompts"]
    assert not asked[0] & asked[1]
    assert second.options["overlap"] == TINY["overlap"]
    assert second.result["win_rate"]["n"] == TINY["test_prompts"]


def test_a_whole_round_after_a_cancelled_one_finds_its_items(project):
    """The cancelled one built none: the next takes those that there are."""
    found = start(project)
    rounds.cancel_round(found=found)
    assert finished(project).number == found.number + 1


def test_a_round_goes_on_only_from_one_with_a_reward_model(project, client):
    client.force_login(User.objects.get(username="demo-engineer"))
    for number in ("1", "one", "٣", "-1", "9" * 5000):
        answer = client.post(reverse("demo:start-round", args=[project.slug]), {"again": number})
        assert answer.status_code == 302
    with pytest.raises(DomainError, match="Round 1 has no reward model"):
        start(project, again=1)
    assert not Round.objects.exists()


def test_the_page_of_a_finished_round_offers_every_method_again(project, client):
    found = finished(project)
    client.force_login(User.objects.get(username="demo-engineer"))
    page = client.get(reverse("demo:show-round", args=[found.pk])).content.decode()
    assert 'name="again" value="1"' in page
    assert all(f'name="method" value="{name}"' in page for name in ("dpo", "ppo", "rloo", "grpo"))
    compared = Evaluation.objects.get()
    assert page.count(reverse("runs:show-evaluation", args=[project.slug, compared.pk])) == 3, (
        "at its two stages, and at the head"
    )
    client.force_login(User.objects.get(username="demo-reviewer"))
    page = client.get(reverse("demo:show-round", args=[found.pk])).content.decode()
    assert 'name="again"' not in page


def test_a_round_by_another_method_is_refused(project):
    with pytest.raises(DomainError, match="dpo, ppo, rloo, grpo"):
        start(project, method="magic")


def test_only_fresh_labelers_judge_the_comparison(project):
    found = finished(project)
    batch = f"round:{found.number}:compare"
    names = set(
        Judgment.objects.filter(item__batch=batch).values_list("labeler__username", flat=True)
    )
    collected = set(
        Judgment.objects.exclude(item__batch=batch).values_list("labeler__username", flat=True)
    )
    assert names or not project.items.filter(batch=batch).exists()
    assert names <= {"sim-nils", "sim-olga", "sim-pia", "sim-quin", "sim-rosa"}
    assert collected
    assert not names & collected


def test_no_prompt_of_the_comparison_was_trained_on(project):
    found = finished(project)
    made = found.result["made"]
    assert len(made["test_prompts"]) == TINY["test_prompts"]
    assert not set(made["test_prompts"]) & set(made["train_prompts"])
    demonstrated = Response.objects.filter(kind="demonstration").values_list("prompt", flat=True)
    assert len(demonstrated) == TINY["demonstrations"]
    assert not set(demonstrated) & {*made["test_prompts"], *made["train_prompts"]}


def test_a_second_start_joins_the_active_round_and_a_later_one_is_the_next(project):
    first = start(project)
    assert start(project) == first
    assert Round.objects.count() == 1
    run_jobs(until=over(first))
    second = finished(project)
    assert second.number == 2
    assert (
        second.result["made"]["sft_dataset"]
        == Round.objects.get(pk=first.pk).result["made"]["sft_dataset"]
    )


def test_a_stage_entered_again_makes_nothing_twice(project):
    found = finished(project)

    def made():
        return [
            sorted(project.runs.values_list("kind", flat=True)),
            project.items.count(),
            project.judgments.count(),
            project.datasets.count(),
            project.generation_runs.count(),
            Response.objects.count(),
        ]

    once = made()
    assert once[0] == ["dpo", "reward", "sft"]
    # As after a worker that was killed before it wrote that any stage was over.
    for row in found.stages:
        row["state"] = "waiting"
    found.save(update_fields=["stages"])
    Job.objects.filter(pk=found.job_id).update(state="queued", finished_at=None)
    run_jobs(until=over(found))
    assert Job.objects.get(pk=found.job_id).state == "done"
    assert made() == once


def test_a_person_may_judge_beside_the_panel(project, monkeypatch):
    monkeypatch.setattr("annotation.demo.stages.SLICE_SECONDS", 0)
    found = start(project)
    run_jobs(until=stage_reached(found, "judge"))
    lead = User.objects.get(username="demo-lead")
    assignment = lend_next_item(project=project, labeler=lead)
    assert assignment.item.batch == "round:1:collect"  # the round's items come first
    choices = dict.fromkeys(range(1, assignment.item.response_count + 1), 1) | {1: 2}
    ratings = {key: dict.fromkeys(choices, 3) for key in ("helpful", "courteous", "correct")}
    submit_judgment(
        assignment_id=assignment.pk,
        labeler=lead,
        verdict=verdict_from_choices(
            choices, response_count=assignment.item.response_count, ratings=ratings
        ),
        key=assignment.key,
        lend_next=False,
    )
    run_jobs(until=over(found))
    found.refresh_from_db()
    assert Job.objects.get(pk=found.job_id).state == "done"
    stage = next(row for row in found.stages if row["key"] == "judge")
    assert "1 of them by people" in stage["detail"]
    assert "demo-lead" in {row["labeler"] for row in found.result["labelers"]}


def test_a_failed_training_ends_the_round_with_its_cause(project):
    found = start(project)
    run_jobs(until=stage_reached(found, "sft"))
    run_jobs(until=lambda: rounds.waiting_for(Round.objects.get(pk=found.pk)) is not None)
    child = rounds.waiting_for(Round.objects.get(pk=found.pk))
    Job.objects.filter(pk=child.pk).update(
        state="failed", error="the disk is full", finished_at=child.created_at, lease_until=None
    )
    run_jobs(until=over(found))
    job = Job.objects.get(pk=found.job_id)
    assert job.state == "failed"
    assert "the disk is full" in job.error
    shown = rounds.stages_of(Round.objects.get(pk=found.pk))
    assert [stage.state for stage in shown[:3]] == ["done", "failed", "waiting"]


def test_cancelling_ends_the_round_and_the_run_it_waits_for(project):
    found = start(project)
    run_jobs(until=lambda: rounds.waiting_for(Round.objects.get(pk=found.pk)) is not None)
    found.refresh_from_db()
    child = rounds.waiting_for(found)
    assert child.is_active
    rounds.cancel_round(found=found)
    assert Job.objects.get(pk=found.job_id).state == "cancelled"
    assert Job.objects.get(pk=child.pk).state == "cancelled"
    assert not Job.objects.active().exists()
    with pytest.raises(Conflict):
        rounds.cancel_round(found=found)


def test_a_worker_that_lost_the_round_writes_nothing(project):
    found = start(project)
    claim = jobs.Claim.take(found.job_id)
    Job.objects.filter(pk=found.job_id).update(token=99)
    with pytest.raises(jobs.Fenced):
        rounds.advance(claim)
    assert not Response.objects.filter(kind="demonstration").exists()
    assert {row["state"] for row in Round.objects.get(pk=found.pk).stages} == {"waiting"}


@pytest.mark.parametrize(
    "options", [{"prompts": 0}, {"prompts": True}, {"replies": 10}, {"unknown": 1}]
)
def test_wrong_options_are_refused_before_anything_starts(project, options):
    with pytest.raises(DomainError):
        rounds.start_round(project=project, options=options)
    assert not Round.objects.exists()
    assert not Job.objects.exists()


def test_another_project_has_no_round(project):
    with pytest.raises(DomainError):
        rounds.start_round(project=make_project("elsewhere"))


class TestPages:
    def test_one_button_starts_the_round_and_leads_to_its_page(self, client, project):
        client.force_login(User.objects.get(username="demo-engineer"))
        overview = client.get(reverse("runs:show-project", args=[project.slug]))
        assert b"Run a whole round" in overview.content
        answer = client.post(f"/projects/{project.slug}/round/")
        found = Round.objects.get()
        assert answer.status_code == 302
        assert answer.url == f"/rounds/{found.pk}/"
        page = client.get(answer.url)
        assert page.status_code == 200
        assert b"every 2s" in page.content
        assert b"Cancel the round" in page.content

    def test_the_fragment_stops_asking_when_the_round_is_over(self, client, project):
        client.force_login(User.objects.get(username="demo-engineer"))
        found = finished(project)
        fragment = client.get(f"/rounds/{found.pk}/", headers={"HX-Request": "true"})
        assert b"<html" not in fragment.content
        assert b"hx-trigger" not in fragment.content
        page = client.get(f"/rounds/{found.pk}/").content.decode()
        assert "By the hidden quality" in page
        assert "To read side by side" in page
        assert "Who agrees with the others" in page

    def test_cancelling_from_the_page(self, client, project):
        client.force_login(User.objects.get(username="demo-lead"))
        found = start(project)
        answer = client.post(f"/rounds/{found.pk}/cancel/")
        assert answer.status_code == 302
        assert Job.objects.get(pk=found.job_id).state == "cancelled"
        assert b"Cancelled" in client.get(answer.url).content

    def test_labelers_and_strangers_see_no_round(self, client, project):
        found = start(project)
        client.force_login(User.objects.get(username="demo-labeler"))
        assert client.get(f"/rounds/{found.pk}/").status_code == 404
        assert client.post(f"/projects/{project.slug}/round/").status_code == 404
        client.force_login(User.objects.get(username="demo-reviewer"))
        assert client.get(f"/rounds/{found.pk}/").status_code == 200
        assert client.post(f"/rounds/{found.pk}/cancel/").status_code == 404
        assert Job.objects.get(pk=found.job_id).is_active
