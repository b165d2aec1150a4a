"""A judge's principles: one for each question, for both orders the same, by a numbered list."""

from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.core.addresses import Origins
from annotation.core.errors import DomainError
from annotation.projects.models import Membership
from annotation.quality.judges import services
from annotation.quality.judges.asking import system_prompt
from annotation.quality.judges.items import estimate
from annotation.quality.judges.principles import (
    checked,
    current_list,
    draw,
    principles_of,
    set_principles,
)
from tests.annotation.candidates.fake_openai import speaking
from tests.annotation.quality.judges.world import asked, longer, make_judge, saying
from tests.factories import make_item, make_judgment, make_member, make_project

PRINCIPLES = ["Be honest.", "Be brief.", "Help."]


def test_each_principle_is_drawn_about_as_often_and_for_both_orders_the_same():
    drawn = Counter()
    for item in range(600):
        one, other = draw(3, 7, item, 1, 2), draw(3, 7, item, 2, 1)
        assert one == other
        drawn[one] += 1
    assert set(drawn) == {1, 2, 3}
    assert min(drawn.values()) > 150
    assert draw(0, 7, 1, 1, 2) is None


def test_another_run_or_pair_draws_anew():
    pairs = [(a, b) for a in range(1, 9) for b in range(a + 1, 10)]
    assert len({draw(50, 7, 1, *pair) for pair in pairs}) > 10
    assert len({draw(50, run, 1, 1, 2) for run in range(40)}) > 10


def test_a_question_without_a_principle_is_as_it_was():
    assert "principle" not in system_prompt(instructions="Be strict.")
    said = system_prompt(instructions="Be strict.", principle="Be honest.")
    assert said.index("Be strict.") < said.index("Be honest.") < said.index("one JSON object")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["a"] * 51, "at most 50 principles: these are 51"),
        (["a", " "], "Principle 2 has 0 characters"),
        (["a", "b" * 1001], "Principle 2 has 1001 characters"),
        (["a", "b", "a "], "Principle 3 stands in the list already, as number 1"),
    ],
)
def test_a_list_that_is_none_is_refused_and_the_place_is_named(given, said):
    with pytest.raises(DomainError, match=said):
        checked(given)


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def project(server, settings, db):
    settings.EGRESS_ORIGINS = Origins([server.origin])
    server.answer, server.answers, server.asked = saying(longer), [], []
    return make_project("shop")


def test_what_stood_in_a_question_is_kept_with_its_opinion_and_a_new_list_leaves_it(
    project, server
):
    labeler = make_member(project)
    for texts in (("1.", "22.", "333."), ("4.", "55.")):
        make_judgment(make_item(project, texts), labeler, range(1, len(texts) + 1))
    judge = make_judge(project, server, principles=PRINCIPLES)
    takes = estimate(judge, services.items_for(judge, most=9))
    run = asked(judge)

    opinions = list(run.opinions.placed())
    assert len(opinions) == takes.questions == 8
    by_pair = {}
    for one in opinions:
        by_pair.setdefault((one.item_id, one.pair), set()).add(one.principle)
    assert all(len(found) == 1 for found in by_pair.values())
    said = Counter(PRINCIPLES[one.principle - 1] for one in opinions)
    heard = Counter(
        text
        for request in server.asked
        for text in PRINCIPLES
        if f"before all else:\n{text}" in request["messages"][0]["content"]
    )
    assert said == heard

    assert set_principles(judge=judge, principles=["Be kind."]).number == 2
    assert set_principles(judge=judge, principles=["Be kind. "]) is None
    run.refresh_from_db()
    assert (run.principle_list.number, run.principle_list.principles) == (1, PRINCIPLES)
    newer = asked(judge)
    assert {one.principle for one in newer.opinions.all()} == {1}
    assert newer.principle_list.principles == ["Be kind."]

    set_principles(judge=judge, principles=[])
    assert {one.principle for one in asked(judge).opinions.all()} == {None}


def test_a_judge_with_a_list_that_is_none_is_not_made(project, server):
    with pytest.raises(DomainError, match="Principle 2"):
        make_judge(project, server, principles=["a", "a"])
    assert not project.judges.exists()


def test_they_are_changed_on_its_page_by_the_api_and_by_a_command(
    project, server, client, tmp_path
):
    judge = make_judge(project, server)
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    page = reverse("quality:show-judge", args=["shop", judge.pk])
    change = reverse("quality:change-principles", args=["shop", judge.pk])
    assert client.post(change, {"principles": "a\na"}).status_code == 422
    assert current_list(judge) is None
    assert client.post(change, {"principles": "Be fair.\n\nBe <b>brief</b>.\n"}).status_code == 302
    shown = client.get(page).content.decode()
    assert '<li dir="auto">Be fair.</li>' in shown
    assert "Be &lt;b&gt;brief&lt;/b&gt;." in shown

    put = client.put(
        reverse("quality-api:judge-principles", args=["shop", judge.pk]),
        {"principles": PRINCIPLES},
        content_type="application/json",
    )
    assert put.status_code == 200, put.content
    assert (put.json()["principles"], put.json()["principles_version"]) == (PRINCIPLES, 2)

    file = tmp_path / "words.txt"
    file.write_text("Be kind.\n")
    out = StringIO()
    call_command("judge_principles", "shop", "fake", str(file), stdout=out, stderr=StringIO())
    assert out.getvalue() == "Be kind.\n"
    assert principles_of(current_list(judge)) == ["Be kind."]
