"""Taking the last submit or skip back: nothing is deleted, nothing entered is lost."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotation.core.errors import Conflict
from annotation.core.models import Event
from annotation.labeling import services
from annotation.labeling.forms import JudgmentForm
from annotation.labeling.forms.entered import entered_from
from annotation.labeling.models import Assignment, Item, Judgment
from annotation.labeling.undo import undo_last
from annotation.projects.services import CriterionSpec, TagSpec
from tests.annotation.labeling.test_views import answer, held, open_page, submit, url
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db

KINDS = {
    "rank_a": "2",
    "rank_b": "1",
    "rank_c": "x",
    "strength_1": "3",
    "rating_tone_a": "4",
    "rating_tone_b": "na",
    "flag_rude_c": "1",
    "confidence": "2",
    "rationale": "Because\nof this.",
    "edit_b": "Better said.",
    "demonstration": "",
    "seconds": "41",
}


@pytest.fixture
def project():
    return make_project(
        "shop",
        overlap=1,
        confidence="optional",
        allows_corrections=True,
        criteria=[CriterionSpec("tone", "Tone", scale_min=0, scale_max=4, allows_na=True)],
        flags=[TagSpec("rude", "Rude")],
        error_labels=[TagSpec("fact", "Wrong fact")],
    )


@pytest.fixture
def labeler(client, project):
    labeler = make_member(project)
    client.force_login(labeler)
    return labeler


def undo(client, project, assignment, **headers):
    return client.post(url("undo", project.slug, assignment.pk), headers=headers)


def test_undo_gives_back_everything_that_was_entered(client, project, labeler):
    make_item(project, ("One.", "Two 😀 words.", "Three."))
    open_page(client, project)
    assignment = held(labeler)
    shown = "abc"[assignment.order.index(2)]
    marks = [{"response": shown, "start": 4, "end": 5, "label": "fact", "note": "no"}]
    entered = KINDS | {"highlights": json.dumps(marks, ensure_ascii=False)}
    assert submit(client, project, assignment, **entered).status_code == 303

    assert undo(client, project, assignment).status_code == 303

    again = held(labeler)
    assert again == assignment
    assert again.draft == {name: value for name, value in entered.items() if value}
    assert again.token == assignment.token + 1
    assert again.key != assignment.key
    assert again.item.taken == 1
    assert Judgment.objects.count() == 2
    assert not Judgment.objects.current().exists()
    assert Event.objects.filter(kind="judgment.retracted", actor=labeler).count() == 1


def test_what_was_taken_back_can_be_submitted_again_as_a_further_revision(
    client, project, labeler
):
    make_item(project)
    open_page(client, project)
    submit(client, project, held(labeler))
    undo(client, project, held_or_last(labeler))

    assert submit(client, project, held(labeler), rank_a=2, rank_b=1).status_code == 303

    current = Judgment.objects.current().get()
    assert (current.revision, current.is_retraction) == (3, False)
    assert current.item.taken == 1


def held_or_last(labeler):
    return Assignment.objects.filter(labeler=labeler).latest("over_at", "pk")


def test_the_item_lent_in_between_waits_in_the_queue_with_its_draft(client, project, labeler):
    for _ in range(2):
        make_item(project)
    open_page(client, project)
    first = held(labeler)
    submit(client, project, first)
    open_page(client, project)
    second = held(labeler)
    assert second != first
    services.save_draft(
        assignment_id=second.pk, labeler=labeler, token=second.token, draft={"rationale": "half"}
    )

    undo(client, project, first)

    assert held(labeler) == first
    second.refresh_from_db()
    assert (second.state, second.draft["rationale"]) == ("expired", "half")
    assert second.item.taken == 0
    submit(client, project, held(labeler))
    open_page(client, project)
    assert held(labeler) == second
    assert held(labeler).draft["rationale"] == "half"


def test_undone_twice_is_undone_once(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    submit(client, project, assignment)

    for _ in range(2):
        assert undo(client, project, assignment).status_code == 303

    assert Judgment.objects.count() == 2
    assert held(labeler).token == assignment.token + 1


def test_a_skip_is_undone_while_there_is_room(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    client.post(url("skip-item", project.slug, assignment.pk), {"reason": "Too long"})
    assert Item.objects.get().taken == 0

    undo(client, project, assignment)

    again = held(labeler)
    assert (again.skip_reason, again.item.taken) == ("", 1)


def test_a_skip_stays_when_somebody_else_has_the_item(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    client.post(url("skip-item", project.slug, assignment.pk), {"reason": ""})
    services.lend_next_item(project=project, labeler=make_member(project))

    answer = undo(client, project, assignment, HX_Request="true")

    assert "needs no further judgment" in answer.content.decode()
    assert Item.objects.get().taken == 1
    assert not Assignment.objects.live().filter(labeler=labeler).exists()


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (
            lambda a: Assignment.objects.update(over_at=timezone.now() - timedelta(hours=1)),
            "minute",
        ),
        (lambda a: Item.objects.update(state="withdrawn"), "withdrawn"),
        (lambda a: Assignment.objects.update(state="surplus"), "history"),
        (lambda a: Assignment.objects.update(state="expired"), "nothing to undo"),
    ],
)
def test_what_cannot_be_undone_says_why(client, project, labeler, prepare, words):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    submit(client, project, assignment)
    prepare(assignment)

    with pytest.raises(Conflict, match=words):
        undo_last(assignment_id=assignment.pk, labeler=labeler)
    page = undo(client, project, assignment, HX_Request="true")

    assert page.status_code == 200
    assert words in page.content.decode()
    assert Judgment.objects.count() == 1


def test_only_the_last_one_is_undone(client, project, labeler):
    for _ in range(2):
        make_item(project)
    open_page(client, project)
    first = held(labeler)
    submit(client, project, first)
    open_page(client, project)
    submit(client, project, held(labeler))

    with pytest.raises(Conflict, match="gone on"):
        undo_last(assignment_id=first.pk, labeler=labeler)


def test_nobody_undoes_for_somebody_else(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    submit(client, project, assignment)
    client.force_login(make_member(project))

    assert undo(client, project, assignment).status_code == 404
    assert Judgment.objects.count() == 1


def test_the_page_offers_it_with_and_without_script(client, project, labeler):
    for _ in range(2):
        make_item(project)
    open_page(client, project)
    first = held(labeler)
    answered = submit(client, project, first)
    address = url("undo", project.slug, first.pk)

    assert address in client.get(answered["Location"]).content.decode()
    assert address not in open_page(client, project).content.decode()
    fragment = submit(client, project, held(labeler), htmx=True).content.decode()
    assert "/undo/" in fragment
    assert "Submitted." in fragment
    Assignment.objects.update(over_at=timezone.now() - timedelta(minutes=2), state="submitted")
    assert address not in client.get(answered["Location"]).content.decode()


@pytest.mark.parametrize("order", [[1, 2], [2, 1]])
@pytest.mark.parametrize("said", ["-3", "0", "2", "good", "bad"])
def test_a_preference_comes_back_as_it_was_chosen(said, order):
    project = make_project(ordering="scale")
    item, labeler = make_item(project), make_member(project)
    assignment = services.lend_next_item(project=project, labeler=labeler)
    Assignment.objects.filter(pk=assignment.pk).update(order=order)
    assignment = services.assignment_of(labeler, assignment.pk)
    form = JudgmentForm({"preference": said, "key": str(assignment.key)})

    judgment, _ = services.submit_judgment(
        assignment_id=assignment.pk, labeler=labeler, verdict=form.verdict, key=form.key
    )

    assert entered_from(judgment, order) == {"preference": said}
    assert judgment.item == item


@pytest.mark.django_db(transaction=True)
def test_an_undo_beside_a_submit_leaves_one_live_item_and_no_lost_place():
    project = make_project(overlap=1)
    for _ in range(8):
        make_item(project)
    labeler = make_member(project)
    for _ in range(5):
        first = services.lend_next_item(project=project, labeler=labeler)
        if first is None:
            break
        form = answer(first, rank_a="1", rank_b="2")
        _, following = submit_form(first.pk, labeler, form)
        if following is None:
            break
        second = Assignment.objects.get(pk=following)
        work = [
            lambda first=first: undo_last(assignment_id=first.pk, labeler=labeler),
            lambda second=second: submit_form(
                second.pk, labeler, answer(second, rank_a="1", rank_b="2")
            ),
        ]
        threads = [threading.Thread(target=quietly, args=(call,)) for call in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        live = Assignment.objects.live().filter(labeler=labeler).count()
        assert live <= 1
        for item in Item.objects.all():
            holding = item.assignments.filter(state__in=["live", "submitted"]).count()
            assert item.taken == holding


def submit_form(pk, labeler, form):
    read = JudgmentForm({name: str(value) for name, value in form.items()})
    return services.submit_judgment(
        assignment_id=pk, labeler=labeler, verdict=read.verdict, key=read.key
    )


def quietly(call):
    try:
        call()
    except Conflict:
        pass
    finally:
        connection.close()
