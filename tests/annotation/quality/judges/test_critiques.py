"""What a judge says, shown to labelers: when a lead says so, after their own word, blind."""

import uuid

import pytest
from django.urls import reverse

from annotation.candidates.models import Endpoint
from annotation.core.errors import Conflict
from annotation.core.models import Event
from annotation.labeling.models import Assignment, FinalJudgment, Judgment, Purpose
from annotation.labeling.queue import lend_next_item
from annotation.labeling.revising import revise_judgment
from annotation.labeling.undo import undo_last
from annotation.labeling.verdict import verdict_from_choices
from annotation.projects.models import Membership
from annotation.quality.judges import services
from annotation.quality.judges.critiques import critiques_of, show_critiques
from annotation.quality.models import JudgeRun
from tests.annotation.labeling.repeats.world import age, asked_again, judge, work_until_repeat
from tests.factories import make_item, make_judgment, make_member, make_opinion, make_project

pytestmark = pytest.mark.django_db
LIST = reverse("quality:list-critiques")


@pytest.fixture
def project():
    return make_project("shop", overlap=3)


@pytest.fixture
def run(project):
    return run_of(project)


def run_of(project, name="strict", is_shown=True):
    endpoint = Endpoint.objects.create(
        project=project, name=f"of {name}", base_url="https://judge.example/v1", model="j-70b"
    )
    row = services.add_judge(project=project, endpoint=endpoint, name=name)
    show_critiques(judge=row, is_shown=is_shown)
    return JudgeRun.objects.create(
        project=project, judge=row, item_ids=[1], question_count=2, terms={}
    )


def say(run, item, first, second, preferred, critique="Because."):
    return make_opinion(run, item, first, second, preferred=preferred, critique=critique)


def judged(project, labeler, texts=("One.", "Two."), order=(1, 2)):
    item = make_item(project, texts)
    assignment = lend_next_item(project=project, labeler=labeler)
    assert assignment.item_id == item.pk
    Assignment.objects.filter(pk=assignment.pk).update(order=list(order))
    assignment.order = list(order)
    return judge(assignment)


def page_of(judgment):
    return reverse("quality:read-critique", args=[judgment.pk])


def test_it_is_read_after_the_labelers_word_is_final_and_not_before(client, project, run):
    labeler = make_member(project)
    client.force_login(labeler)
    judgment = judged(project, labeler)
    say(run, judgment.item, 1, 2, "first", "One is kinder than Two.")

    assert page_of(judgment) in client.get(LIST).content.decode()
    before = client.get(page_of(judgment)).content.decode()
    assert "kinder" not in before
    assert not FinalJudgment.objects.exists()

    assert client.post(page_of(judgment)).status_code == 302
    after = client.get(page_of(judgment)).content.decode()
    assert "kinder" in after
    assert "Written by a machine" in after
    assert Event.objects.filter(kind="judgment.made_final", actor=labeler).count() == 1
    client.post(page_of(judgment))
    assert Event.objects.filter(kind="judgment.made_final").count() == 1


def test_neither_judge_nor_model_nor_generator_is_named(client, project, run):
    labeler = make_member(project)
    client.force_login(labeler)
    judgment = judged(project, labeler)
    say(run, judgment.item, 1, 2, "second", "As GPT-4, I say that it was trained by OpenAI. Ha.")
    client.post(page_of(judgment))

    page = client.get(page_of(judgment)).content.decode()

    assert "Ha." in page
    for name in ("strict", "j-70b", "GPT-4", "OpenAI", "secret-model"):
        assert name not in page


def test_what_was_made_final_can_neither_be_changed_nor_taken_back(client, project, run):
    labeler = make_member(project)
    client.force_login(labeler)
    judgment = judged(project, labeler)
    say(run, judgment.item, 1, 2, "first")
    other = verdict_from_choices({1: 2, 2: 1}, response_count=2)
    how = {"labeler": labeler, "verdict": lambda *_: other}
    second = revise_judgment(judgment_id=judgment.pk, key=uuid.uuid4(), **how)  # there was a way
    client.post(page_of(second))

    with pytest.raises(Conflict, match="final"):
        revise_judgment(judgment_id=second.pk, key=uuid.uuid4(), **how)
    with pytest.raises(Conflict, match=r"changed since|final"):
        undo_last(assignment_id=judgment.assignment_id, labeler=labeler)
    answer = client.get(reverse("labeling:revise", args=[second.pk]))
    assert answer.status_code == 303
    assert (
        reverse("labeling:revise", args=[second.pk])
        not in client.get(reverse("labeling:history")).content.decode()
    )
    assert Judgment.objects.filter(item=judgment.item_id).count() == 2


def test_undo_right_after_reading_is_refused(client, project, run):
    labeler = make_member(project)
    client.force_login(labeler)
    judgment = judged(project, labeler)
    say(run, judgment.item, 1, 2, "first")
    client.post(page_of(judgment))

    with pytest.raises(Conflict, match="final"):
        undo_last(assignment_id=judgment.assignment_id, labeler=labeler)

    assert Judgment.objects.current().filter(pk=judgment.pk).exists()


def test_nobody_reads_it_where_no_lead_turned_it_on_nor_of_gold_nor_of_others(client, project):
    run = run_of(project, is_shown=False)
    labeler, other = make_member(project), make_member(project)
    client.force_login(labeler)
    mine = judged(project, labeler)
    theirs = judge(lend_next_item(project=project, labeler=other))
    gold = make_judgment(make_item(project), labeler, (1, 2), purpose=Purpose.GOLD)
    assert theirs.item == mine.item
    for one in (mine, gold):
        say(run, one.item, 1, 2, "first", "Kinder.")
    assert client.get(page_of(mine)).status_code == 404

    show_critiques(judge=run.judge, is_shown=True)

    assert client.get(page_of(mine)).status_code == 200
    for hidden in (theirs, gold):
        assert client.get(page_of(hidden)).status_code == 404
        assert client.post(page_of(hidden)).status_code == 404
    assert not FinalJudgment.objects.exists()


def test_letters_are_the_labelers_and_a_contradiction_is_told(project, run):
    labeler = make_member(project)
    judgment = judged(project, labeler, ("One.", "Two.", "Three."), order=(3, 1, 2))
    say(run, judgment.item, 3, 1, "first", "A is right.")  # the labeler's A against B
    say(run, judgment.item, 1, 3, "first", "The other way round.")
    say(run, judgment.item, 3, 2, "tie")
    say(run, judgment.item, 2, 1, "second")  # only the order that the labeler did not see

    found = critiques_of(judgment)

    assert [(one.pair, one.better, one.is_steady, one.is_renamed) for one in found] == [
        (("A", "B"), "A", False, False),
        (("A", "C"), "", True, True),
    ]
    assert found[0].text == "A is right."


def test_an_item_whose_critique_was_read_is_not_asked_again():
    project = asked_again(items=3, repeat_after_items=1)
    labeler = make_member(project)
    again = work_until_repeat(project, labeler)
    judge(again)
    age(labeler, hours=5)
    left = Assignment.objects.filter(labeler=labeler, purpose="work", state="submitted")
    for item in left.values_list("item", flat=True):
        FinalJudgment.objects.create(item_id=item, labeler=labeler)
    seen = []
    for _ in range(30):  # work of now is too young to be asked again
        make_item(project)
        lent = lend_next_item(project=project, labeler=labeler)
        seen.append(lent.purpose)
        judge(lent)
    assert set(seen) == {Purpose.WORK}


def test_one_judge_at_a_time_is_read_and_only_leads_say_which(client, project, run):
    second = run_of(project, "second", is_shown=False)
    url = reverse("quality:set-critiques", args=["shop", second.judge_id])
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    assert client.post(url, {"show": "1"}).status_code == 404
    client.force_login(make_member(project, Membership.Role.LEAD))

    assert client.post(url, {"show": "1"}).status_code == 302

    assert list(project.judges.filter(is_read_by_labelers=True)) == [second.judge]
    client.post(url)
    assert not project.judges.filter(is_read_by_labelers=True).exists()
    kinds = Event.objects.filter(kind__startswith="judge.critiques").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == [
        "judge.critiques_shown",
        "judge.critiques_hidden",
        "judge.critiques_shown",
        "judge.critiques_hidden",
    ]
