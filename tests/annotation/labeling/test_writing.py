"""Writing on a page without script: a button opens, quotes or discards, and nothing is lost."""

import json

import pytest
from django.urls import reverse

from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.queue import lend_next_item
from annotation.projects.judging import configure_judging
from annotation.projects.models import Membership
from annotation.projects.services import TagSpec, current_rubric
from annotation.prompts.models import Response
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db

TEXTS = ("\nFirst  line \r\nis <b>here</b>. ", "The fox sleeps. It sleeps. 👍🏽")


@pytest.fixture
def project():
    return make_project(
        "shop",
        overlap=1,
        allows_corrections=True,
        demonstration="fallback",
        error_labels=[TagSpec("fact", "Wrong fact")],
    )


@pytest.fixture
def assignment(client, project):
    labeler = make_member(project)
    make_item(project, TEXTS)
    client.force_login(labeler)
    lent = lend_next_item(project=project, labeler=labeler)
    Assignment.objects.update(order=[1, 2])
    return lent


def send(client, assignment, **fields):
    known = {"key": str(assignment.key), "token": assignment.token, "rank_a": 1, "rank_b": 2}
    url = reverse("labeling:submit-judgment", args=["shop", assignment.pk])
    return client.post(url, known | fields)


def mark(start, end, label="fact", response="b", note=""):
    return {"response": response, "start": start, "end": end, "label": label, "note": note}


def test_opening_an_editor_records_nothing_and_keeps_what_was_entered(client, assignment):
    page = send(client, assignment, open="edit_a", rationale="Kept & whole.")
    html = page.content.decode()

    assert page.status_code == 200
    assert not Judgment.objects.exists()
    assert "Kept &amp; whole." in html
    assert 'name="rank_b" value="2" checked' in html
    # A parser drops the first line end after the tag: the text's own one comes after it.
    assert ">\n\nFirst  line \r\nis &lt;b&gt;here&lt;/b&gt;. </textarea>" in html


@pytest.mark.parametrize(
    "sent",
    [
        TEXTS[0],
        TEXTS[0].replace("\r\n", "\n"),
        TEXTS[0].replace("\r\n", "\n").replace("\n", "\r\n"),
    ],
)
def test_an_editor_left_as_it_was_is_no_correction(client, assignment, sent):
    send(client, assignment, edit_a=sent)
    assert Judgment.objects.count() == 1
    assert not Response.objects.filter(kind="correction").exists()


def test_a_changed_space_at_the_end_is_a_correction(client, assignment):
    send(client, assignment, edit_a=TEXTS[0].rstrip(" "))
    assert Response.objects.get(kind="correction").text == TEXTS[0].rstrip(" ").replace(
        "\r\n", "\n"
    )


def test_a_discarded_correction_can_be_taken_back(client, assignment):
    page = send(client, assignment, open="drop_a", edit_a="Mine.").content.decode()
    assert 'id="edit_a"' not in page
    assert 'name="dropped_a" hidden>\nMine.</textarea>' in page

    page = send(client, assignment, open="undrop_a", dropped_a="Mine.").content.decode()
    assert ">\nMine.</textarea>" in page
    assert 'id="edit_a"' in page


def test_a_quote_becomes_a_mark_at_the_button_or_at_the_submit(client, assignment):
    quoted = {"quote_b": "fox sleeps", "quote_label_b": "fact", "quote_note_b": "It is awake."}
    page = send(client, assignment, open="mark_b", **quoted).content.decode()
    assert "&quot;start&quot;:4" in page
    assert "It is awake." in page
    assert not Judgment.objects.exists()

    send(client, assignment, highlights=json.dumps([mark(19, 25)]), **quoted)
    assert [TEXTS[1][m["start"] : m["end"]] for m in Judgment.objects.get().highlights] == [
        "fox sleeps",
        "sleeps",
    ]


@pytest.mark.parametrize("fields", [{}, {"open": "mark_b"}])
@pytest.mark.parametrize(
    ("quote", "label", "sentence"),
    [
        ("sleeps", "fact", "is there 2 times"),
        ("nowhere", "fact", "is not in this response"),
        ("fox", "", "Say what is wrong"),
    ],
)
def test_a_quote_without_its_place_gets_a_sentence_and_stays(
    client, assignment, fields, quote, label, sentence
):
    page = send(
        client, assignment, quote_b=quote, quote_label_b=label, quote_note_b="N.", **fields
    )
    html = page.content.decode()
    assert page.status_code == 422
    assert sentence in html
    assert 'href="#quote_b"' in html
    assert f'aria-invalid="true">\n{quote}</textarea>' in html
    assert "\nN.</textarea>" in html
    assert not Judgment.objects.exists()


def test_a_mark_is_removed_or_goes_back_into_its_fields(client, assignment):
    marks = json.dumps([mark(4, 7, note="N."), mark(8, 14)])
    page = send(client, assignment, open="unmark_1", highlights=marks).content.decode()
    assert page.count("data-mark=") == 1
    assert "&quot;start&quot;:4" in page
    page = send(client, assignment, open="remark_0", highlights=marks).content.decode()
    assert page.count("data-mark=") == 1
    assert ">\nfox</textarea>" in page
    assert ">\nN.</textarea>" in page


@pytest.mark.parametrize(
    "action",
    [
        "edit_z",
        "edit",
        "_",
        "unmark_x",
        "unmark_9",
        "unmark_99999999",
        "diff_z",
        "mark_",
        "x" * 999,
    ],
)
@pytest.mark.parametrize("highlights", ["", "[[", '{"a": 1}', "[1, null]", '[{"response": 3}]'])
def test_a_strange_button_or_field_shows_the_page_as_it_was(
    client, assignment, action, highlights
):
    page = send(client, assignment, open=action, highlights=highlights, rationale="Kept.")
    assert page.status_code == 200
    assert "Kept." in page.content.decode()
    assert not Judgment.objects.exists()


def test_the_comparison_is_with_the_best_ranked_or_the_chosen_one(client, project):
    labeler = make_member(project)
    make_item(project, ("One.", "Two.", "Three."))
    client.force_login(labeler)
    lent = lend_next_item(project=project, labeler=labeler)
    fields = {"rank_a": 3, "rank_b": 2, "rank_c": 1}
    page = send(client, lent, open="diff_a", **fields).content.decode()
    assert "A compared with C" in page
    page = send(client, lent, open="diff_a", against_a="B", **fields).content.decode()
    assert "A compared with B" in page
    page = send(client, lent, open="diff_a", against_a="A", **fields).content.decode()
    assert "A compared with C" in page


def test_a_fresh_page_carries_no_response_twice_and_no_tool_that_is_not_asked_for(client, project):
    labeler = make_member(project)
    make_item(project, ("A_text_of_its_own.", "Two."))
    client.force_login(labeler)
    url = reverse("labeling:judge", args=["shop"])

    page = client.get(url).content.decode()
    assert page.count("A_text_of_its_own.") == 2, "rendered and raw"
    assert all(tool in page for tool in ('value="edit_a"', 'value="mark_a"', 'value="diff_a"'))
    configure_judging(
        project=project, allows_corrections=False, demonstration="off", error_labels=[]
    )
    Membership.objects.update(seen_rubric=current_rubric(project))
    page = client.get(url).content.decode()
    assert 'value="diff_a"' in page
    assert not any(tool in page for tool in ('value="edit_a"', 'value="mark_a"', "demonstration"))


def test_a_project_of_demonstrations_is_the_prompt_and_the_box(client):
    project = make_project("shop", overlap=1, ordering="none", demonstration="always")
    labeler = make_member(project)
    make_item(project, ())
    client.force_login(labeler)
    page = client.get(reverse("labeling:judge", args=["shop"])).content.decode()
    assert 'id="demonstration"' in page
    assert 'class="response' not in page
    lent = Assignment.objects.get()
    fields = {"key": str(lent.key), "token": lent.token}
    url = reverse("labeling:submit-judgment", args=["shop", lent.pk])

    refused = client.post(url, fields)
    assert refused.status_code == 422
    assert "Write the response that you would give." in refused.content.decode()
    client.post(url, fields | {"demonstration": " An\r\nanswer. "})

    assert Response.objects.get(kind="demonstration").text == " An\nanswer. "


def test_a_long_correction_is_kept_in_the_draft(client, assignment):
    url = reverse("labeling:save-draft", args=["shop", assignment.pk])
    fields = {"token": assignment.token, "edit_a": "é" * 200_000}
    assert client.post(url, fields).status_code == 204
    assignment.refresh_from_db()
    assert assignment.draft["edit_a"] == fields["edit_a"]
