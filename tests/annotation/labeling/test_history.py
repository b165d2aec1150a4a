"""The labeler's history: own judgments only, each open to a further revision."""

import re

import pytest

from annotation.labeling.history import PAGE
from annotation.labeling.models import Judgment
from annotation.projects.models import Membership
from tests.annotation.labeling.test_views import held, open_page, submit, url
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop", name="The shop", overlap=3)


@pytest.fixture
def labeler(client, project):
    labeler = make_member(project)
    client.force_login(labeler)
    return labeler


@pytest.fixture
def judged(client, project, labeler):
    item = make_item(project, prompt=make_prompt(project, "Which prime?"))
    open_page(client, project)
    submit(client, project, held(labeler), rationale="Because.", strength_1="2")
    return Judgment.objects.get(item=item)


def revise(client, judgment, htmx=False, **changes):
    page = client.get(url("revise", judgment.pk)).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page).group(1)
    fields = {"rank_a": "2", "rank_b": "1", "key": key} | changes
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(url("revise", judgment.pk), fields, headers=headers)


def test_it_shows_what_one_judged_in_the_letters_one_saw(client, labeler, judged):
    page = client.get(url("history")).content.decode()
    assert "Which prime?" in page
    assert "A &gt; clearly B" in page
    assert "Because." in page
    assert "secret-model" not in page


def test_nobody_elses_judgment_is_shown_or_opened(client, project, judged):
    other = make_member(project)
    client.force_login(other)
    assert "Nothing judged yet" in client.get(url("history")).content.decode()
    assert client.get(url("revise", judged.pk)).status_code == 404
    assert client.post(url("revise", judged.pk), {}).status_code == 404


def test_whoever_was_removed_sees_nothing_of_the_project(client, labeler, judged):
    Membership.objects.filter(user=labeler).update(is_active=False)
    assert "Which prime?" not in client.get(url("history")).content.decode()
    assert client.get(url("revise", judged.pk)).status_code == 404


def test_pages_follow_each_other_without_a_gap(client, project, labeler):
    for n in range(PAGE + 3):
        item = make_item(project, prompt=make_prompt(project, f"Number {n}."))
        make_judgment(item, labeler, [1, 2])
    first = client.get(url("history")).content.decode()
    older = re.search(r'href="\?before=(\d+)"', first).group(1)
    second = client.get(url("history") + f"?before={older}").content.decode()
    seen = [re.findall(r"Number (\d+)\.", page) for page in (first, second)]
    assert len(set(seen[0])) == PAGE
    assert set(seen[0]) | set(seen[1]) == {str(n) for n in range(PAGE + 3)}
    assert not set(seen[0]) & set(seen[1])
    assert 'rel="next"' not in second


@pytest.mark.parametrize("query", ["before=x", "before=99999999", "before=-1"])
def test_a_broken_page_number_shows_the_beginning(client, labeler, judged, query):
    assert "Which prime?" in client.get(f"{url('history')}?{query}").content.decode()


def test_it_can_be_narrowed_to_a_project_of_ones_own(client, labeler, judged):
    other = make_project("other", name="Other")
    assert client.get(url("history") + "?project=other").status_code == 404
    Membership.objects.create(project=other, user=labeler, handle="me")
    page = client.get(url("history") + "?project=other").content.decode()
    assert "Which prime?" not in page
    assert '<option value="shop">' in page


def test_the_desk_shows_what_was_entered_and_saves_another_revision(client, labeler, judged):
    page = client.get(url("revise", judged.pk)).content.decode()
    assert "Because." in page
    assert "Save as revision 2" in page
    assert "You judged this before." in page

    answer = revise(client, judged, rationale="Otherwise.")

    assert answer.status_code == 303
    assert answer["Location"] == url("history")
    shown = client.get(url("history")).content.decode()
    assert "Saved as revision 2" in shown
    assert "Otherwise." in shown
    assert "Because." not in shown
    assert Judgment.objects.count() == 2


def test_with_htmx_the_desk_itself_says_that_it_is_saved(client, labeler, judged):
    answer = revise(client, judged, htmx=True)
    assert answer.status_code == 200
    assert answer["X-Concord-Fragment"] == "judge"
    assert "Saved as revision 2" in answer.content.decode()


def test_a_stale_desk_keeps_its_text_and_may_still_be_saved(client, labeler, judged):
    revise(client, judged)
    stale = client.post(
        url("revise", judged.pk),
        {"rank_a": "1", "rank_b": "1", "rationale": "Late thought",
         "key": "8d7c1f2e-5a53-4c43-9a8f-0f4a3b1f2c10"},
    )  # fmt: skip
    page = stale.content.decode()
    assert stale.status_code == 409
    assert "revision 2 holds now" in page
    assert "Late thought" in page
    latest = Judgment.objects.current().get()
    assert f'name="replace" value="{latest.pk}"' in page

    saved = revise(client, judged, replace=latest.pk, rationale="Late thought")
    assert saved.status_code == 303
    assert Judgment.objects.current().get().revision == 3


def test_what_is_missing_is_said_on_the_same_desk(client, labeler, judged):
    answer = revise(client, judged, rank_b="", rationale="Kept")
    assert answer.status_code == 422
    assert "Rank response B" in answer.content.decode()
    assert "Kept" in answer.content.decode()
    assert Judgment.objects.count() == 1


def test_what_was_taken_back_leads_to_the_queue(client, project, labeler, judged):
    client.post(url("undo", project.slug, judged.assignment_id))
    answer = client.get(url("revise", judged.pk))
    assert answer.status_code == 303
    assert answer["Location"] == url("judge", project.slug)


def test_an_imported_judgment_is_shown_but_not_changed_here(client, project, labeler):
    judgment = make_judgment(make_item(project), labeler, [1, 2])
    page = client.get(url("history")).content.decode()
    assert "Imported" in page
    assert client.get(url("revise", judgment.pk)).status_code == 404


def test_the_number_of_statements_does_not_grow(
    client, project, labeler, django_assert_max_num_queries
):
    for _ in range(PAGE):
        make_judgment(make_item(project), labeler, [1, 2])
    with django_assert_max_num_queries(6):
        client.get(url("history"))
