"""Items as the staff sees them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.labeling.batches import batch_label
from annotation.labeling.verdict import Highlight
from annotation.projects.models import Membership
from annotation.projects.services import TagSpec, publish_rubric
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def lead(client, project):
    user = make_member(project, Membership.Role.LEAD)
    client.force_login(user)
    return user


def test_the_list_finds_items_by_the_beginning_of_their_id(client, project, lead):
    make_item(project, external_id="mail-1")
    make_item(project, external_id="chat-1")

    page = client.get(reverse("labeling:list-items", args=["shop"]), {"q": "mail"})

    assert "mail-1" in page.content.decode()
    assert "chat-1" not in page.content.decode()


def test_the_list_tells_begun_items_from_untouched_ones(client, project, lead):
    make_item(project, external_id="begun", taken=1)
    make_item(project, external_id="fresh")
    for progress, shown, hidden in (("begun", "begun", "fresh"), ("untouched", "fresh", "begun")):
        url = reverse("labeling:list-items", args=["shop"])
        rows = [
            item.external_id for item in client.get(url, {"progress": progress}).context["page"]
        ]
        assert rows == [shown]
        assert hidden not in rows


@pytest.mark.parametrize("query", ["\x00", "a\x00b", "%", "'; --", "__id", "x" * 5000])
def test_a_hostile_search_is_only_a_search_without_a_result(client, project, lead, query):
    make_item(project)
    url = reverse("labeling:list-items", args=["shop"])
    assert client.get(url, {"q": query, "progress": "project__name"}).status_code == 200


def test_a_lone_surrogate_by_way_of_another_charset_is_no_defect(client, project, lead):
    url = reverse("labeling:list-items", args=["shop"])
    answer = client.get(url + "?q=%2B2AA-", headers={"Content-Type": "text/html; charset=utf-7"})
    assert answer.status_code in (200, 400)


def test_an_item_shows_who_wrote_what_and_who_judged_how(client, project, lead):
    item = make_item(project, ["**One.**", "Two.", "Three."])
    labeler = make_member(project, handle="w1")
    make_judgment(item, labeler, [2, 1, "x"], strength=[2], ratings={"clarity": [3, 5, 1]})

    page = client.get(reverse("labeling:show-item", args=["shop", item.pk])).content.decode()

    assert "secret-model-1" in page
    assert "<strong>One.</strong>" in page
    assert "b &gt; clearly a; unacceptable: c" in page
    assert "Clear: a 3, b 5, c 1" in page
    assert "w1" in page


def test_an_item_of_another_project_is_absent(client, project, lead):
    other = make_item(make_project("other"))
    assert client.get(reverse("labeling:show-item", args=["shop", other.pk])).status_code == 404
    own = make_item(project)
    assert client.get(reverse("labeling:show-item", args=["shop", own.pk])).status_code == 200


def test_an_item_shows_all_that_was_said_of_it_and_runs_none_of_it(client, lead):
    project = make_project("all", allows_corrections=True)
    publish_rubric(
        project=project, guideline="", criteria=(), flags=[TagSpec("unsafe", "Unsafe")],
        error_labels=[TagSpec("fact", "Wrong")],
    )  # fmt: skip
    project_lead = make_member(project, Membership.Role.LEAD)
    client.force_login(project_lead)
    item = make_item(project, ("Two is odd.", "One."))
    make_judgment(
        item,
        make_member(project),
        [1, None],
        rest_below=True,
        flags={"unsafe": [2]},
        highlights=(Highlight(1, 7, 10, "fact", "<script>1</script>"),),
        confidence=4,
        corrections={1: "Two is <b>even</b>."},
        demonstration="Best.",
    )
    pair = make_item(project)
    make_judgment(pair, make_member(project), [None, None], scale=7, preference=-2)

    def page(item):
        return client.get(reverse("labeling:show-item", args=["all", item.pk])).content.decode()

    for said in (
        "a; below those: b",
        "unsafe: b",
        "fact in a: “odd” (&lt;script&gt;1&lt;/script&gt;)",
        "confidence 4 of 5",
        "a, corrected",
        "&lt;b&gt;even&lt;/b&gt;</ins>",
        "An ideal response",
    ):
        assert said in page(item), said
    assert "a is clearly better" in page(pair)


def test_the_items_page_asks_no_more_with_more_judgments(
    client, project, lead, django_assert_num_queries
):
    item = make_item(project)
    url = reverse("labeling:show-item", args=["shop", item.pk])
    make_judgment(item, make_member(project), [1, 2])
    client.get(url)  # renders the texts once
    with CaptureQueriesContext(connection) as once:
        client.get(url)
    for _ in range(3):
        make_judgment(item, make_member(project), [1, 2])
    with django_assert_num_queries(len(once)):
        client.get(url)


def test_what_is_kept_apart_from_the_work_does_not_wait_for_judgments(client, project, lead):
    kept = make_item(project, state="reserved", batch="import:4")
    plain = make_item(project, batch="round:2:collect")
    client.force_login(lead)
    address = reverse("labeling:list-items", args=[project.slug])

    listed = client.get(address, {"q": kept.external_id}).content.decode()
    assert "not work" in listed
    assert f"0 of {kept.overlap}" not in listed
    assert "Import 4" in listed
    work = client.get(address, {"q": plain.external_id}).content.decode()
    assert f"0 of {plain.overlap}" in work
    assert "Round 2: collect" in work
    page = client.get(reverse("labeling:show-item", args=[project.slug, kept.pk]))
    assert "it is not lent as work" in page.content.decode()


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ("import:4", "Import 4"),
        ("evaluation:7", "Evaluation 7"),
        ("round:2:compare", "Round 2: compare"),
        ("hard ones", "hard ones"),
        ("import:four", "import:four"),
        ("", ""),
    ],
)
def test_a_batch_is_told_in_words(batch, words):
    assert batch_label(batch) == words
