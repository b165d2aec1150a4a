"""The training pages: who sees them, what they say in each state, forms that refuse."""

import html
import re

import pytest
from django.urls import reverse

from annotation.core import jobs
from annotation.core.options import BadOption
from annotation.oversight.figures.progress import progress_of
from annotation.projects.models import Membership
from annotation.runs import presets, services
from annotation.runs.attempts import store_events
from annotation.runs.models import TrainingRun
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(client, world):
    client.force_login(world.engineer)
    return client


def url(name, world, *args):
    return reverse(f"runs:{name}", args=[world.project.slug, *args])


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_an_empty_project_says_what_comes_first(site, world):
    world.dataset.delete()
    said = text(site.get(url("list-runs", world)))
    assert "there is none" in said
    assert "Start a training" not in said
    assert "No dataset yet" in text(site.get(url("start-run", world)))


def test_the_list_shows_runs_and_versions_with_the_baseline_beside(site, world):
    world.train("reward", name="Judge")
    said = text(site.get(url("list-runs", world)))
    assert "0.750" in said
    assert "0.500 to 0.900" in said
    assert said.index("Accuracy") < said.index("Length alone")
    assert "manifest" in said


def test_a_posted_form_starts_a_run_and_a_second_click_the_same(site, world):
    order = {
        "kind": "reward",
        "dataset": world.dataset.pk,
        "seed": "7",
        "option_epochs": "2",
        "option_max_steps": "",
        "option_soft_labels": "false",
    }
    first = site.post(url("start-run", world), order)
    second = site.post(url("start-run", world), order)

    run = TrainingRun.objects.get()
    assert first.status_code == second.status_code == 302
    assert first.url == second.url == url("show-run", world, run.pk)
    assert (run.seed, run.options) == (7, {"epochs": 2.0, "soft_labels": False})
    assert run.created_by == world.engineer


def test_the_form_unchanged_gives_the_trainers_defaults(site, world):
    page = site.get(url("start-run", world) + "?kind=sft")
    form = page.context["form"]
    values = {"kind": "sft", "dataset": world.dataset.pk}
    values |= {f.html_name: f.value() for f in form if f.value() is not None}
    site.post(url("start-run", world), values | {"dataset": world.dataset.pk})
    assert TrainingRun.objects.get().options == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"option_epochs": "many"}, "epochs takes a number"),
        ({"option_batch_size": "0"}, "must be at least 1"),
        ({"seed": "x"}, "whole number"),
        ({"seed": "-1"}, "It is 0 or more."),
        ({"seed": ""}, "Nothing is said here: fill it in."),
        ({"dataset": "999999"}, "That is not to choose here, or not any more"),
        ({"dataset": ""}, "Nothing is chosen here: choose one of these."),
        ({"name": "x" * 99}, "At most 80 characters fit, these are 99."),
        ({"name": "a\x00b"}, "It has a NUL character"),
    ],
)
def test_a_form_with_a_mistake_comes_back_with_it(site, world, change, reason):
    order = {"kind": "reward", "dataset": world.dataset.pk, "seed": "7"} | change
    response = site.post(url("start-run", world), order)
    assert response.status_code == 422
    assert reason in text(response)
    assert not TrainingRun.objects.exists()


def test_a_rule_of_training_is_told_in_the_form(site, world):
    empty = world.make_dataset("ef", comparisons=0)
    order = {"kind": "reward", "dataset": empty.pk, "seed": "7"}
    response = site.post(url("start-run", world), order)
    assert response.status_code == 422
    assert "has no comparisons" in text(response)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("one", "There is a model version “one” already."),
        ("Jud\u200bge", "Name: character 4 is one that nobody sees (ZWSP)."),
        ("judges/", "Name: it begins or ends with a slash."),
        ("Judge", ""),
    ],
)
def test_an_estimate_refuses_what_the_start_would_refuse(site, world, name, reason):
    world.make_version("reward", name="one")
    order = {"kind": "reward", "dataset": world.dataset.pk, "seed": "7", "name": name}
    before = TrainingRun.objects.count()
    estimated = html.unescape(text(site.post(url("start-run", world), order | {"estimate": "1"})))
    assert TrainingRun.objects.count() == before
    started = site.post(url("start-run", world), order)
    if not reason:
        assert started.status_code == 302
        assert "Name:" not in estimated
        return
    assert started.status_code == 422
    assert reason in estimated
    assert reason in html.unescape(text(started))
    assert TrainingRun.objects.count() == before


def test_dpo_without_a_policy_points_to_the_first_step(site, world):
    assert "No policy to tune yet" in text(site.get(url("start-run", world) + "?kind=dpo"))
    policy = world.train("sft").model_version
    page = text(site.get(f"{url('start-run', world)}?kind=dpo&base={policy.pk}"))
    assert f'<option value="{policy.pk}" selected>' in page


def test_ppo_without_a_reward_model_points_to_the_first_step(site, world):
    policy = world.train("sft").model_version
    assert "No reward model yet" in text(site.get(url("start-run", world) + "?kind=rl"))
    reward = world.train("reward").model_version
    page = text(site.get(url("start-run", world) + "?kind=rl"))
    assert f'<option value="{reward.pk}">' in page
    assert "to please" in page

    order = {"kind": "rl", "dataset": world.dataset.pk, "seed": "7"}
    refused = site.post(url("start-run", world), order | {"base": policy.pk})
    assert refused.status_code == 422
    answer = site.post(url("start-run", world), order | {"base": policy.pk, "reward": reward.pk})
    assert answer.status_code == 302
    assert f">{reward.name}</a>" in text(site.get(answer["Location"]))


def test_what_a_policy_wrote_while_it_learned_is_shown_newest_first(site, world):
    run = world.train()
    line = {"type": "sample", "t": 1.0, "prompt": "Where is it?", "reward": 0.5}
    told = [(9001, {**line, "step": 0, "text": "No."}), (9002, {**line, "step": 3, "text": "<i>"})]
    store_events(run, run.job.token, told)
    store_events(run, run.job.token + 1, [(1, {**line, "step": 3, "text": "Sorry, <b>today</b>"})])
    said = text(show(site, world, run))
    assert "What it writes" in said
    assert "Sorry, &lt;b&gt;today" in said
    assert "&lt;i&gt;" not in said, "what a later attempt wrote at that step counts"
    assert said.index("Sorry") < said.index(">No.<")


def test_a_reward_model_may_be_the_base_of_a_reward_model_only(site, world):
    reward = world.train("reward").model_version
    offered = f'<option value="{reward.pk}">'
    assert offered in text(site.get(url("start-run", world) + "?kind=reward"))
    assert offered not in text(site.get(url("start-run", world) + "?kind=sft"))


def test_an_unknown_kind_is_not_found(site, world):
    assert site.get(url("start-run", world) + "?kind=magic").status_code == 404


def test_without_torch_the_pages_say_how_to_install_it(site, world, monkeypatch):
    monkeypatch.setattr(services, "LIBRARIES", ("torch_that_is_not_here",))
    for name in ("list-runs", "start-run"):
        assert "make train-extra" in text(site.get(url(name, world)))
    order = {"kind": "reward", "dataset": world.dataset.pk, "seed": "7"}
    response = site.post(url("start-run", world), order)
    assert response.status_code == 422
    assert "make train-extra" in text(response)


def show(site, world, run, **headers):
    return site.get(url("show-run", world, run.pk), headers=headers)


def test_a_waiting_run_polls_and_can_be_cancelled(site, world):
    run = world.start()
    said = text(show(site, world, run))
    assert "Waiting for the train worker" in said
    assert 'hx-trigger="every 1500ms"' in said

    site.post(url("cancel-run", world, run.pk))

    said = text(show(site, world, run))
    assert "Cancelled" in said
    assert "hx-trigger" not in said
    assert ">Resume<" in said
    assert site.post(url("cancel-run", world, run.pk)).status_code == 302, "too late"


def test_a_running_run_shows_its_stage_and_curves(site, world):
    run = world.start()
    jobs.Claim.take(run.job_id)
    from annotation.runs.attempts import store_events

    lines = [{"type": "progress", "stage": s} for s in ("check data", "load models")]
    lines += [{"type": "progress", "stage": "train", "step": 2, "total": 8}]
    lines += [
        {"type": "metric", "step": n, "loss": 2 - n / 4, "eval_accuracy": 0.5} for n in (1, 2)
    ]
    lines += [{"type": "warning", "message": "The <b>end</b> token is odd."}]
    store_events(run, 1, list(enumerate(lines, 1)))

    said = text(show(site, world, run, hx_request="true"))

    assert said.lstrip().startswith('<div id="run"'), "the fragment alone"
    assert "step 2 of 8" in said
    assert 'class="now" aria-current="step"' in said
    assert "Loss, training: falls from 1.75 to 1.5 at step 2" in said
    assert "The &lt;b&gt;end&lt;/b&gt; token is odd." in said


def test_a_later_attempt_replaces_the_steps_it_repeats(site, world):
    run = world.start()
    from annotation.runs.attempts import store_events

    store_events(run, 1, [(n, {"type": "metric", "step": n, "loss": 9.0}) for n in (1, 2, 3)])
    store_events(run, 2, [(n, {"type": "metric", "step": n + 1, "loss": 1.0}) for n in (1, 2)])
    from annotation.runs.curves import curves

    rows = curves(run.events.all())[0].chart.rows
    assert rows == [["1", "9"], ["2", "1"], ["3", "1"]]


def test_a_finished_run_leads_to_its_version_and_its_card(site, world):
    run = world.train("reward", name="Judge")
    said = text(show(site, world, run))
    assert "Registered as Judge" in said
    assert "hx-trigger" not in said
    assert "0.500 to 0.900" in said

    said = text(site.get(url("show-model-version", world, run.model_version.pk)))
    assert run.model_version.sha256 in said
    assert ">A card</h" in said
    assert "<script>alert" not in said


def test_a_failed_run_says_why(site, world):
    world.act("exit 65 a <leak>")
    said = text(show(site, world, world.train()))
    assert "Bad data: a &lt;leak&gt;" in said
    assert '<li class="failed"><strong>Check data</strong>' in said


def test_a_log_without_a_line_is_awaited_only_while_the_run_lasts(site, world):
    run = world.start()
    assert "Nothing yet." in text(show(site, world, run))
    services.cancel_run(run=run)
    said = text(show(site, world, run))
    assert "Nothing yet." not in said
    assert "before the trainer wrote a line" in said


def test_an_empty_log_of_a_run_that_worked_is_no_accident(site, world):
    run = world.train("reward", name="Judge")
    TrainingRun.objects.filter(pk=run.pk).update(log_tail="")
    said = text(show(site, world, run))
    assert "Registered as Judge." in said
    assert "before the trainer wrote a line" not in said
    assert "only what it has to warn of" in said


def test_resuming_queues_it_again(site, world):
    run = services.cancel_run(run=world.start())
    site.post(url("resume-run", world, run.pk))
    run.job.refresh_from_db()
    assert run.job.state == "queued"


PAGES = ["list-runs", "start-run", "show-run", "show-model-version"]
POSTS = ["cancel-run", "resume-run"]


@pytest.mark.parametrize("role", [*Membership.Role.values, "stranger", "another project"])
@pytest.mark.parametrize("name", [*PAGES, *POSTS])
def test_who_may_is_one_table_and_absent_looks_like_forbidden(client, world, role, name):
    run = world.train()
    if role == "stranger":
        user = make_member(make_project())
    elif role == "another project":
        user = make_member(make_project(), Membership.Role.LEAD)
    else:
        user = make_member(world.project, role)
    client.force_login(user)
    args = [] if name in ("list-runs", "start-run") else [run.pk]
    if name == "show-model-version":
        args = [run.model_version.pk]
    address = url(name, world, *args)

    response = client.post(address) if name in POSTS else client.get(address)

    trains = role in ("lead", "engineer", "admin")
    sees = trains or role == "reviewer"
    allowed = trains if name in ("start-run", *POSTS) else sees
    assert (response.status_code != 404) is allowed


def test_a_run_is_not_found_under_another_projects_name(site, world):
    run = world.start()
    other = make_project()
    make_member(other, Membership.Role.LEAD)
    other.memberships.create(user=world.engineer, role="engineer", handle="me")
    foreign = reverse("runs:show-run", args=[other.slug, run.pk])
    assert site.get(foreign).status_code == 404
    assert site.post(reverse("runs:cancel-run", args=[other.slug, run.pk])).status_code == 404


def test_evaluations_of_training_rows_have_a_line_of_their_own(site, world):
    run = world.start()
    from annotation.runs.attempts import store_events
    from annotation.runs.curves import curves

    lines = [(1, {"type": "metric", "step": 0, "train_eval_loss": 0.693147})]
    lines += [(2, {"type": "metric", "step": 10, "train_eval_loss": 0.5, "loss": 0.6})]
    store_events(run, 1, lines)

    (loss,) = curves(run.events.all())

    assert loss.chart.rows == [["0", "", "0.6931"], ["10", "0.6", "0.5"]]


def test_the_overview_counts_what_holds_and_not_what_was_changed_or_taken_back(site, world):
    labelers = [make_member(world.project) for _ in range(2)]
    item = make_item(world.project)
    before = progress_of(world.project)["judgment_count"]
    for labeler in labelers:
        make_judgment(item, labeler, [1, 2])
    assert progress_of(world.project)["judgment_count"] == before + 2
    make_judgment(item, labelers[0], [2, 1], revision=2)
    make_judgment(item, labelers[1], [1, 2], revision=2, is_retraction=True)
    assert progress_of(world.project)["judgment_count"] == before + 1
    assert progress_of(world.project)["labeler_count"] >= 1


def test_kto_asks_for_its_labels_first_and_for_a_policy(site, world):
    assert "No policy to tune yet" in text(site.get(url("start-run", world) + "?kind=kto"))
    world.train("sft")
    form = site.get(url("start-run", world) + "?kind=kto").context["form"]
    assert "option_labels" in [field.name for field in form.first_options]
    assert "option_criterion" in [field.name for field in form.other_options]


def test_a_preset_fills_the_options_and_keeps_what_was_entered(site, world):
    form = {"kind": "reward", "dataset": world.dataset.pk, "name": "mine", "preset": "smoke"}
    filled = site.post(url("start-run", world), form | {"fill": "1"})
    assert filled.status_code == 200
    assert filled.context["form"]["name"].value() == "mine"
    steps = presets.BY_KEY["smoke"].options("reward")["max_steps"]
    assert filled.context["form"]["option_max_steps"].value() == str(steps)


def test_the_encoder_is_not_ordered_on_several_devices(world):
    with pytest.raises(BadOption, match="one device"):
        world.start("reward", options={"devices": "2"})
