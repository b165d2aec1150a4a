"""What the page asks for while somebody writes: for the holder of the item alone, and harmless."""

import pytest
from django.urls import reverse

from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.queue import lend_next_item
from annotation.projects.models import Membership
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db

TEXTS = ("\ufeff\r\nThe quick\tfox <b>jumps</b>.\r\n ", "The slow fox jumps.")


@pytest.fixture
def project():
    return make_project("shop", overlap=1)


@pytest.fixture
def assignment(client, project):
    labeler = make_member(project)
    make_item(project, TEXTS)
    client.force_login(labeler)
    lent = lend_next_item(project=project, labeler=labeler)
    Assignment.objects.update(order=[2, 1])  # A is the second response
    return lent


def url(name, assignment, *more, slug="shop"):
    return reverse(f"labeling:{name}", args=[slug, assignment.pk, *more])


def doors(assignment, **where):
    """Every address of this file, with the method and the data that open it."""
    return {
        "read-raw": ("get", url("read-raw", assignment, "a", **where), {}),
        "show-diff": ("get", url("show-diff", assignment, **where), {"of": "a", "against": "b"}),
        "diff of a correction": (
            "post",
            url("show-diff", assignment, **where),
            {"of": "a", "text": "Better."},
        ),
        "open-editor": ("get", url("open-editor", assignment, "a", **where), {}),
        "list-marks": ("post", url("list-marks", assignment, **where), {"of": "a"}),
        "preview-text": ("post", url("preview-text", assignment, **where), {"text": "*x*"}),
        "locate-quote": (
            "post",
            url("locate-quote", assignment, **where),
            {"response": "a", "quote": "slow"},
        ),
    }


def statuses(client, assignment, **where):
    return {
        name: getattr(client, method)(path, data).status_code
        for name, (method, path, data) in doors(assignment, **where).items()
    }


def test_the_holder_of_the_item_gets_an_answer_and_nothing_is_written(client, assignment):
    before = Assignment.objects.values().get()
    assert set(statuses(client, assignment).values()) == {200}
    assert Assignment.objects.values().get() == before
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("who", ["another labeler", "a lead", "somebody removed", "nobody"])
def test_for_everybody_else_it_is_not_there(client, project, assignment, who):
    if who == "another labeler":
        client.force_login(make_member(project))
    elif who == "a lead":
        client.force_login(make_member(project, Membership.Role.LEAD))
    elif who == "somebody removed":
        Membership.objects.filter(user=assignment.labeler).update(is_active=False)
    else:
        client.logout()
    refused = 302 if who == "nobody" else 404
    assert set(statuses(client, assignment).values()) == {refused}


def test_under_another_projects_name_it_is_not_there(client, assignment):
    make_member_of = make_project("other")
    make_member_of.memberships.create(user=assignment.labeler, handle="me")
    assert set(statuses(client, assignment, slug="other").values()) == {404}


@pytest.mark.parametrize("letter", ["c", "aa", "1", "-"])
def test_a_letter_that_is_not_shown_is_not_there(client, assignment, letter):
    assert client.get(url("read-raw", assignment, letter)).status_code == 404
    diff = url("show-diff", assignment)
    assert client.get(diff, {"of": letter, "against": "a"}).status_code == 404
    assert client.get(diff, {"of": "a", "against": letter}).status_code == 404
    assert client.post(diff, {"of": letter, "text": "x"}).status_code == 404
    quote = {"response": letter, "quote": "slow"}
    assert client.post(url("locate-quote", assignment), quote).status_code == 404


def test_the_raw_text_comes_byte_for_byte_as_harmless_text(client, assignment):
    answer = client.get(url("read-raw", assignment, "b"))

    assert answer.content == TEXTS[0].encode()
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def test_the_diff_says_what_was_added_and_removed_in_words_too(client, assignment):
    page = client.get(url("show-diff", assignment), {"of": "b", "against": "a"})
    html = page.content.decode()

    assert "B compared with A" in html
    assert '<ins><span class="vh"> added: </span>' in html
    assert '<del><span class="vh"> removed: </span>slow' in html
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "⟨BOM⟩" in html, "a character that nobody sees is shown"


def test_the_diff_of_a_correction_takes_the_line_ends_of_a_form_for_the_same(client, assignment):
    unchanged = TEXTS[0].replace("\r\n", "\n").replace("\n", "\r\n")
    page = client.post(url("show-diff", assignment), {"of": "b", "text": unchanged})
    assert "no difference" in page.content.decode()

    page = client.post(url("show-diff", assignment), {"of": "b", "text": unchanged + "<i>"})
    assert "<ins>" in page.content.decode()
    assert "&lt;i&gt;" in page.content.decode()


def test_the_preview_shows_markdown_and_runs_nothing(client, assignment):
    text = "**bold** <script>alert(1)</script>"
    html = client.post(url("preview-text", assignment), {"text": text}).content.decode()
    assert "<strong>bold</strong>" in html
    assert "<script" not in html


@pytest.mark.parametrize("name", ["show-diff", "preview-text"])
@pytest.mark.parametrize(("text", "status"), [("x" * 200_001, 413), ("a\x00b", 400)])
def test_a_text_that_could_not_be_kept_is_refused_with_a_sentence(
    client, assignment, name, text, status
):
    answer = client.post(url(name, assignment), {"of": "a", "text": text})
    assert answer.status_code == status
    assert answer.content.decode().endswith(("fit.", "."))
    assert answer["Content-Type"].startswith("text/plain")


def test_a_quote_is_located_in_the_raw_text(client, assignment):
    found = client.post(url("locate-quote", assignment), {"response": "a", "quote": "slow fox"})
    assert found.json() == {"start": 4, "end": 12, "words": "slow fox"}


@pytest.mark.parametrize("quote", ["", "nowhere", "a\x00"])
def test_a_quote_that_is_not_there_gets_a_sentence(client, assignment, quote):
    answer = client.post(url("locate-quote", assignment), {"response": "a", "quote": quote})
    assert answer.status_code == 422
    assert answer.content.decode().endswith(".") or "NUL" in answer.content.decode()


def test_reading_by_the_wrong_method_is_refused(client, assignment):
    assert client.get(url("preview-text", assignment)).status_code == 405
    assert client.get(url("locate-quote", assignment)).status_code == 405
    assert client.post(url("read-raw", assignment, "a")).status_code == 405
    assert client.put(url("show-diff", assignment)).status_code == 405
