"""The pages of gold, through the front door."""

import pytest
from django.urls import reverse

from annotation.core.models import Event
from annotation.labeling.gold import listing
from annotation.labeling.models import GoldItem, Item
from annotation.labeling.reports import set_withdrawn
from annotation.projects.models import Membership, Project
from tests.annotation.labeling.gold.world import gold_of, known
from tests.factories import make_item, make_judgment, make_member, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop", gold_percent=10)


@pytest.fixture
def lead(client, project):
    user = make_member(project, Membership.Role.LEAD)
    client.force_login(user)
    return user


def page_of(item):
    return reverse("labeling:make-gold", args=[item.project.slug, item.pk])


ANSWER = {"do": "save", "rank_a": "2", "rank_b": "1", "tolerance": "exact", "rating_slack": "1"}


def test_a_known_answer_by_hand(client, project, lead):
    item = make_item(project)
    page = client.get(page_of(item)).content.decode()
    assert "say what is right" in page
    assert "One." in page

    answer = client.post(
        page_of(item),
        ANSWER | {"rating_helpfulness_a": "4", "explanation": "B answers.\r\nA does not."},
    )

    assert answer.headers["Location"] == reverse("labeling:list-gold", args=["shop"])
    gold = GoldItem.objects.get(item=item)
    assert (gold.ranks, gold.tolerance, gold.made_by) == ([2, 1], "exact", lead)
    assert gold.ratings == {"helpfulness": [4, None]}
    assert gold.explanation == "B answers.\nA does not."
    filled = client.get(page_of(item)).content.decode()
    assert 'name="rank_a" value="2" checked' in filled
    assert "B answers." in filled


def test_it_begins_with_what_the_judgments_have_in_common(client, project, lead):
    item = make_item(project, texts=("One.", "Two.", "Three."))
    for ranks in ((2, 1, "x"), (2, 1, "x"), (1, 2, 3)):
        make_judgment(item, make_user(), ranks, ratings={"helpfulness": [2, 4, None]})
    page = client.get(page_of(item)).content.decode()
    assert "3 judgments have in common" in page
    for field in ("a", "2"), ("b", "1"), ("c", "x"):
        assert 'name="rank_{}" value="{}" checked'.format(*field) in page


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"rank_a": "", "rank_b": ""}, "response-a"),
        ({"rank_a": "7"}, "response-a"),
        ({"tolerance": "best", "rank_a": "1"}, "tolerance"),
        ({"tolerance": "nearly"}, "tolerance"),
        ({"tolerance": "inversions", "max_inversions": ""}, "max_inversions"),
        ({"tolerance": "inversions", "max_inversions": "1"}, "max_inversions"),
        ({"tolerance": "inversions", "max_inversions": "-1"}, "max_inversions"),
        ({"rating_slack": "4", "rating_helpfulness_a": "3"}, "rating_slack"),
        ({"rating_slack": "many"}, "rating_slack"),
        ({"rating_helpfulness_a": "9"}, "rating_helpfulness_a"),
        ({"explanation": "\x00"}, ""),
    ],
)
def test_what_does_not_fit_comes_back_with_its_field_and_what_was_typed(
    client, project, lead, sent, field
):
    item = make_item(project)
    typed = ANSWER | {"explanation": "Because."} | sent
    answer = client.post(page_of(item), typed)
    assert answer.status_code == 422
    (problem,) = answer.context["form"].problems
    assert problem.target == field or not field
    page = answer.content.decode()
    assert f'href="#{problem.target}"' in page
    assert f'id="{problem.target}"' in page
    assert "\x00" in sent.get("explanation", "") or "Because." in page
    assert not GoldItem.objects.exists()
    item.refresh_from_db()
    assert item.state == Item.State.OPEN


def test_retired_discarded_and_taken_up_again(client, project, lead):
    gold = gold_of(project, lead)
    for do, state in (
        ("retire", (False, True)),
        ("take-up", (True, True)),
        ("discard", (False, False)),
        ("take-up", (True, True)),
    ):
        assert client.post(page_of(gold.item), {"do": do}).status_code == 302
        gold.refresh_from_db()
        assert (gold.is_active, gold.is_counted) == state, do


def test_a_withdrawn_item_takes_no_answer(client, project, lead):
    item = make_item(project)
    set_withdrawn(item=item, actor=lead, is_withdrawn=True)
    answer = client.post(page_of(item), ANSWER)
    assert answer.status_code == 409
    assert "withdrawn" in answer.content.decode()
    assert not GoldItem.objects.exists()


def test_an_item_of_another_project_is_absent(client, project, lead):
    foreign = make_item(make_project())
    url = reverse("labeling:make-gold", args=["shop", foreign.pk])
    assert client.get(url).status_code == client.post(url, ANSWER).status_code == 404
    assert not GoldItem.objects.exists()


def test_labelers_and_engineers_see_nothing_of_it(client, project, lead):
    gold = gold_of(project, lead)
    for role in (Membership.Role.LABELER, Membership.Role.ENGINEER):
        client.force_login(make_member(project, role))
        assert client.get(page_of(gold.item)).status_code == 404
        assert client.post(page_of(gold.item), {"do": "retire"}).status_code == 404
        assert client.get(reverse("labeling:list-gold", args=["shop"])).status_code == 404
    gold.refresh_from_db()
    assert gold.is_active


def test_the_list_has_what_most_miss_on_top(client, project, lead):
    easy, doubtful, fresh = (gold_of(project, lead) for _ in range(3))
    for _ in range(6):
        labeler = make_member(project)
        make_judgment(easy.item, labeler, (1, 2), purpose="gold")
        make_judgment(doubtful.item, labeler, (2, 1), purpose="gold")
    make_judgment(fresh.item, make_user(), (2, 1))  # of the time when it was work

    answer = client.get(reverse("labeling:list-gold", args=["shop"]))

    rows = answer.context["page"].rows
    assert [row.gold for row in rows] == [doubtful, fresh, easy]
    assert [(row.share.met, row.share.count) for row in rows] == [(0, 6), (0, 0), (6, 6)]
    assert rows[0].is_doubtful
    page = answer.content.decode()
    assert "Most labelers miss 1 of them" in page
    assert "61–100 %" in page  # Wilson: 6 of 6


def test_the_share_is_set_and_says_how_long_it_lasts(client, project, lead):
    for _ in range(12):
        gold_of(project, lead)
    url = reverse("labeling:list-gold", args=["shop"])
    page = client.get(url).content.decode()
    assert "With 12 gold items and 10 % of the queue each labeler has seen all of them" in page
    assert "after about 120 items" in page

    share = reverse("labeling:set-gold-share", args=["shop"])
    client.post(share, {"gold_percent": "5", "probation_gold_percent": "40"})

    project.refresh_from_db()
    assert (project.gold_percent, project.probation_gold_percent) == (5, 40)
    page = client.get(url).content.decode()
    assert "after about 240 items" in page
    assert "at 40 %, that is after 30 items" in page
    assert Event.objects.get(kind="gold.share_changed").payload["before"]["gold_percent"] == 10


@pytest.mark.parametrize("percent", ["51", "-1", "", "ten", "1.5", "9999"])
def test_a_share_that_is_none_is_refused(client, project, lead, percent):
    url = reverse("labeling:set-gold-share", args=["shop"])
    answer = client.post(url, {"gold_percent": percent, "probation_gold_percent": "0"})
    assert answer.status_code == 422
    assert Project.objects.get(pk=project.pk).gold_percent == 10


def test_a_reviewer_makes_gold_but_sets_no_share(client, project):
    client.force_login(make_member(project, Membership.Role.REVIEWER))
    item = make_item(project)
    assert client.post(page_of(item), ANSWER).status_code == 302
    url = reverse("labeling:set-gold-share", args=["shop"])
    sent = {"gold_percent": "0", "probation_gold_percent": "0"}
    assert client.post(url, sent).status_code == 404
    page = client.get(reverse("labeling:list-gold", args=["shop"])).content.decode()
    assert url not in page
    assert Project.objects.get(pk=project.pk).gold_percent == 10


def test_the_share_without_gold_has_nothing_to_draw_from(client, project, lead):
    url = reverse("labeling:list-gold", args=["shop"])
    assert "nothing to draw from" in client.get(url).content.decode()
    gold_of(project, lead, answer=known(2, 1))
    assert "nothing to draw from" not in client.get(url).content.decode()


@pytest.mark.parametrize("do", ["retire", "discard", "save"])
def test_the_answers_of_the_training_are_not_a_reviewers_to_change(client, project, lead, do):
    gold = gold_of(project, lead)
    GoldItem.objects.filter(pk=gold.pk).update(use=GoldItem.Use.TRAINING)
    client.force_login(make_member(project, Membership.Role.REVIEWER))

    assert client.post(page_of(gold.item), {"do": do}).status_code == 404

    gold.refresh_from_db()
    assert gold.is_active


def test_many_known_answers_come_in_pages_and_count_on_all(client, project, lead, monkeypatch):
    monkeypatch.setattr(listing, "ON_A_PAGE", 2)
    for number in range(3):
        gold_of(project, lead, external_id=f"known-{number}")
    first = client.get(reverse("labeling:list-gold", args=["shop"])).content.decode()
    second = client.get(reverse("labeling:list-gold", args=["shop"]) + "?page=2").content.decode()
    assert [n for n in range(3) if f"known-{n}" in first] == [1, 2]
    assert [n for n in range(3) if f"known-{n}" in second] == [0]
    assert "Page 1 of 2" in first
