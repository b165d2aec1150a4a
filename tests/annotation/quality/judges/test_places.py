"""A response leaves also the items that a judge has an opinion on, and what the judge said stays
said of the same responses, wherever they stand."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.errors import Conflict, DomainError
from annotation.datasets.formats.frozen import Frozen
from annotation.datasets.policy import Policy
from annotation.datasets.services import freeze_dataset
from annotation.datasets.verify import verify_dataset
from annotation.labeling.models import Assignment
from annotation.labeling.queue import lend_next_item
from annotation.labeling.responses.deciding import decide
from annotation.quality.judges import running, services
from annotation.quality.judges.critiques import critiques_of, judgments_with_critiques
from annotation.quality.judges.findings import findings_of
from annotation.quality.judges.models import Opinion
from annotation.quality.judges.page import shown
from annotation.quality.judges.stored import stored_findings
from tests.annotation.candidates.fake_openai import speaking
from tests.annotation.labeling.repeats.world import judge as judge_item
from tests.annotation.quality.judges.world import asked, longer, make_judge, saying
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db
NONE_SPLIT = (1.0, 0.0, 0.0)
TEXTS = ("333", "1", "22")


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
def lead(project):
    return make_member(project, "lead")


def say(lead, item, choice, key="a"):
    response = item.item_responses.filter(key=key).values_list("response", flat=True)
    removed = item.removed_places.filter(key=key).values_list("response", flat=True)
    chosen = [*response, *removed]
    return decide(project=item.project, responses=chosen, choice=choice, actor=lead)[1]


def keys(item):
    return list(item.item_responses.values_list("key", flat=True))


def freeze(project):
    policy = Policy(whose="ai_judge", judge="fake", split=NONE_SPLIT)
    return freeze_dataset(project=project, policy=policy).dataset


def frozen(project):
    rows = [line.row for line in Frozen(freeze(project).folder).lines("preferences", "train")]
    return sorted((row["chosen_id"], row["rejected_id"]) for row in rows)


def left_out(project):
    return freeze(project).counts["judgments"]["dropped"].get("response_left", 0)


def pairs(run):
    """What the findings compare, by keys: which of the two the judge prefers."""
    key = dict(run.project.items.values_list("item_responses__response", "item_responses__key"))
    return {
        tuple(key[response] for response in one.responses): (">", "=", "<")[one.verdict]
        for one in findings_of(run).compared
    }


SAID = [("a", "b"), ("a", "c"), ("c", "b")]


def test_a_withheld_response_leaves_an_item_that_a_judge_has_an_opinion_on(project, lead, server):
    item = make_item(project, TEXTS)
    run = asked(make_judge(project, server), [item])
    assert (keys(item), frozen(project), left_out(project)) == (["a", "b", "c"], SAID, 0)
    assert pairs(run) == {("a", "b"): ">", ("a", "c"): ">", ("b", "c"): "<"}

    changed = say(lead, item, "withheld")

    assert (changed.removed, changed.left) == (1, 0)
    assert keys(item) == ["b", "c"]
    labeler = make_member(project)
    lent = lend_next_item(project=project, labeler=labeler)
    assert lent.item_id == item.pk
    assert sorted(lent.order) == [1, 2], "nobody reads it any more"


def test_what_was_said_of_the_others_keeps_its_meaning_and_what_left_is_counted(
    project, lead, server
):
    item = make_item(project, TEXTS)
    run = asked(make_judge(project, server), [item])
    say(lead, item, "withheld")

    assert (frozen(project), left_out(project)) == ([("c", "b")], 2)
    assert pairs(run) == {("b", "c"): "<"}
    assert findings_of(run).consistency.n_items == 1
    assert services.answered_count(run) == 6, "what it cost stays known"
    with pytest.raises(Conflict, match="Every question has an answer"):
        services.resume_run(run=run)


def test_put_back_it_brings_its_opinions_along(project, lead, server):
    item = make_item(project, TEXTS)
    run = asked(make_judge(project, server), [item])
    before, then = pairs(run), freeze(project)
    say(lead, item, "withheld")
    assert not verify_dataset(then).is_reproduced

    changed = say(lead, item, "left")

    assert (changed.restored, keys(item)) == (1, ["a", "b", "c"])
    assert (pairs(run), frozen(project), left_out(project)) == (before, SAID, 0)
    assert verify_dataset(then).is_reproduced
    assert len(server.asked) == 6, "nothing is asked twice"


def test_what_left_before_a_judge_was_asked_comes_back_with_nothing_said_of_it(
    project, lead, server
):
    item = make_item(project, TEXTS)
    assert say(lead, item, "withheld").removed == 1
    judge = make_judge(project, server)
    asked(judge, [item])
    then = freeze(project)
    assert frozen(project) == [("c", "b")]

    assert say(lead, item, "left").restored == 1

    assert (keys(item), frozen(project)) == (["a", "b", "c"], [("c", "b")])
    say(lead, item, "withheld")
    assert verify_dataset(then).is_reproduced
    say(lead, item, "left")
    asked(judge, [item])
    assert frozen(project) == SAID


def test_an_item_of_two_is_withdrawn_and_its_opinions_count_again_with_it(project, lead, server):
    item = make_item(project, TEXTS[:2])
    asked(make_judge(project, server), [item])
    assert frozen(project) == [("a", "b")]

    assert say(lead, item, "withheld").withdrawn == 1
    with pytest.raises(DomainError, match="of 1 judgments none counts"):
        freeze(project)

    assert say(lead, item, "left").reopened == 1
    assert frozen(project) == [("a", "b")]


def test_an_answer_on_what_has_left_meanwhile_is_kept_for_when_it_comes_back(
    project, lead, server, monkeypatch
):
    item = make_item(project, TEXTS)
    judge = make_judge(project, server)
    run = services.start_run(judge=judge, item_ids=[item.pk])
    ask_all = running.ask_all

    def deciding_while_they_are_asked(endpoint, asks, **how):
        under_way = list(asks)
        assert len(under_way) == 6
        assert say(lead, item, "withheld").removed == 1
        return ask_all(endpoint, under_way, **how)

    monkeypatch.setattr(running, "ask_all", deciding_while_they_are_asked)
    jobs.run(run.job_id)

    run.job.refresh_from_db()
    assert run.job.state == "done", run.job.error
    assert (len(server.asked), run.opinions.count()) == (6, 6)
    said = set(run.opinions.placed().values_list("first", "second", "preferred"))
    assert said == {(1, 2, "second"), (2, 1, "first")}
    assert frozen(project) == [("c", "b")]
    say(lead, item, "left")
    assert frozen(project) == SAID


def test_a_run_goes_on_with_the_responses_that_are_left_and_by_the_same_principles(
    project, lead, server
):
    item = make_item(project, TEXTS)
    principles = [f"Principle {number}." for number in range(40)]
    run = asked(make_judge(project, server, principles=principles), [item])
    before = {frozenset(one.responses): one.principle for one in run.opinions.placed()}
    assert len(set(before.values())) == 3, "each pair has drawn its own"
    run.opinions.all().delete()
    run.job.state, run.job.error = "failed", "The worker died."
    run.job.save()
    server.asked.clear()
    say(lead, item, "withheld")

    services.resume_run(run=run)
    jobs.run(run.job_id)

    assert len(server.asked) == 2, "of the two that stand there"
    for one in run.opinions.placed():
        assert one.principle == before[frozenset(one.responses)]


def test_the_page_of_a_run_follows_a_place_that_goes_and_comes(client, project, lead, server):
    item = make_item(project, TEXTS)
    server.answer = saying(lambda _document: {"preferred": "A", "critique": "The first one."})
    run = asked(make_judge(project, server), [item])

    def unsure():
        return sorted(one.keys for one in shown(run).unsure)

    assert unsure() == [("a", "b"), ("a", "c"), ("b", "c")]
    say(lead, item, "withheld")
    assert unsure() == [("b", "c")]
    (one,) = shown(run).unsure
    assert (one.judge, one.critiques) == (["b", "c"], ["The first one."] * 2)
    client.force_login(lead)
    page = reverse("quality:show-judge-run", args=[project.slug, run.pk])
    assert (
        '4</span> <span class="note">on responses that have left'
        in client.get(page).content.decode()
    )
    api = reverse("quality-api:judge-run", args=[run.pk])
    assert client.get(api).json()["answers_left_out"] == 4

    say(lead, item, "left")

    assert unsure() == [("a", "b"), ("a", "c"), ("b", "c")]
    assert "Answers left out" not in client.get(page).content.decode()
    assert client.get(api).json()["answers_left_out"] == 0


def test_what_left_between_two_reads_of_a_page_is_not_on_it(project, lead, server, monkeypatch):
    item = make_item(project, TEXTS)
    server.answer = saying(lambda _document: {"preferred": "A", "critique": "The first one."})
    run = asked(make_judge(project, server), [item])
    found = stored_findings(run)
    say(lead, item, "withheld")

    monkeypatch.setattr("annotation.quality.judges.page.stored_findings", lambda _run: found)

    assert [one.keys for one in shown(run).unsure] == [("b", "c")]


def test_a_labeler_reads_the_critiques_of_what_stood_in_their_item(project, lead, server):
    item = make_item(project, TEXTS)
    judge = make_judge(project, server, name="read")
    asked(judge, [item])
    type(judge).objects.filter(pk=judge.pk).update(is_read_by_labelers=True)
    gone = make_item(project, TEXTS)
    asked(judge, [gone])
    Opinion.objects.filter(item=gone).exclude(first_response__item_responses__key="a").exclude(
        second_response__item_responses__key="a"
    ).delete()
    for one in (item, gone):
        say(lead, one, "withheld")
    labeler = make_member(project)
    for _ in range(2):
        lent = lend_next_item(project=project, labeler=labeler)
        Assignment.objects.filter(pk=lent.pk).update(order=[1, 2])
        judge_item(Assignment.objects.get(pk=lent.pk))

    (judgment,) = judgments_with_critiques(labeler)

    assert judgment.item_id == item.pk, "of the other one nothing is left that was criticised"
    (critique,) = critiques_of(judgment)
    assert (critique.pair, critique.better, critique.is_steady) == (("A", "B"), "B", True)


def test_places_are_read_with_the_opinions_in_one_statement(project, server):
    judge = make_judge(project, server)

    def count():
        run = asked(judge, list(project.items.all()))
        with CaptureQueriesContext(connection) as found:
            assert all(one.pair for one in run.opinions.placed())
        with CaptureQueriesContext(connection) as frozen_by:
            freeze(project)
        return len(found), len(frozen_by)

    make_item(project, TEXTS)
    one = count()
    for _ in range(5):
        make_item(project, TEXTS)
    assert (one[0], count()) == (1, one)


def test_the_page_of_decisions_says_that_the_place_is_out(client, project, lead, server):
    item = make_item(project, TEXTS)
    asked(make_judge(project, server), [item])
    say(lead, item, "withheld")
    client.force_login(lead)

    answer = client.post(
        reverse("labeling:decide-marks", args=[project.slug]),
        {"choice": "left", "decision": "withheld", "all": "on"},
        follow=True,
    )

    assert "1 places are back" in answer.content.decode()
    assert keys(item) == ["a", "b", "c"]
