"""The discussion of an item, and what comes of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from annotation.core.errors import Conflict
from annotation.core.models import Event
from annotation.labeling.calibration import outcomes, talking
from annotation.labeling.calibration.shown import shared_desk
from annotation.labeling.models import (
    CalibrationOutcome,
    CalibrationPost,
    CalibrationRound,
    GoldItem,
)
from annotation.labeling.verdict import verdict_from_choices
from annotation.projects.models import Membership, RubricDraft
from tests.annotation.labeling.calibration.world import revealed
from tests.factories import make_member

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def round_(project, lead, labelers, items):
    return revealed(project, lead, labelers, items)


@pytest.fixture
def found(round_, project):
    found = round_.items.select_related("item__prompt").first()
    found.round, found.item.project = round_, project
    return found


def url(name, *args):
    return reverse(f"labeling:{name}", args=["shop", *args])


def item_url(found):
    return url("show-calibration-item", found.round_id, found.position)


def write(client, user, found, text, **data):
    client.force_login(user)
    here = url("write-calibration-post", found.round_id, found.position)
    return client.post(here, {"text": text, **data})


def page(client, user, found):
    client.force_login(user)
    return client.get(item_url(found)).content.decode()


def test_members_and_who_leads_talk_and_see_what_is_new(client, found, labelers, lead):
    mira, noah, _olga = labelers
    written = write(client, mira, found, "**B** is _wrong_. <script>alert(1)</script>")
    post = CalibrationPost.objects.get()
    assert written.url == f"{item_url(found)}#post-{post.pk}"

    client.force_login(noah)
    assert "1 new post." in client.get("/").content.decode()
    assert "1 new" in client.get(url("show-calibration", found.round_id)).content.decode()
    shown = page(client, noah, found)
    assert "<strong>B</strong>" in shown
    assert "<script>alert" not in shown
    assert ">New<" in shown
    assert ">New<" not in page(client, noah, found)
    assert "new post" not in client.get("/").content.decode()
    assert ">New<" not in page(client, mira, found)  # one's own

    write(client, lead, found, "Why?", parent=post.pk)
    reply = CalibrationPost.objects.last()
    assert reply.parent == post
    assert "Lead" in page(client, mira, found)
    # A reply to a reply stands beside it.
    write(client, mira, found, "Because.", parent=reply.pk)
    assert CalibrationPost.objects.last().parent == post
    kinds = Event.objects.filter(kind="calibration.post_written")
    assert kinds.count() == 3
    assert "wrong" not in str(list(kinds.values_list("payload", flat=True)))


def test_a_stranger_says_nothing(client, found, project, labelers):
    stranger = make_member(project)
    engineer = make_member(project, Role.ENGINEER)
    for user in (stranger, engineer):
        assert write(client, user, found, "Hello").status_code == 404
    assert write(client, labelers[0], found, "Hello", parent="4711").status_code == 404
    assert not CalibrationPost.objects.exists()


@pytest.mark.parametrize(("text", "said"), [("  ", "Write something"), ("x" * 4001, "4,001")])
def test_what_cannot_be_said_stays_in_the_form(client, found, labelers, text, said):
    answer = write(client, labelers[0], found, text)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert text in answer.content.decode()
    assert not CalibrationPost.objects.exists()


def change(client, user, post, **data):
    client.force_login(user)
    here = url("change-calibration-post", post.item.round_id, post.pk)
    return client.post(here, data, follow=True)


def test_a_post_is_changed_for_a_quarter_of_an_hour_by_its_author(client, found, labelers, lead):
    post = talking.say(found=found, author=labelers[0], text="First.")
    assert change(client, labelers[1], post, do="edit", text="Mine.").status_code == 404
    assert change(client, lead, post, do="edit", text="Mine.").status_code == 404
    shown = change(client, labelers[0], post, do="edit", text="Better.").content.decode()
    assert "Better." in shown
    assert "changed" in shown

    long_ago = timezone.now() - timedelta(minutes=16)
    CalibrationPost.objects.filter(pk=post.pk).update(created_at=long_ago)
    late = change(client, labelers[0], post, do="edit", text="Too late.").content.decode()
    assert "can be changed for 15 minutes" in late
    post.refresh_from_db()
    assert post.text == "Better."


def test_a_removed_post_leaves_its_place_and_the_replies(client, found, labelers, lead):
    post = talking.say(found=found, author=labelers[0], text="Something hasty.")
    talking.say(found=found, author=labelers[1], text="An answer.", parent_id=post.pk)
    assert change(client, labelers[1], post, do="remove").status_code == 404

    shown = change(client, labelers[0], post, do="remove").content.decode()

    assert "(removed)" in shown
    assert "An answer." in shown
    assert "hasty" not in shown
    other = talking.say(found=found, author=labelers[1], text="Off the point.")
    assert "Off the point." not in change(client, lead, other, do="remove").content.decode()


def test_a_post_says_something_or_was_removed(found, labelers):
    with pytest.raises(IntegrityError), transaction.atomic():
        CalibrationPost.objects.create(item=found, author=labelers[0], text="")


def conclude(client, user, found, **data):
    client.force_login(user)
    here = url("conclude-calibration-item", found.round_id, found.position)
    return client.post(here, {"key": str(uuid4()), **data}, follow=True)


def test_the_verdict_begins_with_the_majority_and_is_seen_by_all(client, found, labelers, lead):
    shown = page(client, lead, found)
    best = letter_of(found, 1)
    name = f'name="rank_{best}" value="1" checked'
    assert name in shown
    assert "This is what we agreed on" not in page(client, labelers[0], found)
    other = letter_of(found, 2)

    data = {f"rank_{best}": "1", f"rank_{other}": "2", "note": "Only it is complete."}
    answer = conclude(client, lead, found, do="agree", **data)

    assert "Everybody in the round sees it" in answer.content.decode()
    (outcome,) = CalibrationOutcome.objects.all()
    assert (outcome.ranks, outcome.note) == ([1, 2], "Only it is complete.")
    shown = page(client, labelers[2], found)
    assert "Only it is complete." in shown
    assert "Agreed verdict" in shown


def letter_of(found, position):
    return shared_desk(found).letters[position - 1].lower()


def test_half_a_verdict_is_refused_with_what_was_entered(client, found, lead):
    letter = letter_of(found, 1)
    answer = conclude(client, lead, found, do="agree", note="So.", **{f"rank_{letter}": "1"})
    assert answer.status_code == 400
    shown = answer.content.decode()
    assert "Rank response" in shown
    assert ">So.</textarea>" in shown
    assert not CalibrationOutcome.objects.exists()


def test_only_who_reviews_concludes(client, found, labelers, project):
    assert conclude(client, labelers[0], found, do="open", note="So.").status_code == 404
    reviewer = make_member(project, Role.REVIEWER)
    assert conclude(client, reviewer, found, do="open", note="Both hold.").status_code == 200
    assert CalibrationOutcome.objects.get().kind == "none"


def test_no_agreement_is_an_outcome_with_words(client, found, lead):
    assert "Say what stays open" in conclude(client, lead, found, do="open").content.decode()
    assert "Choose what to do" in conclude(client, lead, found, do="dance").content.decode()
    assert not CalibrationOutcome.objects.exists()


def agree(found, actor, key=None):
    return outcomes.agree(
        found=found,
        actor=actor,
        verdict=verdict_from_choices({1: 1, 2: 2}, response_count=2),
        note="Complete.",
        key=key or uuid4(),
    )


def test_the_last_word_holds_and_the_same_key_is_the_same_outcome(found, lead):
    key = uuid4()
    first = agree(found, lead, key)
    assert agree(found, lead, key) == first
    assert outcomes.verdict_of(found) == first
    outcomes.leave_open(found=found, actor=lead, note="Not any more.", key=uuid4())
    assert outcomes.verdict_of(found) is None
    again = agree(found, lead)
    assert outcomes.verdict_of(found) == again
    assert CalibrationOutcome.objects.count() == 3


def test_an_outcome_is_never_changed(found, lead):
    agree(found, lead)
    for change_it in (
        lambda rows: rows.update(note="Other."),
        lambda rows: rows.delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change_it(CalibrationOutcome.objects.all())
    assert CalibrationOutcome.objects.get().note == "Complete."


def test_it_becomes_an_example_of_the_rubric(client, found, lead):
    answer = conclude(
        client, lead, found, do="example", criterion="clarity", text="Like this one."
    )
    assert "Rubric example" in answer.content.decode()
    content = RubricDraft.objects.get().content
    (criterion,) = [one for one in content["criteria"] if one["key"] == "clarity"]
    assert criterion["examples"][-1] == {"text": "Like this one.", "item": str(found.item_id)}
    absent = conclude(client, lead, found, do="example", criterion="none", text="x")
    assert "no criterion" in absent.content.decode()
    assert CalibrationOutcome.objects.count() == 1


def test_it_becomes_gold_with_the_agreed_verdict(client, found, lead):
    first = conclude(client, lead, found, do="gold", tolerance="best")
    assert "Enter the agreed verdict first" in first.content.decode()
    agree(found, lead)

    conclude(client, lead, found, do="gold", tolerance="best")

    gold = GoldItem.objects.get(item=found.item_id)
    assert (gold.ranks, gold.tolerance, gold.explanation) == ([1, 2], "best", "Complete.")
    again = conclude(client, lead, found, do="gold", tolerance="best")
    assert "known answer already" in again.content.decode()
    assert CalibrationOutcome.objects.filter(kind="gold").count() == 1


def test_that_it_became_gold_is_told_to_no_labeler(client, found, lead, labelers):
    agree(found, lead)
    shown = conclude(client, lead, found, do="gold", tolerance="best")
    assert "Gold item" in shown.content.decode()
    assert "Labelers do not see that it is gold." in shown.content.decode()
    assert "Everybody in the round sees it" not in shown.content.decode()

    client.force_login(labelers[0])
    place = [found.round.project.slug, found.round_id, found.position]
    page = client.get(reverse("labeling:show-calibration-item", args=place)).content.decode()

    assert "Complete." in page
    assert "Gold item" not in page


def test_what_is_over_stays_as_it_was(found, lead, labelers):
    post = talking.say(found=found, author=labelers[0], text="Early.")
    now = timezone.now()
    CalibrationRound.objects.filter(pk=found.round_id).update(state="closed", closed_at=now)
    calls = [
        lambda: talking.say(found=found, author=labelers[0], text="Late."),
        lambda: talking.edit_post(post=post, author=labelers[0], text="Late."),
        lambda: agree(found, lead),
    ]
    for call in calls:
        with pytest.raises(Conflict, match="is over"):
            call()
