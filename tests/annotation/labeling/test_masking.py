"""Masked for labelers, kept for everybody else; what was judged stays as it was."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from annotation.candidates.models import ResponseDecision, ResponseMark
from annotation.core.errors import DomainError
from annotation.core.models import Event, Job
from annotation.labeling.models import Assignment, Item, ItemResponse, Judgment
from annotation.labeling.responses.deciding import decide
from annotation.labeling.responses.masking import MASK, masked
from tests.annotation.candidates.marks.test_marking import mark
from tests.factories import make_item, make_judgment, make_key, make_member, make_project

LEAK = "I am ChatGPT, trained by OpenAI. Paris is it."
SHOWN = f"I am {MASK}, trained by {MASK}. Paris is it."


@pytest.fixture
def project(db):
    return make_project(overlap=2, allows_corrections=True)


@pytest.fixture
def lead(project):
    return make_member(project, "lead")


@pytest.fixture
def labeler(project):
    return make_member(project, handle="ann")


@pytest.fixture
def item(project):
    item = make_item(project, (LEAK, "Paris.", "It is Paris, of course."))
    mark(project)
    return item


def place(item, key="a"):
    return item.item_responses.get(key=key)


def decided(item, choice, lead, *keys):
    responses = [place(item, key).response_id for key in keys or "a"]
    return decide(project=item.project, responses=responses, choice=choice, actor=lead)


def test_the_labeler_reads_the_mask_and_the_original_is_kept(client, project, item, lead, labeler):
    count, changed = decided(item, "masked", lead)
    client.force_login(labeler)

    page = client.get(reverse("labeling:judge", args=[project.slug])).content.decode()

    assert (count, changed.shown, changed.left) == (1, 1, 0)
    assert f"I am {MASK}" in page
    assert "ChatGPT" not in page
    assert "OpenAI" not in page
    assert place(item).response.text == LEAK
    assert Event.objects.get(kind="marking.decided").payload == {"choice": "masked", "count": 1}
    assert Job.objects.filter(kind="render").exists()


def test_the_page_takes_no_statement_more(client, project, item, lead, labeler):
    client.force_login(labeler)
    address = reverse("labeling:judge", args=[project.slug])
    client.get(address)  # lent, and rendered
    with CaptureQueriesContext(
        connection,
    ) as plain:
        client.get(address)
    ItemResponse.objects.filter(item=item, key="a").update(shown_text=SHOWN, shown_sha256="x" * 64)
    client.get(address)
    with CaptureQueriesContext(connection) as with_mask:
        assert MASK in client.get(address).content.decode()

    assert len(with_mask) == len(plain)


def test_a_program_reads_the_mask_too(client, project, item, lead, labeler):
    decided(item, "masked", lead)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {make_key(labeler)}"}

    answer = client.post(reverse("labeling-api:next", args=[project.slug]), **bearer).json()

    shown = {one["id"]: one["text"] for one in answer["assignment"]["responses"]}
    assert shown["a"] == SHOWN
    assert shown["b"] == "Paris."


def test_staff_see_the_original_with_the_mask_beside_it(client, project, item, lead):
    decided(item, "masked", lead)
    client.force_login(lead)

    page = client.get(reverse("labeling:show-item", args=[project.slug, item.pk]))

    assert "ChatGPT" in page.content.decode()
    assert MASK in page.content.decode()


def submit_correction(client, project, item, corrected):
    """Judge the item at the desk, with this correction of its first response."""
    client.get(reverse("labeling:judge", args=[project.slug]))
    lent = Assignment.objects.get(item=item)
    letters = {position: "abc"[n] for n, position in enumerate(lent.order)}
    answer = {f"rank_{letter}": "1" for letter in "abc"}
    answer |= {f"edit_{letters[1]}": corrected, "key": str(uuid.uuid4()), "token": lent.token}
    url = reverse("labeling:submit-judgment", args=[project.slug, lent.pk])
    return client.post(url, answer, follow=True).content.decode(), letters[1].upper()


def test_a_correction_that_keeps_the_mask_is_warned_of_and_counts(
    client, project, item, lead, labeler
):
    decided(item, "masked", lead)
    client.force_login(labeler)

    page, letter = submit_correction(client, project, item, SHOWN.replace("Paris", "Rome"))

    assert f"Your correction of {letter} keeps covered words" in page
    assert Judgment.objects.get().written.get().response.text.count(MASK) == 2
    client.force_login(make_member(project, "reviewer"))
    seen = client.get(reverse("labeling:show-item", args=[project.slug, item.pk]))
    assert "It keeps covered words" in seen.content.decode(), "the reviewer is told"


@pytest.mark.parametrize("corrected", ["Paris it is.", SHOWN])
def test_a_correction_without_the_mask_or_without_a_change_is_not_warned_of(
    client, project, item, lead, labeler, corrected
):
    decided(item, "masked", lead)
    client.force_login(labeler)

    page, _letter = submit_correction(client, project, item, corrected)

    assert Judgment.objects.count() == 1
    assert "keeps covered words" not in page


def test_the_editor_says_so_while_it_is_written(client, project, item, lead, labeler):
    decided(item, "masked", lead)
    client.force_login(labeler)
    client.get(reverse("labeling:judge", args=[project.slug]))
    lent = Assignment.objects.get(item=item)
    letter = "abc"[lent.order.index(1)]
    address = reverse("labeling:show-diff", args=[project.slug, lent.pk])

    def said(text):
        return client.post(address, {"of": letter, "text": text}).content.decode()

    assert "It keeps covered words" in said(SHOWN + " So.")
    assert "It keeps covered words" not in said("Paris it is.")


def test_what_somebody_was_lent_or_judged_stays(client, project, item, lead, labeler):
    make_judgment(item, labeler, [1, 2, 3])

    count, changed = decided(item, "masked", lead)

    assert (count, changed.shown, changed.left) == (1, 0, 1)
    assert place(item).shown_text == ""


def test_a_decision_taken_back_shows_the_text_again(item, lead):
    decided(item, "masked", lead)
    decided(item, "left", lead)

    assert place(item).shown_text == ""
    assert ResponseDecision.objects.get().choice == "left"


def test_nothing_to_mask_is_left_undecided(item, lead):
    count, changed = decided(item, "masked", lead, "b")

    assert count == 0
    assert not ResponseDecision.objects.exists()
    assert not Event.objects.filter(kind="marking.decided").exists()


def test_withheld_goes_out_of_an_item_and_the_others_move_up(item, lead):
    _count, changed = decided(item, "withheld", lead)

    item.refresh_from_db()
    assert (changed.removed, item.response_count) == (1, 2)
    assert list(item.item_responses.values_list("position", "key")) == [(1, "b"), (2, "c")]


def test_an_item_with_one_response_left_is_withdrawn_whole(project, lead):
    item = make_item(project, (LEAK, "Paris."))
    mark(project)

    _count, changed = decided(item, "withheld", lead)

    item.refresh_from_db()
    assert (changed.withdrawn, item.state, item.response_count) == (1, Item.State.WITHDRAWN, 2)


def test_repeats_are_merged_within_their_item(project, lead):
    item = make_item(project, ("Paris it is", "paris it is.", "Rome", "Rome"))
    mark(project)
    marked = ResponseMark.objects.filter(kind="equal").values_list("response", flat=True)

    count, changed = decide(project=project, responses=marked, choice="merged", actor=lead)

    item.refresh_from_db()
    assert (count, changed.removed, item.response_count) == (2, 2, 2)
    assert set(item.item_responses.values_list("position", "key", "equal_to")) == {
        (1, "a", None),
        (2, "c", None),
    }
    assert ResponseDecision.objects.filter(merged_into=place(item).response).count() == 1


def test_equal_places_name_each_other_after_one_before_them_went(project, lead):
    item = make_item(project, ("", "Rome", "Rome"))

    decided(item, "withheld", lead)

    assert set(item.item_responses.values_list("position", "key", "equal_to")) == {
        (1, "b", None),
        (2, "c", 1),
    }


def test_foreign_responses_and_unknown_words_are_refused(item, lead):
    other = make_item(make_project())
    foreign = other.responses.first().pk

    for responses, choice in (([foreign], "left"), ([place(item).response_id], "burned")):
        with pytest.raises(DomainError):
            decide(project=item.project, responses=responses, choice=choice, actor=lead)
    assert not ResponseDecision.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"choice": "masked"}, {"choice": "merged"}, {"choice": "left", "masked_text": "x"}]
)
def test_a_decision_without_sense_cannot_be_written(item, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        ResponseDecision.objects.create(response=place(item).response, **wrong)
    ResponseDecision.objects.create(response=place(item).response, choice="left")


@given(
    st.text("ab ", max_size=40),
    st.lists(st.tuples(st.integers(0, 39), st.integers(1, 5)), max_size=5),
)
def test_a_mask_covers_its_places_and_leaves_the_rest(text, drawn):
    places = [(at, min(at + length, len(text))) for at, length in drawn if at < len(text)]
    covered = {at for start, end in places for at in range(start, end)}
    shown = masked(text, places)

    rest = "".join(sign for at, sign in enumerate(text) if at not in covered)
    assert shown.replace(MASK, "") == rest
    assert shown.count(MASK) <= len(places)
