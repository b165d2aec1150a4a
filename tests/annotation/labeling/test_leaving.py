"""What a decision took out of items comes back when it is taken back, where nobody has been."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.candidates.models import ResponseMark
from annotation.core.models import Job
from annotation.labeling.building.services import withdraw_batch
from annotation.labeling.models import BuiltBatch, Item, RemovedPlace
from annotation.labeling.queue import lend_next_item
from annotation.labeling.reports import set_withdrawn
from annotation.labeling.responses.deciding import decide
from annotation.labeling.responses.masking import MASK
from tests.annotation.candidates.marks.test_marking import mark
from tests.factories import make_item, make_judgment, make_member, make_project

LEAK = "I am ChatGPT. Paris is it."


@pytest.fixture
def project(db):
    return make_project(overlap=2)


@pytest.fixture
def lead(project):
    return make_member(project, "lead")


@pytest.fixture
def item(project):
    item = make_item(project, (LEAK, "Paris.", "It is Paris, of course."))
    mark(project)
    return item


@pytest.fixture
def say(project, lead, item):
    """Decide on responses by the keys they have in the item."""
    of_key = dict(item.item_responses.values_list("key", "response"))

    def say(choice, keys="a"):
        chosen = [of_key[key] for key in keys]
        return decide(project=project, responses=chosen, choice=choice, actor=lead)[1]

    return say


def places(item):
    return list(item.item_responses.values_list("position", "key"))


WHOLE = [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.parametrize("taken", ["a", "b", "c"])
def test_withheld_and_taken_back_stands_where_it_stood(item, say, taken):
    say("withheld", taken)
    assert len(places(item)) == 2
    Job.objects.all().delete()

    changed = say("left", taken)

    item.refresh_from_db()
    assert (changed.restored, changed.reopened, changed.left) == (1, 0, 0)
    assert (places(item), item.response_count) == (WHOLE, 3)
    assert not RemovedPlace.objects.exists()
    assert Job.objects.filter(kind="render").exists(), "its text is rendered again"


def test_a_merge_undone_brings_the_repeat_back_beside_its_first(project, lead):
    item = make_item(project, ("Paris it is", "Rome", "paris it is.", "Paris it is"))
    mark(project)
    marked = list(ResponseMark.objects.filter(kind="equal").values_list("response", flat=True))
    decide(project=project, responses=marked, choice="merged", actor=lead)
    assert places(item) == [(1, "a"), (2, "b")]

    _count, changed = decide(project=project, responses=marked, choice="left", actor=lead)

    assert changed.restored == 2
    assert list(item.item_responses.values_list("position", "key", "equal_to")) == [
        (1, "a", None),
        (2, "b", None),
        (3, "c", None),
        (4, "d", 1),
    ]


def test_masked_instead_it_comes_back_with_its_mask(item, say):
    say("withheld")

    changed = say("masked")

    back = item.item_responses.get(key="a")
    assert changed.restored == 1
    assert (back.position, back.shown_text) == (1, f"I am {MASK}. Paris is it.")


def test_a_withdrawn_item_is_in_the_queue_again(item, say):
    assert say("withheld", "ab").withdrawn == 1
    item.refresh_from_db()
    assert (item.state, places(item)) == (Item.State.WITHDRAWN, WHOLE)

    changed = say("left", "b")

    item.refresh_from_db()
    assert (changed.reopened, item.state) == (1, Item.State.OPEN)
    assert places(item) == [(1, "b"), (2, "c")], "the other one is still kept out"
    say("left", "a")
    assert places(item) == WHOLE


def test_out_one_by_one_and_back_in_another_order(item, say):
    say("withheld", "a")
    say("withheld", "b")
    say("withheld", "c")
    item.refresh_from_db()
    assert item.state == Item.State.WITHDRAWN

    assert say("left", "c").reopened == 0, "two of three are kept out"
    assert say("left", "a").reopened == 1
    assert places(item) == [(1, "a"), (2, "c")]
    say("left", "b")
    assert places(item) == WHOLE


def test_an_item_that_was_judged_meanwhile_stays_and_the_page_says_so(
    client, project, lead, item, say
):
    say("withheld")
    item.refresh_from_db()
    make_judgment(item, make_member(project, handle="ann"), [1, 2])
    client.force_login(lead)

    answer = client.post(
        reverse("labeling:decide-marks", args=[project.slug]),
        {"choice": "left", "decision": "withheld", "all": "on"},
        follow=True,
    )

    assert places(item) == [(1, "b"), (2, "c")]
    assert "1 item stays as it is: somebody was lent it" in answer.content.decode()


def test_an_item_that_somebody_holds_stays(project, item, say):
    say("withheld")
    assert lend_next_item(project=project, labeler=make_member(project, handle="ann"))

    changed = say("left")

    assert (changed.restored, changed.left) == (0, 1)
    assert len(places(item)) == 2


def test_what_a_person_withdrew_is_not_opened_by_a_decision(item, say, lead):
    set_withdrawn(item=item, actor=lead, is_withdrawn=True)
    say("withheld", "ab")

    changed = say("left", "ab")

    item.refresh_from_db()
    assert (changed.reopened, item.state) == (0, Item.State.WITHDRAWN)


def test_put_back_by_hand_it_goes_without_what_was_withheld(item, say, lead):
    set_withdrawn(item=item, actor=lead, is_withdrawn=True)
    say("withheld")
    assert places(item) == WHOLE

    set_withdrawn(item=item, actor=lead, is_withdrawn=False)

    item.refresh_from_db()
    assert (item.state, places(item)) == (Item.State.OPEN, [(1, "b"), (2, "c")])
    assert item.response_count == 2
    assert say("left").restored == 1
    assert places(item) == WHOLE


def test_with_fewer_than_two_left_putting_back_is_refused_naming_the_decisions(
    client, project, lead, item, say
):
    say("withheld", "a")
    say("withheld", "b")
    client.force_login(lead)
    address = reverse("labeling:restore-item", args=[project.slug, item.pk])

    refused = client.post(address, follow=True).content.decode()

    assert "a: Kept out of items; b: Kept out of items" in refused
    item.refresh_from_db()
    assert item.state == Item.State.WITHDRAWN
    assert RemovedPlace.objects.filter(item=item).count() == 2, "nothing was forgotten"
    assert say("left", "b").reopened == 1, "the decision still is what withdrew it"
    assert places(item) == [(1, "b"), (2, "c")]


def test_a_withdrawn_batch_keeps_the_last_word(project, lead, item, say):
    batch = BuiltBatch.objects.create(project=project, name="b", policy={}, counts={})
    Item.objects.filter(pk=item.pk).update(batch="b")
    say("withheld", "ab")
    assert RemovedPlace.objects.count() == 2
    withdraw_batch(batch=batch, actor=lead)

    changed = say("left", "ab")

    item.refresh_from_db()
    assert (changed.reopened, item.state, places(item)) == (0, Item.State.WITHDRAWN, WHOLE)


def test_what_was_removed_before_a_person_withdrew_the_item_comes_back_into_it(item, say, lead):
    say("withheld")
    set_withdrawn(item=item, actor=lead, is_withdrawn=True)

    changed = say("left")

    item.refresh_from_db()
    assert (changed.restored, changed.reopened) == (1, 0)
    assert (item.state, places(item)) == (Item.State.WITHDRAWN, WHOLE)


def test_what_is_marked_no_longer_can_still_be_taken_back(client, project, lead, item, say):
    say("withheld")
    ResponseMark.objects.all().delete()
    client.force_login(lead)
    address = reverse("labeling:list-marked-responses", args=[project.slug])

    page = client.get(address + "?decision=withheld").content.decode()
    assert "Paris is it." in page
    assert "Paris is it." not in client.get(address + "?decision=open").content.decode()
    client.post(
        reverse("labeling:decide-marks", args=[project.slug]),
        {"choice": "left", "decision": "withheld", "all": "on"},
    )

    assert places(item) == WHOLE


def test_statements_do_not_grow_with_the_items(project, lead, item):
    def statements_for(items):
        gone = [one.item_responses.get(key="a").response_id for one in items]
        decide(project=project, responses=gone, choice="withheld", actor=lead)
        Job.objects.all().delete()
        with CaptureQueriesContext(connection) as statements:
            decide(project=project, responses=gone, choice="left", actor=lead)
        return len(statements)

    few = statements_for([item])
    more = [make_item(project, (LEAK, "Paris.", "Rome.")) for _ in range(4)]

    assert statements_for(more) == few
    assert all(places(each) == WHOLE for each in more)
