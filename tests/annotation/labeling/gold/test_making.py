"""Making gold: what fits, what is refused by which field, and what becomes of the item."""

import pytest

from annotation.core.errors import Conflict
from annotation.core.models import Event
from annotation.labeling.gold.judged import is_met
from annotation.labeling.gold.making import change_gold, make_gold, retire_gold, take_up_gold
from annotation.labeling.models import GoldItem, Item
from annotation.labeling.queue import lend_next_item
from annotation.labeling.reports import set_withdrawn
from annotation.labeling.services import skip
from annotation.labeling.verdict import VerdictError
from annotation.projects.models import Membership
from tests.annotation.labeling.gold.world import known
from tests.factories import make_item, make_judgment, make_member, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project(overlap=2)


@pytest.fixture
def lead(project):
    return make_member(project, Membership.Role.LEAD)


def test_a_gold_item_is_kept_out_of_the_work(project, lead):
    item = make_item(project)
    labeler = make_member(project)

    gold = make_gold(item=item, actor=lead, known=known(1, 2, explanation=" It is right. "))

    assert (gold.ranks, gold.unacceptable, gold.use) == ([1, 2], [False, False], "queue")
    assert gold.explanation == "It is right."
    item.refresh_from_db()
    assert item.state == Item.State.RESERVED
    assert lend_next_item(project=project, labeler=labeler) is None
    event = Event.objects.get(kind="gold.made")
    assert (event.actor, event.target) == (lead, f"item:{item.pk}")
    assert "explanation" not in event.payload


def test_a_complete_item_is_reserved_too_for_a_place_may_come_free(project, lead):
    item = make_item(project, overlap=2)
    holder, other, next_one = (make_member(project) for _ in range(3))
    lend_next_item(project=project, labeler=holder)
    held = lend_next_item(project=project, labeler=other)

    make_gold(item=item, actor=lead, known=known(1, 2))
    skip(assignment_id=held.pk, labeler=other)

    assert lend_next_item(project=project, labeler=next_one) is None


def test_what_is_unacceptable_has_no_rank_and_tiers_have_no_gaps(project, lead):
    item = make_item(project, texts=("One.", "Two.", "Three."))
    gold = make_gold(item=item, actor=lead, known=known(5, "x", 9))
    assert gold.ranks == [1, None, 2]
    assert gold.unacceptable == [False, True, False]


REFUSED = [
    (known(1, 2), "ranking"),  # the item has three
    (known(None, None, None), "ranking"),
    (known(1, 2, 3, tolerance="nearly"), "tolerance"),
    (known(1, 1, 1, tolerance="best"), "tolerance"),
    (known(1, None, None, tolerance="best"), "tolerance"),
    (known(1, None, None, tolerance="inversions", max_inversions=0), "tolerance"),
    (known(1, 2, 3, tolerance="inversions"), "max_inversions"),
    (known(1, 2, 3, tolerance="inversions", max_inversions=-1), "max_inversions"),
    (known(1, 2, 3, tolerance="inversions", max_inversions=3), "max_inversions"),
    (known(1, 1, 2, tolerance="inversions", max_inversions=3), "max_inversions"),
    (known(1, 2, 3, max_inversions=1), "max_inversions"),
    (known(1, 2, 3, ratings={"helpfulness": [4, 9, 1]}), "ratings.helpfulness"),
    (known(1, 2, 3, ratings={"beauty": [4, 3, 1]}), "ratings.beauty"),
    (known(1, 2, 3, ratings={"helpfulness": [4, None, 1]}, rating_slack=4), "rating_slack"),
    (known(1, 2, 3, rating_slack=-1), "rating_slack"),
    (known(1, 2, 3, explanation="x" * 20_001), "explanation"),
]


@pytest.mark.parametrize(("answer", "field"), REFUSED)
def test_an_answer_that_does_not_fit_is_refused_by_its_field(project, lead, answer, field):
    item = make_item(project, texts=("One.", "Two.", "Three."))

    with pytest.raises(VerdictError) as refused:
        make_gold(item=item, actor=lead, known=answer)

    assert refused.value.field == field
    assert str(refused.value).endswith(".")
    item.refresh_from_db()
    assert item.state == Item.State.OPEN
    assert not GoldItem.objects.exists()


def test_what_just_fits_is_taken(project, lead):
    for answer in (
        known(1, 2, 3, tolerance="inversions", max_inversions=2),
        known(1, 1, 2, tolerance="inversions", max_inversions=2),
        known(1, 1, 2, tolerance="best"),
        known("x", "x", "x", tolerance="best"),
        known(1, 1, 1),
        known(1, 2, 3, ratings={"helpfulness": [4, None, 1]}, rating_slack=3),
        known(None, None, None, ratings={"helpfulness": [4, None, 1]}),
    ):
        item = make_item(project, texts=("One.", "Two.", "Three."))
        make_gold(item=item, actor=lead, known=answer)
    assert GoldItem.objects.count() == 7


def test_a_project_without_a_floor_a_tie_or_an_order_has_none_in_an_answer():
    def field_of(answer, **fields):
        item = make_item(make_project(**fields))
        with pytest.raises(VerdictError) as refused:
            make_gold(item=item, actor=None, known=answer)
        return refused.value.field

    assert field_of(known(1, "x"), has_floor=False) == "unacceptable"
    scale = {"ordering": "scale", "scale_points": 4, "has_both": False}
    assert field_of(known(1, 1), **scale) == "ranking"
    assert field_of(known("x", "x"), **scale) == "unacceptable"
    assert field_of(known(1, "x"), **scale) == "unacceptable"
    assert field_of(known(1, 2, tolerance="best"), ordering="none") == "tolerance"
    make_gold(item=make_item(make_project(**scale)), actor=None, known=known(2, 1))


def test_an_item_has_one_answer_which_can_be_changed(project, lead):
    gold = make_gold(item=make_item(project), actor=lead, known=known(1, 2))
    judgment = make_judgment(gold.item, make_member(project), (2, 1), purpose="gold")
    with pytest.raises(Conflict):
        make_gold(item=gold.item, actor=lead, known=known(2, 1))
    assert not is_met(gold, judgment)

    change_gold(gold=gold, actor=lead, known=known(2, 1))

    gold.refresh_from_db()
    assert is_met(gold, judgment)
    assert Event.objects.get(kind="gold.changed").payload["before"]["ranks"] == [1, 2]
    with pytest.raises(VerdictError):
        change_gold(gold=gold, actor=lead, known=known(1, 1, tolerance="best"))
    gold.refresh_from_db()
    assert gold.ranks == [2, 1]


def test_a_retired_one_comes_back_and_its_item_never_becomes_work(project, lead):
    gold = make_gold(item=make_item(project), actor=lead, known=known(1, 2))
    retire_gold(gold=gold, actor=lead)
    retire_gold(gold=gold, actor=lead)
    assert not GoldItem.objects.in_queue().exists()
    gold.item.refresh_from_db()
    assert gold.item.state == Item.State.RESERVED
    retire_gold(gold=gold, actor=lead, is_counted=False)
    take_up_gold(gold=gold, actor=lead)
    assert GoldItem.objects.in_queue().get(is_counted=True) == gold
    kinds = list(
        Event.objects.filter(kind__startswith="gold.")
        .order_by("pk")
        .values_list("kind", flat=True)
    )
    assert kinds == ["gold.made", "gold.retired", "gold.retired", "gold.taken_up"]


def test_a_withdrawn_item_is_no_gold_and_a_restored_one_no_work(project, lead):
    item = make_item(project)
    set_withdrawn(item=item, actor=lead, is_withdrawn=True)
    with pytest.raises(Conflict):
        make_gold(item=item, actor=lead, known=known(1, 2))
    set_withdrawn(item=item, actor=lead, is_withdrawn=False)
    item.refresh_from_db()
    assert item.state == Item.State.OPEN

    make_gold(item=item, actor=lead, known=known(1, 2))
    set_withdrawn(item=item, actor=lead, is_withdrawn=True)
    set_withdrawn(item=item, actor=lead, is_withdrawn=False)
    item.refresh_from_db()
    assert item.state == Item.State.RESERVED


def test_a_judgment_is_measured_by_what_its_rubric_asked_for(project, lead):
    answer = known(1, 2, ratings={"helpfulness": [5, 1]})
    gold = make_gold(item=make_item(project), actor=lead, known=answer)
    rated = make_judgment(gold.item, make_user(), (1, 2), ratings={"helpfulness": [4, 2]})
    unrated = make_judgment(gold.item, make_user(), (1, 2))
    elsewhere = make_judgment(gold.item, make_user(), (1, 2), rubric_version=None)
    assert [is_met(gold, one) for one in (rated, unrated, elsewhere)] == [True, False, True]
