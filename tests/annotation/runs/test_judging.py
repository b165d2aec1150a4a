"""A reward model among the judges: its rewards as opinions, held against people, on what it has
not learned from; and what judges say of an evaluation."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from annotation.core import jobs
from annotation.core.errors import DomainError, NotFound
from annotation.core.models import Job
from annotation.labeling.models import Judgment
from annotation.labeling.responses.deciding import decide
from annotation.quality.judges.documents import findings_document, run_document
from annotation.quality.judges.findings import findings_of
from annotation.quality.judges.models import Judge, JudgeRun, Opinion
from annotation.runs.evaluation import judged
from annotation.runs.judging import services
from tests.annotation.runs.test_evaluation import Field
from tests.factories import make_item, make_judgment, make_member, make_opinion

pytestmark = pytest.mark.django_db


@pytest.fixture
def judge(world):
    """The stand-in rewards length."""
    world.make_version("reward", "taste")
    return services.add_judge(project=world.project, version="taste", name="rewards", tie_below=0)


def work(run):
    for _ in range(8):
        active = Job.objects.active().filter(kind__in=("reward-judge", "score"))
        for job in active.order_by("-pk"):
            Job.objects.filter(pk=job.pk).update(not_before=job.created_at)
            jobs.run(job.pk)
    return JudgeRun.objects.select_related("job", "judge", "project").get(pk=run.pk)


def judged_by(judge, *, most=100, **how):
    sample = services.sample_for(judge, most=most, **how)
    return work(services.start_run(judge=judge, sample=sample))


def people_say(world, ranks, texts=("short", "a much longer answer")):
    item = make_item(world.project, texts)
    make_judgment(item, make_member(world.project), ranks)
    return item


def test_more_reward_is_preferred_and_held_against_people(world, judge):
    for _ in range(3):
        people_say(world, (2, 1))
    against = people_say(world, (1, 2))
    before = list(Judgment.objects.values())

    run = judged_by(judge)

    assert run.job.state == "done", run.job.error
    assert (run.question_count, run.opinions.count()) == (4, 4), "in one order: it has no other"
    assert {one.preferred for one in run.opinions.all()} == {"second"}
    assert all(one.margin < 0 for one in run.opinions.all())
    found = findings_of(run)
    assert found.raw.value == 0.75
    assert [one.item for one in found.differing] == [against.pk]
    assert not found.unsure
    assert list(Judgment.objects.values()) == before
    document = run_document(run) | {"findings": findings_document(found)}
    assert json.dumps(document, allow_nan=False)
    assert (document["kind"], document["items_left_out"]) == ("reward_model", 0)


def test_nearer_than_its_threshold_is_a_tie_and_unsure(world, judge):
    people_say(world, (2, 1))
    loose = services.add_judge(
        project=world.project, version="taste", name="loose", tie_below=1000
    )
    run = judged_by(loose)
    assert run.opinions.get().preferred == "tie"
    assert run.opinions.get().margin < 0
    assert len(findings_of(run).unsure) == 1
    assert not findings_of(judged_by(judge)).unsure


def say_of(world, item, key, choice):
    """A decision on the response of this key."""
    response = item.prompt.responses.get(text={"a": "1", "b": "22", "c": "333"}[key])
    return decide(
        project=world.project, responses=[response.pk], choice=choice, actor=world.engineer
    )[1]


def test_a_withheld_response_leaves_an_item_that_a_reward_model_judged_and_may_come_back(
    world, judge
):
    item = make_item(world.project, ("1", "22", "333"))
    run = judged_by(judge, only_judged=False)
    said = set(run.opinions.placed().values_list("first", "second", "preferred"))
    assert said == {(1, 2, "second"), (1, 3, "second"), (2, 3, "second")}

    assert say_of(world, item, "b", "withheld").removed == 1

    assert [one.pair for one in run.opinions.placed()] == [(1, 2)]
    assert [one.pair for one in findings_of(run).compared] == [(1, 2)]
    assert run.opinions.left().count() == 2
    assert say_of(world, item, "b", "left").restored == 1
    assert set(run.opinions.placed().values_list("first", "second", "preferred")) == said


def test_a_response_that_is_put_back_during_a_run_has_no_reward_and_is_not_judged(world, judge):
    item = make_item(world.project, ("1", "22", "333"))
    say_of(world, item, "a", "withheld")
    sample = services.sample_for(judge, most=9, only_judged=False)
    run = services.start_run(judge=judge, sample=sample)
    jobs.run(run.job_id)
    assert Job.objects.active().filter(kind="score").exists(), "it waits for two rewards"
    say_of(world, item, "a", "left")

    run = work(run)

    assert run.job.state == "done", run.job.error
    assert [(one.pair, one.fault) for one in run.opinions.placed()] == [((2, 3), "")]


def learned(world, item):
    """The version's dataset holds the item's prompt."""
    line = {"prompt": item.prompt.messages, "chosen": [], "rejected": []}
    (world.dataset.folder / "preferences.train.jsonl").write_text(json.dumps(line) + "\n")


def test_what_it_has_learned_from_is_left_out_and_counted(world, judge):
    fresh, seen = people_say(world, (2, 1)), people_say(world, (1, 2))
    learned(world, seen)

    run = judged_by(judge)

    assert (run.item_ids, run.terms["left_out"]) == ([fresh.pk], 1)
    assert findings_of(run).raw.value == 1.0


def test_asked_all_the_same_it_is_counted_in_a_line_of_its_own(world, judge):
    fresh, seen = people_say(world, (2, 1)), people_say(world, (1, 2))
    learned(world, seen)

    run = judged_by(judge, with_learned=True)

    assert set(run.item_ids) == {fresh.pk, seen.pk}
    found = findings_of(run)
    assert (found.raw.value, found.raw.n_items) == (1.0, 1)
    assert (found.learned.value, found.learned.n_items) == (0.0, 1)
    assert not found.differing, "that it stands against people there says nothing"


def test_where_nothing_is_left_it_says_so_in_numbers(world, judge):
    learned(world, people_say(world, (2, 1)))
    with pytest.raises(DomainError, match="of 1, the model has learned from 1"):
        services.sample_for(judge, most=10)


def test_a_failed_scoring_is_told_and_the_run_can_be_resumed(world, judge):
    from annotation.quality.judges.services import resume_run

    people_say(world, (2, 1))
    world.act("fail")
    run = judged_by(judge)
    assert run.job.state == "failed"
    assert "score" in run.job.error
    world.act("well")
    resume_run(run=run)
    assert work(run).opinions.answered().count() == 1


def test_a_judge_is_an_endpoint_or_a_reward_model_and_no_policy(world, judge):
    world.make_version("sft", "writer")
    with pytest.raises(DomainError, match="no such reward model"):
        services.add_judge(project=world.project, version="writer", name="x")
    for wrong in ({"reward_model": ""}, {"tie_below": None}, {"is_read_by_labelers": True}):
        with pytest.raises(IntegrityError, match="judge_"), transaction.atomic():
            Judge.objects.filter(pk=judge.pk).update(**wrong)


def test_an_engineer_adds_one_has_it_judge_and_reads_what_it_found(client, world):
    client.force_login(world.engineer)
    slug = world.project.slug
    add = reverse("runs:new-reward-judge", args=[slug])
    assert "No reward model yet" in client.get(add).content.decode()
    version = world.make_version("reward", "taste")
    given = {"name": "rewards", "version": version.pk, "tie_below": "0.1"}
    shown = client.post(add, given).headers["Location"]
    judge = Judge.objects.get()
    start = reverse("runs:start-reward-judge-run", args=[slug, judge.pk])
    assert start in client.get(shown).content.decode()
    assert client.post(start, {"most": 5}).status_code == 422, "nobody has judged anything"
    people_say(world, (2, 1))
    page = client.post(start, {"most": 5}).headers["Location"]
    work(JudgeRun.objects.get())
    said = client.get(page).content.decode()
    assert "reads each response alone" in said
    assert "Left out: it has learned from them" in said
    assert client.post(start, {"most": 0}).status_code == 422


@pytest.fixture
def field(world):
    return Field(world)


def opinions(evaluation, judge, *, for_new, is_steady=True, most=None):
    """What a judge behind an endpoint would have said."""
    run = JudgeRun.objects.create(
        project=evaluation.project, judge=judge, item_ids=[1], question_count=2, terms={}
    )
    for pair in evaluation.pairs.order_by("pk")[:most]:
        rows = pair.item.item_responses.values_list("response_id", "position")
        place = dict(rows)
        new, old = place[pair.new_id], place[pair.old_id]
        better = new if for_new else old
        for first, second in ((new, old), (old, new)):
            is_first = better == first or (not is_steady and first == new)
            chosen = "first" if is_first else "second"
            make_opinion(run, pair.item, first, second, preferred=chosen)


def endpoint_judge(project, name):
    from annotation.candidates.models import Endpoint

    endpoint = Endpoint.objects.create(
        project=project, name=name, base_url="https://judge.example/v1", model="j"
    )
    return Judge.objects.create(project=project, endpoint=endpoint, name=name)


def test_judges_stand_beside_people_on_the_same_pairs(client, field, world):
    evaluation = field.prepare()
    labeler = make_member(world.project)
    field.judge(evaluation, labeler, prefers=field.likes_new, limit=4)
    for name, how in (
        ("kind", {"for_new": True}),
        ("strict", {"for_new": False, "is_steady": True}),
        ("torn", {"for_new": False, "is_steady": False}),
    ):
        opinions(evaluation, endpoint_judge(world.project, name), **how)

    kind, strict, torn = judged.told_by_judges(evaluation)

    assert [one.pairs for one in (kind, strict, torn)] == [4, 4, 4], "people judged four"
    assert kind.figures["win_rate"]["value"] == kind.people["value"] == 1.0
    assert (kind.alike, strict.alike) == (4, 0)
    assert strict.figures["win_rate"]["value"] == 0.0
    assert torn.figures["win_rate"]["value"] == 0.5, "a contradiction is a tie"
    client.force_login(world.engineer)
    page = client.get(reverse("runs:show-evaluation", args=[world.project.slug, evaluation.pk]))
    said = page.content.decode()
    assert said.index("Win rate of the new one") < said.index("What models say of the same pairs")
    api = client.get(reverse("runs-api:evaluation", args=[evaluation.pk])).json()
    assert [one["judge"] for one in api["judges"]] == ["kind", "strict", "torn"]


def test_a_half_asked_pair_and_one_that_people_have_not_judged_do_not_count(field, world):
    evaluation = field.prepare()
    judge = endpoint_judge(world.project, "kind")
    opinions(evaluation, judge, for_new=True)
    assert judged.told_by_judges(evaluation) == []
    field.judge(evaluation, make_member(world.project), prefers=field.likes_new)
    Opinion.objects.order_by("pk").first().delete()
    assert judged.told_by_judges(evaluation)[0].pairs == 5


def test_a_reward_model_looks_at_the_pairs_of_an_evaluation(client, field, world, judge):
    evaluation = field.prepare()
    field.judge(evaluation, make_member(world.project), prefers=field.likes_new)
    client.force_login(world.engineer)
    page = reverse("runs:ask-judge-of-evaluation", args=[world.project.slug, evaluation.pk])
    assert "rewards" in client.get(page).content.decode()
    assert client.post(page, {"judge": "x"}).status_code == 422

    assert client.post(page, {"judge": judge.pk}).status_code == 302

    work(JudgeRun.objects.get())
    [told] = judged.told_by_judges(evaluation)
    assert (told.pairs, told.figures["win_rate"]["value"]) == (6, 0.0), "the old ones are longer"


def test_api_and_command_say_the_same(client, world):
    client.force_login(world.engineer)
    slug = world.project.slug
    world.make_version("reward", "taste")
    people_say(world, (2, 1))
    add = reverse("runs-api:reward-judges", args=[slug])
    given = {"name": "rewards", "version": "none"}
    assert client.post(add, given, content_type="application/json").status_code == 400
    given["version"] = "taste"
    judge = client.post(add, given, content_type="application/json").json()
    assert (judge["kind"], judge["model"], judge["tie_below"]) == ("reward_model", "taste", 0.2)
    order = reverse("runs-api:reward-judge-runs", args=[slug, judge["id"]])
    ordered = client.post(order, {}, content_type="application/json")
    assert (ordered.status_code, ordered.json()["questions"]) == (201, 1)

    out = StringIO()
    call_command("reward_judge", slug, "rewards", stdout=out, stderr=StringIO())
    assert "judge run" in out.getvalue()
    with pytest.raises(NotFound, match="--model"):
        call_command("reward_judge", slug, "other")
    call_command(
        "reward_judge", slug, "other", model="taste", stdout=StringIO(), stderr=StringIO()
    )
    assert JudgeRun.objects.count() == 3
    for run in JudgeRun.objects.all():
        assert work(run).opinions.get().margin < 0
