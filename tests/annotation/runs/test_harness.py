"""Harness tasks of a policy: ordered three ways, run by a process, kept, shown, compared."""

import io
import json
import math
import re
import threading
import time

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_init
from django.urls import reverse

from annotation.core import jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.intervals import wilson_interval
from annotation.core.models import Event, Job
from annotation.runs import services as runs
from annotation.runs.harness import presentation, services
from annotation.runs.harness.catalogue import OURS, catalogue
from annotation.runs.harness.running import read_figures
from annotation.runs.models import HarnessEvaluation, HarnessFigure
from annotation.runs.registry.table import regression_table

pytestmark = pytest.mark.django_db

TASK = "concord_courtesy"


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def order(version, *names, **more):
    return services.order(version=version, names=names or [TASK], **more)


def work(made, times=1):
    for _ in range(times):
        Job.objects.filter(pk=made.job_id).update(not_before=made.created_at)
        jobs.run(made.job_id)
    return HarnessEvaluation.objects.select_related("job").get(pk=made.pk)


def tasks_of(settings, folder, **files):
    folder.mkdir(exist_ok=True)
    for name, written in files.items():
        (folder / f"{name}.yaml").write_text(written)
    settings.LM_EVAL_TASKS = str(folder)


def test_ours_are_there_and_say_their_version():
    there = catalogue()
    assert there.names == ["concord_courtesy", "concord_letters"]
    assert {task.version for task in there.tasks} == {"1.0"}
    assert not there.has_own
    assert not any(task.runs_code for task in there.tasks)
    assert len((OURS / "courtesy.jsonl").read_text().splitlines()) == 24


def test_the_operators_folder_is_read_by_the_line_and_its_code_is_not_run(settings, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.py").write_text("raise SystemExit('run')\n")
    tasks_of(
        settings,
        tmp_path / "own",
        one='task: "mine"\nmetadata:\n  note: x\n  version: 3\nprocess_docs: !function mine.f\n',
        two="group: many # of them\ntask:\n  - task: inner\n  - mine\n",
        template="output_type: multiple_choice\n",
        broken="task: [\n",
    )
    own = {task.name: task for task in catalogue().tasks if not task.is_ours}
    assert sorted(own) == ["many", "mine"]
    assert (own["mine"].version, own["mine"].runs_code, own["many"].is_group) == ("3", True, True)


def test_a_folder_that_is_not_there_is_told_of_and_ours_stay(settings, tmp_path, world, client):
    settings.LM_EVAL_TASKS = str(tmp_path / "none")
    there = catalogue()
    assert "cannot be read: No such file or directory." in there.problem
    assert TASK in there.names
    version = world.make_version()
    client.force_login(world.engineer)
    page = client.get(reverse("runs:order-harness", args=[world.project.slug, version.pk]))
    assert "cannot be read" in text(page)


def test_an_order_becomes_figures_a_log_and_an_entry_in_the_trail(world):
    version = world.make_version()
    made = order(version, TASK, "concord_letters", options={"limit": 5}, actor=world.engineer)
    done = work(made)

    assert done.job.state == "done", done.job.error
    assert done.job.queue == "train"
    assert (done.harness, done.cut_count) == ("0.4.13", 2)
    assert "request 3" in done.log_tail
    figures = list(done.figures.order_by("task"))
    assert [one.task for one in figures] == [TASK, "concord_letters"]
    assert (figures[0].value, figures[0].stderr, figures[0].example_count) == (0.5, 0.1, 5)
    config = json.loads((world.data_dir / "harness" / str(made.pk) / "config.json").read_text())
    assert config["kind"] == "lm_eval"
    assert config["options"]["folders"] == str(OURS)
    assert config["base"]["sha256"] == version.sha256
    assert Event.objects.filter(kind="model_version.on_harness").count() == 1


def test_the_same_order_twice_is_one_while_it_is_under_way(world):
    version = world.make_version()
    first, second = order(version), order(version)
    assert first.pk == second.pk
    assert order(version, options={"limit": 5}).pk != first.pk
    work(first)
    assert order(version).pk != first.pk, "it is over: a new one"


def test_what_cannot_be_ordered_says_why_and_queues_nothing(world, monkeypatch):
    version, reward = world.make_version(), world.make_version("reward", "taste")
    before = Job.objects.count()
    for refused, names, options, said in (
        (reward, [TASK], {}, "is no policy"),
        (version, [], {}, "Choose at least one task"),
        (version, ["mmlu"], {}, "no task “mmlu”. There are: concord_courtesy, concord_letters."),
        (version, [f"t{n}" for n in range(41)], {}, "At most 40 tasks"),
        (version, [TASK], {"limit": 0}, "limit must be at least 1"),
        (version, [TASK], {"folders": "/etc"}, "no option “folders”"),
    ):
        with pytest.raises(DomainError, match=re.escape(said)):
            services.order(version=refused, names=names, options=options)
    with pytest.raises(DomainError, match="The seed"):
        order(version, seed=-1)
    monkeypatch.setattr(runs, "LIBRARIES", ("no_such_library",))
    with pytest.raises(DomainError, match="make train-extra"):
        order(version)
    assert Job.objects.count() == before
    assert not HarnessEvaluation.objects.exists()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("exit 64 the package lm-eval is not installed", "Bad configuration: the package lm-eval"),
        ("exit 65 task 'mine': no file", "Bad data: task 'mine': no file"),
        ("exit 71 out of memory", "The machine: out of memory"),
        ("bad figure", "figures.jsonl, line 1: value must be a finite number."),
    ],
)
def test_a_failure_is_a_sentence_and_leaves_no_figure(world, act, said):
    world.act(act)
    done = work(order(world.make_version()))
    assert done.job.state == "failed"
    assert said in done.job.error
    assert not HarnessFigure.objects.exists()


def test_a_killed_process_is_tried_again_and_given_up_after_three(world):
    world.act("crash once")
    assert work(order(world.make_version()), 2).job.state == "done"
    world.act("crash")
    done = work(order(world.make_version(name="two")), 3)
    assert done.job.state == "failed"
    assert done.job.error.startswith("Crashed 3 times")


@pytest.mark.django_db(transaction=True)
def test_a_cancel_stops_the_process_and_trying_again_begins_anew(world):
    world.act("long")
    made = order(world.make_version(), actor=world.engineer)

    def end():
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                job = Job.objects.get(pk=made.job_id)
                if job.progress_note == "evaluate":
                    services.cancel(evaluation=HarnessEvaluation.objects.get(pk=made.pk))
                    return
                time.sleep(0.1)
        finally:
            connection.close()

    thread = threading.Thread(target=end)
    thread.start()
    done = work(made)
    thread.join()
    assert done.job.state == "cancelled"
    assert not done.figures.exists()
    with pytest.raises(Conflict):
        services.cancel(evaluation=done)
    world.act("well")
    services.retry(evaluation=done, actor=world.engineer)
    assert work(done).job.state == "done"


def test_the_form_orders_and_refuses_with_the_same_page(client, world):
    version, slug = world.make_version(), world.project.slug
    url = reverse("runs:order-harness", args=[slug, version.pk])
    client.force_login(world.engineer)
    assert TASK in text(client.get(url))

    none = client.post(url, {"batch_size": 8, "seed": 11})
    assert none.status_code == 422
    assert "Choose at least one task." in text(none)
    unknown = client.post(url, {"tasks": ["mmlu"], "batch_size": 8, "seed": 11})
    assert unknown.status_code == 422
    assert not HarnessEvaluation.objects.exists()

    good = {"tasks": [TASK], "limit": "5", "few_shot": "", "batch_size": "8", "seed": "11"}
    made = client.post(url, good)
    one = HarnessEvaluation.objects.get()
    assert made.status_code == 302
    assert one.options == {"limit": 5, "chat": False}, "a box that is not ticked is false"
    page = text(client.get(made.url))
    assert "Waiting for the train worker." in page
    assert 'As a conversation<code class="raw">chat</code></dt><dd class="num">no</dd>' in page
    work(one)
    assert "hx-get" not in text(client.get(made.url, headers={"HX-Request": "true"}))

    shown = text(client.get(reverse("runs:show-model-version", args=[slug, version.pk])))
    assert "h-harness" in shown
    assert "0.500" in shown
    listed = text(client.get(reverse("runs:list-model-versions", args=[slug])))
    assert f"{TASK}, acc" in listed
    client.post(reverse("runs:cancel-harness", args=[slug, one.pk]))
    assert "It is over already." in text(client.get(made.url))


def test_trying_again_reads_what_the_operator_has_mended(settings, tmp_path, world):
    tasks_of(settings, tmp_path / "old", mine="task: mine\n")
    world.act("exit 65 task 'mine': no file")
    made = work(order(world.make_version(), "mine"))
    assert made.job.state == "failed"
    tasks_of(settings, tmp_path / "mended", mine="task: mine\n")
    world.act("well")
    services.retry(evaluation=made)
    assert work(made).job.state == "done"
    config = json.loads((world.data_dir / "harness" / str(made.pk) / "config.json").read_text())
    assert config["options"]["folders"] == f"{OURS}:{tmp_path / 'mended'}"


def test_options_of_the_form_have_their_names_to_type_and_its_seed_has_none(client, world):
    client.force_login(world.engineer)
    url = reverse("runs:order-harness", args=[world.project.slug, world.make_version().pk])
    page = text(client.get(url))
    assert '<code class="raw">few_shot</code>' in page
    assert '<code class="raw"></code>' not in page
    over = {"limit": "1000001", "max_length": "131073"}
    refused = text(client.post(url, {"tasks": [TASK], "batch_size": 8, "seed": 11} | over))
    assert "It is 1,000,000 or less." in refused
    assert "It is 131,072 or less." in refused


def test_a_page_shows_so_many_figures_and_the_api_has_all_of_one_order(client, world, monkeypatch):
    version = world.make_version()
    made = order(version, TASK, "concord_letters")
    work(made)
    client.force_login(world.engineer)
    page = reverse("runs:show-harness", args=[world.project.slug, made.pk])
    assert "The API has all of them." not in text(client.get(page))
    monkeypatch.setattr(presentation, "MOST_ROWS", 1)
    assert "The first 1 of 2." in text(client.get(page))
    assert len(presentation.rows_of(version)) == 1
    (listed,) = client.get(reverse("runs-api:harness-orders", args=[version.pk])).json()
    assert "figures" not in listed
    one = client.get(reverse("runs-api:harness", args=[made.pk])).json()
    assert len(one["figures"]) == 2


def test_figures_that_newer_ones_replaced_are_not_read(world):
    version = world.make_version()
    for value in (0.1, 0.2, 0.3):
        figured(version, value, 0.1)
    read = []

    def count(instance, **_more):
        read.append(instance)

    post_init.connect(count, sender=HarnessFigure)
    try:
        (row,) = presentation.rows_of(version)
    finally:
        post_init.disconnect(count, sender=HarnessFigure)
    assert (row.value, len(read)) == ("0.300", 1)


def test_a_perplexity_may_have_any_size_wherever_it_is_shown(client, world):
    version, slug = world.make_version(name="polite"), world.project.slug
    made = order(version, "concord_letters")
    work(made)
    client.force_login(world.engineer)
    for url in (
        reverse("runs:show-harness", args=[slug, made.pk]),
        reverse("runs:show-model-version", args=[slug, version.pk]),
        reverse("runs:list-model-versions", args=[slug]),
    ):
        assert "4,321" in text(client.get(url)), url
    out = io.StringIO()
    call_command("evaluate_harness", slug, "polite", stdout=out)
    assert re.search(r"word_perplexity +4,321", out.getvalue())


def test_a_reward_model_has_no_such_page(client, world):
    version = world.make_version("reward", "taste")
    client.force_login(world.engineer)
    url = reverse("runs:order-harness", args=[world.project.slug, version.pk])
    assert client.get(url).status_code == 404
    shown = client.get(reverse("runs:show-model-version", args=[world.project.slug, version.pk]))
    assert "h-harness" not in text(shown)


def test_the_api_orders_tells_and_calls_off(client, world):
    version = world.make_version()
    client.force_login(world.engineer)
    url = reverse("runs-api:harness-orders", args=[version.pk])
    said = {"tasks": [TASK], "options": {"limit": 5}}
    made = client.post(url, said, content_type="application/json")
    assert made.status_code == 202, made.content
    one = made.json()
    work(HarnessEvaluation.objects.get(pk=one["id"]))
    found = client.get(reverse("runs-api:harness", args=[one["id"]])).json()
    assert (found["state"], found["figures"][0]["value"]) == ("done", 0.5)
    assert [row["id"] for row in client.get(url).json()] == [one["id"]]
    bad = client.post(url, {"tasks": ["mmlu"]}, content_type="application/json")
    assert bad.status_code == 400
    over = client.post(reverse("runs-api:cancel-harness", args=[one["id"]]))
    assert over.status_code == 409


def test_the_command_orders_and_lists(world):
    world.make_version(name="polite")
    out = io.StringIO()
    slug = world.project.slug
    call_command("evaluate_harness", slug, "polite", task=[TASK], limit="5", stdout=out)
    one = HarnessEvaluation.objects.get()
    assert one.options == {"limit": 5}
    work(one)
    call_command("evaluate_harness", slug, "polite", stdout=out)
    assert "There are: concord_courtesy, concord_letters" in out.getvalue()
    assert re.search(r"concord_courtesy +acc +0.500 \(0.304 to 0.696\)", out.getvalue())
    told = io.StringIO()
    call_command("evaluate_harness", slug, "polite", json=True, stdout=told)
    assert json.loads(told.getvalue())["figures"][0]["stderr"] == 0.1


def figured(version, value, stderr, *, options=None, **more):
    made = HarnessEvaluation.objects.create(
        version=version, tasks=["t"], options=options or {}, harness="0.4.13"
    )
    said = {"is_higher_better": True, "task_version": "1", "examples": "ab" * 32}
    said |= {"example_count": 100} | more
    return HarnessFigure.objects.create(
        evaluation=made, task="t", metric="acc", filter="none", value=value, stderr=stderr,
        few_shot=0, **said,
    )  # fmt: skip


def cells_of(*versions):
    (line,) = presentation.lines_of(versions)
    assert line.name == "t, acc"
    assert not regression_table(versions, [line]).is_empty
    return line.cells


def test_the_table_tells_the_difference_by_both_standard_errors(world):
    """0.8 less 0.6, each ± 0.03: 0.2 ± 1.96 · 0.03 · √2 = 0.083."""
    one, two, three = (world.make_version(name=name) for name in ("a", "b", "c"))
    figured(one, 0.6, 0.03)
    figured(two, 0.8, 0.03)
    figured(three, 0.78, 0.03)
    first, second, third = cells_of(one, two, three)
    assert (first.value, first.note, first.trend) == ("0.600", "", "")
    assert (second.note, second.trend) == ("+0.200 (+0.117 to +0.283)", "up")
    assert third.trend == "", "−0.02 is within its interval"


def test_the_interval_of_a_share_stays_a_share(world):
    """17 of 20: the harness's ± 1.96 standard errors would end at 1.011."""
    share, count = 0.85, 20
    error = math.sqrt(share * (1 - share) / (count - 1))
    figured(world.make_version(name="one"), share, error, example_count=count)
    low, high = wilson_interval(17, 20)
    assert presentation.ends(HarnessFigure.objects.get()) == (0.85, low, high)
    HarnessFigure.objects.update(stderr=0.1)
    assert presentation.ends(HarnessFigure.objects.get())[2] > 1, "another mean is left as it is"


def test_lower_may_be_better_and_without_a_direction_there_is_no_arrow(world):
    one, two, three = (world.make_version(name=name) for name in ("a", "b", "c"))
    figured(one, 0.8, 0.01, is_higher_better=False)
    figured(two, 0.6, 0.01, is_higher_better=False)
    figured(three, 0.9, 0.01, is_higher_better=None)
    assert [cell.trend for cell in cells_of(one, two, three)] == ["", "up", ""]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"task_version": "2"}, "version 2 of the task, 1 before: no difference told"),
        ({"examples": "cd" * 32}, "other examples than before: no difference told"),
        ({"options": {"chat": False}}, "asked in another way than before: no difference told"),
        ({"stderr": 0.0}, "+0.300, no interval"),
        ({"stderr": None}, "+0.300, no interval"),
    ],
)
def test_where_two_figures_are_not_alike_no_arrow_is_drawn(world, more, said):
    one, two = world.make_version(name="a"), world.make_version(name="b")
    figured(one, 0.6, 0.01)
    figured(two, 0.9, more.pop("stderr", 0.01), **more)
    cell = cells_of(one, two)[1]
    assert (cell.note, cell.trend) == (said, "")


def test_the_newest_figure_counts_and_parts_of_a_group_stay_out(world):
    version = world.make_version()
    figured(version, 0.1, 0.01)
    figured(version, 0.7, 0.01)
    HarnessFigure.objects.create(
        evaluation=version.harness_evaluations.first(), task="part", metric="acc",
        filter="none", value=0.2, example_count=3, is_part=True,
    )  # fmt: skip
    assert [cell.value for cell in cells_of(version)] == ["0.700"]


LINE = {
    "task": "t", "is_part": False, "n": 3, "few_shot": 0, "version": "", "examples": "",
    "harness": "0.4.13", "metric": "acc", "filter": "none", "value": 0.5, "stderr": None,
    "higher_is_better": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ([LINE, LINE], "line 2: t acc came before"),
        ([LINE | {"stderr": -1}], "stderr must be null"),
        ([LINE | {"n": 0}], "n must count examples"),
        ([LINE | {"task": "t" * 201}], "task must be a text"),
        ([LINE | {"is_part": None}], "is_part must be"),
        ([LINE | {"few_shot": -1}], "few_shot must be"),
        (["no"], "no object"),
        ([], "is empty"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path, spoilt, said):
    path = tmp_path / "figures.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in spoilt))
    with pytest.raises(DomainError, match=said):
        read_figures(path)


def test_a_whole_line_is_read(tmp_path):
    path = tmp_path / "figures.jsonl"
    path.write_text(json.dumps(LINE) + "\n")
    assert read_figures(path) == [LINE]


def test_the_database_holds_one_figure_of_a_name_and_no_negative_error(world):
    one = figured(world.make_version(), 0.5, 0.1)
    for more in ({}, {"metric": "other", "stderr": -0.1}, {"metric": "m", "example_count": 0}):
        row = {"task": "t", "metric": "acc", "filter": "none", "value": 1.0, "example_count": 1}
        with pytest.raises(IntegrityError), transaction.atomic():
            HarnessFigure.objects.create(evaluation=one.evaluation, **(row | more))
