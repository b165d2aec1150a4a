"""A judge is asked twice of every two responses, kept apart, resumed, and held against people."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import F

from annotation.candidates.endpoints import services as endpoints
from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.core.models import Event
from annotation.labeling.models import Item, Judgment
from annotation.quality.judges import services
from annotation.quality.judges.findings import findings_of
from annotation.quality.judges.items import estimate
from annotation.quality.judges.models import Judge, JudgeRun, Opinion
from tests.annotation.candidates.fake_openai import refusing, speaking
from tests.annotation.quality.judges.world import always_a, asked, longer, make_judge, saying
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
SHORT_LONG = ("No.", "Yes, and this is why.")


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def project(server, settings):
    settings.EGRESS_ORIGINS = Origins([server.origin])
    server.answer, server.answers, server.asked = saying(longer), [], []
    return make_project("shop")


@pytest.fixture
def people(project):
    return [make_member(project) for _ in range(3)]


def judged(project, people, ranks, texts=SHORT_LONG, **fields):
    item = make_item(project, texts, **fields)
    for labeler in people:
        make_judgment(item, labeler, ranks)
    return item


def test_every_two_responses_are_shown_in_both_orders_and_nobodys_judgment_is_touched(
    project, people, server
):
    item = judged(project, people, (3, 2, 1), ("1.", "22.", "333."))
    before = list(Judgment.objects.values())
    run = asked(make_judge(project, server))

    assert (run.job.state, run.question_count) == ("done", 6)
    shown = {(d["A"], d["B"]) for d in map(_document, server.asked)}
    assert len(shown) == len(server.asked) == 6
    assert shown == {(b, a) for a, b in shown}
    assert set(run.opinions.placed().values_list("item", "first", "second")) == {
        (item.pk, a, b) for a in (1, 2, 3) for b in (1, 2, 3) if a != b
    }
    assert all(o.sign == 1 for o in run.opinions.placed())  # the later one is longer
    assert list(Judgment.objects.values()) == before
    assert server.asked[0]["temperature"] == 0
    assert server.asked[0]["response_format"] == {"type": "json_object"}


def _document(request):
    return json.loads(request["messages"][1]["content"])


def test_a_steady_judge_agrees_with_those_who_think_as_it_does(project, people, server):
    for _ in range(3):
        judged(project, people, (2, 1))
    against = judged(project, people, (1, 2))
    found = findings_of(asked(make_judge(project, server)))

    assert found.consistency.value == 1
    assert found.raw.value == found.steady.value == found.person.value == 0.75
    assert found.people.value == 1
    assert found.kappa.value == 0  # it always says the same: no better than chance
    assert found.place.value == 0.5
    assert found.raw.n_items == 4
    low, high = found.raw.ci
    assert low < 0.75 < high
    assert [one.item for one in found.differing] == [against.pk]
    assert found.unsure == []


def test_a_judge_that_takes_the_first_place_contradicts_itself_everywhere(project, people, server):
    server.answer = saying(always_a)
    items = [judged(project, people, (2, 1)) for _ in range(3)]
    found = findings_of(asked(make_judge(project, server)))
    assert (found.consistency.value, found.place.value) == (0, 1)
    assert found.raw.value == 0  # a contradiction is a tie, and nobody says tie
    assert found.steady.value is None
    assert [one.item for one in found.unsure] == [item.pk for item in items]
    assert found.differing == []


def test_people_who_split_evenly_have_a_tie_and_those_who_took_back_do_not_count(
    project, people, server
):
    split = make_item(project, SHORT_LONG)
    make_judgment(split, people[0], (1, 2))
    make_judgment(split, people[1], (2, 1))
    make_judgment(split, people[1], (1, 2), revision=2)
    make_judgment(split, people[2], (2, 1))
    make_judgment(split, make_member(project), (2, 1))
    found = findings_of(asked(make_judge(project, server)))
    (one,) = found.compared
    assert (one.votes, one.people, one.verdict) == ([2, 0, 2], 1, 2)
    assert found.person.value == 0.5


def test_a_useless_answer_is_an_error_row_and_is_asked_again_only_on_demand(
    project, people, server
):
    judged(project, people, (2, 1))
    server.answers = [saying(lambda d: "B is better."), saying(longer)]
    judge = make_judge(project, server)
    run = asked(judge)
    assert (run.job.state, run.job.result["failed"]) == ("done", 1)
    wrong = run.opinions.failed().get()
    assert (wrong.fault, wrong.preferred, wrong.prompt_tokens) == ("no_json", "", 11)
    assert findings_of(run).consistency.value is None

    services.resume_run(run=run)
    jobs.run(run.job_id)
    assert (len(server.asked), services.answered_count(run)) == (3, 2)
    assert findings_of(run).consistency.value == 1
    assert run.opinions.failed().count() == 1  # what it cost stays known
    run.refresh_from_db()
    with pytest.raises(Conflict, match="Every question"):
        services.resume_run(run=run)


def test_a_run_goes_on_where_it_was_cut_off_and_asks_nothing_twice(project, people, server):
    for _ in range(3):
        judged(project, people, (2, 1))
    run = asked(make_judge(project, server))
    kept = run.opinions.order_by("pk")[:2]
    Opinion.objects.exclude(pk__in=[o.pk for o in kept]).delete()
    run.job.state, run.job.error = "failed", "The worker died."
    run.job.save()
    server.asked.clear()

    services.resume_run(run=run)
    jobs.run(run.job_id)
    assert (len(server.asked), services.answered_count(run)) == (4, 6)


def test_a_wrong_key_ends_the_run_with_its_sentence(project, people, server):
    judged(project, people, (2, 1))
    server.answer = refusing("401 Unauthorized", b"{}")
    run = asked(make_judge(project, server))
    assert run.job.state == "failed"
    assert "does not accept the key" in run.job.error
    assert not run.opinions.answered().exists()


def test_a_run_without_one_usable_answer_failed(project, people, server):
    judged(project, people, (2, 1))
    server.answer = saying(lambda d: {"preferred": "neither"})
    run = asked(make_judge(project, server))
    assert (run.job.state, run.opinions.failed().count()) == ("failed", 2)
    assert "Not one question" in run.job.error


def test_a_cancelled_run_asks_nothing_more(project, people, server):
    judged(project, people, (2, 1))
    judge = make_judge(project, server)
    run = services.start_run(judge=judge, item_ids=services.items_for(judge, most=5))
    services.cancel_run(run=run)
    jobs.run(run.job_id)
    assert server.asked == []
    with pytest.raises(Conflict, match="over"):
        services.cancel_run(run=run)


def test_ratings_are_compared_by_criterion(project, people, server):
    from annotation.projects.services import current_rubric

    criterion = current_rubric(project).criteria_list[0]
    for rating in (1, 3, 5):
        item = make_item(project, SHORT_LONG)
        for labeler in people:
            make_judgment(item, labeler, (2, 1), ratings={criterion.key: [rating, rating]})
    server.answer = saying(lambda d: longer(d) | {"ratings": {criterion.key: {"A": 5, "B": 5}}})
    (figures,) = findings_of(asked(make_judge(project, server))).criteria
    assert figures.key == criterion.key
    assert figures.difference.value == pytest.approx(2)  # 4, 2 and 0 too many
    assert figures.difference.n_items == 3
    assert figures.kappa.value == 0


def test_the_sample_is_of_judged_open_items_in_plain_text_and_the_same_again(
    project, people, server
):
    judge = make_judge(project, server)
    with pytest.raises(DomainError, match="judged yet"):
        services.items_for(judge, most=5)
    wanted = [judged(project, people, (2, 1)).pk for _ in range(6)]
    make_item(project, SHORT_LONG)  # nobody judged it
    Item.objects.filter(pk=judged(project, people, (2, 1)).pk).update(state="withdrawn")
    pictured = judged(project, people, (2, 1))
    place = pictured.item_responses.first().response
    place.attachments = [{"sha256": "0" * 64}]
    place.save()

    assert services.items_for(judge, most=100) == wanted
    some = services.items_for(judge, most=3, seed=4)
    assert some == services.items_for(judge, most=3, seed=4)
    assert len(set(some) & set(wanted)) == 3
    assert len(services.items_for(judge, most=100, only_judged=False)) == 7
    with pytest.raises(DomainError, match="1 to 5000"):
        services.items_for(judge, most=0)


def test_the_estimate_counts_what_is_sent(project, people, server):
    judged(project, people, (3, 2, 1), ("1" * 400, "2" * 400, "3" * 400))
    judge = make_judge(project, server, price_in=2, price_out=10, max_tokens=100)
    run = asked(judge)
    takes = estimate(judge, run.item_ids)
    sent = sum(len(m["content"].encode()) for one in server.asked for m in one["messages"])
    assert (takes.questions, takes.tokens_out_most) == (len(server.asked), 600)
    assert takes.tokens_in == pytest.approx(sent / 4, rel=0.1)
    assert float(takes.cost_most) == pytest.approx((2 * takes.tokens_in + 10 * 600) / 1e6)
    assert float(services.spent_by(run)["cost"]) == pytest.approx((2 * 66 + 10 * 42) / 1e6)


def test_one_labeler_more_where_all_places_are_taken_and_never_twice(project, people, server):
    full = judged(project, people, (2, 1), overlap=3, taken=3)
    free = judged(project, people, (2, 1), overlap=4, taken=3)
    run = asked(make_judge(project, server))
    other = make_item(project, SHORT_LONG, overlap=1, taken=1)
    ids = [full.pk, free.pk, other.pk]
    assert services.ask_people(run=run, item_ids=ids, actor=people[0]) == [full.pk]
    assert services.ask_people(run=run, item_ids=ids) == []
    assert list(Item.objects.order_by("pk").values_list("overlap", flat=True)) == [4, 4, 1]
    assert Event.objects.get(kind="judge_run.items_raised").actor == people[0]
    with pytest.raises(DomainError, match="at least one"):
        services.ask_people(run=run, item_ids=[other.pk])


def test_a_judge_has_one_name_and_an_endpoint_of_its_project(project, server):
    judge = make_judge(project, server)
    with pytest.raises(Conflict, match="this name"):
        services.add_judge(project=project, endpoint=judge.endpoint, name="FAKE")
    with pytest.raises(DomainError, match="no such endpoint"):
        services.add_judge(project=make_project(), endpoint=judge.endpoint, name="x")
    with pytest.raises(DomainError, match="16 to"):
        services.add_judge(project=project, endpoint=judge.endpoint, name="x", max_tokens=1)
    with pytest.raises(DomainError, match="blank"):
        services.add_judge(project=project, endpoint=judge.endpoint, name=" ")
    endpoints.remove_endpoint(endpoint=judge.endpoint)
    judge = Judge.objects.get()
    with pytest.raises(DomainError, match="removed"):
        services.start_run(judge=judge, item_ids=[1])


@pytest.mark.parametrize(
    "change",
    [{"preferred": ""}, {"fault": "slow"}, {"second_response": F("first_response")}],
)
def test_the_database_keeps_an_opinion_one_thing(project, people, server, change):
    judged(project, people, (2, 1))
    opinion = asked(make_judge(project, server)).opinions.placed().get(first=1)
    assert opinion.preferred
    with pytest.raises(IntegrityError), transaction.atomic():
        Opinion.objects.filter(pk=opinion.pk).update(**change)


def test_the_command_estimates_and_asks(project, people, server):
    judged(project, people, (2, 1))
    make_judge(project, server)
    out, said = StringIO(), StringIO()
    call_command("ask_judge", "shop", "fake", "--estimate", stdout=out, stderr=said)
    assert "1 items, 2 questions" in said.getvalue()
    assert not JudgeRun.objects.exists()
    call_command("ask_judge", "shop", "fake", "--now", stdout=out, stderr=said)
    document = json.loads(out.getvalue())
    assert (document["state"], document["answered"], document["cost"]) == ("done", 2, None)
    assert document["findings"]["raw"]["value"] == 1
    with pytest.raises(NotFound):
        call_command("ask_judge", "shop", "nobody")
