"""What a reviewer is offered, in which order, and what comes next."""

import pytest

from annotation.labeling.models import ItemReport, ItemReview
from annotation.labeling.review import services
from annotation.labeling.review.entries import bring_up_to_date
from annotation.labeling.review.queue import Filter, ReviewQueue
from annotation.projects.models import Membership
from annotation.projects.services import CriterionSpec, TagSpec, publish_rubric
from tests.annotation.labeling.review.world import disputed, settle
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project("shop", overlap=3)
    lead = make_member(project, Membership.Role.LEAD)
    services.save_settings(project=project, actor=lead, audit_percent=0, spread_percent=0)
    return project


@pytest.fixture
def labelers(project):
    return [make_member(project) for _ in range(3)]


@pytest.fixture
def reviewer(project):
    return make_member(project, Membership.Role.REVIEWER)


def listed(project, reviewer, **chosen):
    queue = ReviewQueue(project, reviewer, Filter.of(chosen))
    return [review.item_id for review in queue.rows()]


def test_the_largest_disagreement_comes_first_and_agreement_is_not_asked(
    project, labelers, reviewer
):
    little = disputed(project, labelers, [1, 2, 3], [2, 1, 3], [1, 2, 3])
    much = disputed(project, labelers, [1, 2, 3], [3, 2, 1], [1, 2, 3])
    calm = disputed(project, labelers, [1, 2, 3], [1, 2, 3], [1, 2, 3])
    begun = disputed(project, labelers, [1, 2], [2, 1])
    assert listed(project, reviewer) == [much.pk, little.pk]
    everything = listed(project, reviewer, state="all")
    assert everything == [begun.pk, much.pk, little.pk, calm.pk]


def test_a_decided_item_leaves_and_is_found_under_its_state(project, labelers, reviewer):
    items = [disputed(project, labelers) for _ in range(2)]
    settle(items[0], reviewer, 1, 2)
    assert listed(project, reviewer) == [items[1].pk]
    assert listed(project, reviewer, state="settled") == [items[0].pk]
    counts = ReviewQueue(project, reviewer).counts()
    assert (counts[""], counts["settled"], counts["all"]) == (1, 1, 2)


def test_what_one_judged_is_not_offered_but_can_be_asked_for(project, labelers):
    item = disputed(project, labelers)
    assert listed(project, labelers[0]) == []
    assert ReviewQueue(project, labelers[0]).left_out() == 1
    assert listed(project, labelers[0], own="1") == [item.pk]


def test_a_report_waits_also_on_an_item_that_nobody_judged(project, labelers, reviewer):
    item = make_item(project)
    bring_up_to_date(project)
    assert listed(project, reviewer) == []
    report = ItemReport.objects.create(item=item, labeler=labelers[0], kind="personal")
    bring_up_to_date(project)
    assert listed(project, reviewer) == listed(project, reviewer, why="reported") == [item.pk]
    report.resolved_at, report.resolved_by = item.created_at, reviewer
    report.save()
    assert listed(project, reviewer) == []


def test_an_item_is_reported_and_judged_at_once(project, labelers, reviewer):
    """Before anybody has opened the queue: one row, though it waits for two reasons."""
    item = make_item(project)
    for labeler, ranks in zip(labelers[:2], ([1, 2], [2, 1]), strict=True):
        make_judgment(item, labeler, ranks)
    ItemReport.objects.create(item=item, labeler=labelers[2], kind="personal")
    bring_up_to_date(project)
    assert listed(project, reviewer) == listed(project, reviewer, why="reported") == [item.pk]


def test_a_criterion_may_be_called_by_a_number(project, labelers, reviewer):
    criteria = [CriterionSpec("1", "First"), CriterionSpec("2", "Second")]
    publish_rubric(project=project, guideline="", criteria=criteria)
    item = make_item(project)
    for labeler, value in zip(labelers, (1, 5, 3), strict=True):
        make_judgment(item, labeler, [1, 2], ratings={"1": [value, 3], "2": [2, 2]})
    bring_up_to_date(project)
    assert listed(project, reviewer, state="all", criterion="1") == [item.pk]
    assert listed(project, reviewer, state="all", criterion="2") == []


def test_by_criterion_by_flag_by_words_by_metadata(project, labelers, reviewer):
    publish_rubric(
        project=project,
        guideline="",
        criteria=[CriterionSpec("help", "Helpfulness"), CriterionSpec("tone", "Tone")],
        flags=[TagSpec("unsafe", "Unsafe")],
    )
    calm, loud = (
        make_item(
            project,
            prompt=make_prompt(project, text),
            external_id=external_id,
            metadata={"language": language, "turns": turns},
        )
        for text, external_id, language, turns in (
            ("A prime, bitte schön?", "p-1", "de", 1),
            ("A poem?", "q-1", "en", 2),
        )
    )
    for labeler, value in zip(labelers, (1, 5, 5), strict=True):
        make_judgment(calm, labeler, [1, 2], ratings={"help": [3, 3], "tone": [2, 2]})
        make_judgment(
            loud,
            labeler,
            [1, 2],
            ratings={"help": [value, 3], "tone": [2, 2]},
            flags={"unsafe": [1]} if value == 1 else {},
        )
    bring_up_to_date(project)
    assert listed(project, reviewer, state="all", criterion="help") == [loud.pk]
    assert listed(project, reviewer, state="all", criterion="tone") == []
    assert listed(project, reviewer, flag="unsafe") == [loud.pk]
    assert listed(project, reviewer, flag="-unacceptable") == []
    assert listed(project, reviewer, q="bitte SCHÖN") == [calm.pk]
    assert listed(project, reviewer, q="q-") == [loud.pk]
    assert listed(project, reviewer, metadata="language=de") == [calm.pk]
    assert listed(project, reviewer, metadata="turns = 2") == [loud.pk]
    assert listed(project, reviewer, metadata="turns") == []


@pytest.mark.parametrize(
    "said",
    [
        {"state": "nonsense", "why": "nonsense"},
        {"q": "\x00", "metadata": "\ud800"},
        {"criterion": "nobody's", "state": "all"},
        {"criterion": "'); DROP", "flag": "%"},
        {"metadata": '={"a":'},
    ],
)
def test_what_names_nothing_is_no_error(project, labelers, reviewer, said):
    disputed(project, labelers)
    assert listed(project, reviewer, **said) is not None


def test_next_goes_down_the_list_once_and_begins_again(project, labelers, reviewer):
    much = disputed(project, labelers, [1, 2, 3], [3, 2, 1], [1, 2, 3])
    little = [disputed(project, labelers, [1, 2, 3], [2, 1, 3], [1, 2, 3]) for _ in range(2)]
    queue = ReviewQueue(project, reviewer)
    seen = [queue.next_after()]
    for _ in range(3):
        seen.append(queue.next_after(seen[-1]))
    assert [one.item_id for one in seen] == [much.pk, little[0].pk, little[1].pk, much.pk]
    for item in (much, little[0]):
        settle(item, reviewer, 1, 2, 3)
    last = ItemReview.objects.get(item=little[1])
    assert queue.next_after(last) is None


def test_without_an_order_the_list_still_goes_on(project, labelers, reviewer):
    items = [make_item(project, ("One.",)) for _ in range(3)]
    for item in items:
        for labeler in labelers:
            make_judgment(item, labeler, [None])
    bring_up_to_date(project)
    queue = ReviewQueue(project, reviewer, Filter(state="all"))
    first = queue.next_after()
    assert queue.next_after(queue.next_after(first)).item_id == items[2].pk
