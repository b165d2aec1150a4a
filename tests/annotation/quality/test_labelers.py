"""Signals of labelers, from judgments to the page: who stands out, and what is said of whom."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.accounts.models import User
from annotation.labeling.models import GoldItem, Purpose
from annotation.projects.models import Membership
from annotation.quality.analyses import labelers
from annotation.quality.analyses.answers import answers_of
from annotation.quality.figures import unheard
from annotation.quality.services import compute_report
from annotation.quality.snapshot import take_snapshot
from annotation.quality.snapshot.repeats import Repeats
from tests.annotation.quality.world import a_crowd
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


def signals_of(project):
    return labelers.compute(take_snapshot(project), unheard)


def kinds_by_handle(project, result):
    handles = dict(project.memberships.values_list("user_id", "handle"))
    return {
        handles[one["labeler"]]: [found["kind"] for found in one["findings"]]
        for one in result["labelers"]
        if one["findings"]
    }


def text_of(response):
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def test_those_who_stand_out_are_named_by_kind_and_nobody_else():
    project = a_crowd()
    result = signals_of(project)
    assert kinds_by_handle(project, result) == {"turned": ["inverted"], "tied": ["constant"]}
    assert result["extent"] == {"labelers": 10, "answers": 1200, "of_gold": 0, "gold_items": 0}


def test_every_signal_has_a_value_or_a_reason():
    result = signals_of(a_crowd())
    for one in result["labelers"]:
        assert list(one["signals"]) == list(labelers.SIGNALS)
        for signal in one["signals"].values():
            assert (signal["value"] is None) != (signal["reason"] is None)
    # The world writes down neither places nor times.
    reasons = {
        key: result["labelers"][0]["signals"][key]["reason"] for key in ("position", "pace")
    }
    assert reasons == {"position": "not_recorded", "pace": "not_recorded"}


def test_few_answers_name_nobody():
    project = a_crowd(n_items=9)
    result = signals_of(project)
    assert kinds_by_handle(project, result) == {}
    assert {one["signals"]["agreement"]["reason"] for one in result["labelers"]} == {"too_few"}


def test_nothing_judged_is_no_error():
    assert signals_of(make_project())["labelers"] == []


def test_gold_is_read_with_its_answer_and_what_does_not_count_is_not():
    project = make_project()
    labeler = make_member(project, handle="w1")
    for is_counted in (True, False):
        item = make_item(project)
        GoldItem.objects.create(
            project=project, item=item, ranks=[2, 1], unacceptable=[False, False],
            is_active=is_counted, is_counted=is_counted,
        )  # fmt: skip
        make_judgment(item, labeler, [2, 1], purpose=Purpose.GOLD)
    make_judgment(make_item(project), labeler, [1, 2])

    answers = answers_of(take_snapshot(project))

    assert answers.gold.tolist() == [-1, 2]
    assert answers.labels.item.tolist() == [0, 1]
    assert answers.labels.category.tolist() == [0, 2]


def test_work_on_an_item_that_became_gold_stays_work():
    """Else gold that is made of a consensus would measure those who made it."""
    project = make_project()
    item, labeler = make_item(project), make_member(project)
    make_judgment(item, labeler, [1, 2])
    GoldItem.objects.create(project=project, item=item, ranks=[1, 2], unacceptable=[False] * 2)
    make_judgment(item, make_member(project), [1, 2], purpose=Purpose.GOLD)
    answers = answers_of(take_snapshot(project))
    assert answers.labels.item.tolist() == [0, 1]
    assert answers.gold.tolist() == [-1, 0]


def test_of_a_longer_ranking_one_pair_counts_the_same_for_all():
    project = make_project()
    item = make_item(project, ("One.", "Two.", "Three.", "Four."))
    for ranks in ([1, 2, 3, 4], [4, 3, 2, 1]):
        make_judgment(item, make_member(project), ranks)
    answers = answers_of(take_snapshot(project))
    assert len(answers.labels) == 2
    assert sorted(answers.labels.category.tolist()) == [0, 2]


def test_who_was_shown_first_and_how_long_it_was():
    project = make_project()
    item = make_item(project, ("Short.", "Very much longer than that."))
    make_judgment(item, make_member(project), [1, 2], order=[2, 1], seconds=30.0)
    recorded = answers_of(take_snapshot(project)).recorded
    assert recorded.first.tolist() == [0.0]  # the second place won
    assert recorded.log_ratio[0] > 0  # and the first place was the longer one
    assert recorded.size.tolist() == [len("Short.Very much longer than that.")]


def test_one_moment_for_all_is_no_time():
    """A file without times is brought in at once."""
    project, now = make_project(), timezone.now()
    labeler = make_member(project)
    for _ in range(3):
        make_judgment(make_item(project), labeler, [1, 2], submitted_at=now)
    assert answers_of(take_snapshot(project)).recorded.at is None
    for hours in range(4):
        later = now - timedelta(hours=hours + 1)
        make_judgment(make_item(project), labeler, [1, 2], submitted_at=later)
    assert answers_of(take_snapshot(project)).recorded.at is not None


@pytest.fixture
def crowd(client):
    project = a_crowd()
    compute_report(project=project, kind="labelers")
    client.force_login(make_member(project, Membership.Role.LEAD, handle="lena"))
    return project


def test_the_page_says_who_and_why_and_what_to_do(client, crowd):
    page = client.get(reverse("quality:show-labelers", args=["crowd"]))
    shown = text_of(page)
    assert "<h1>2 of 10 labelers stand out</h1>" in page.content.decode()
    assert "Inverted: knows, but answers the wrong way round" in shown
    assert "100 % of their answers are ties." in shown
    turned = crowd.memberships.get(handle="turned")
    for name in ("quality:show-record", "labeling:show-climber"):
        assert reverse(name, args=["crowd", turned.pk]) in page.content.decode()
    assert "nan" not in shown.lower().split()


PERSONAL = ["/api/projects/crowd/figures/labelers/", "/api/projects/crowd/figures/repeats/"]


@pytest.mark.parametrize("url", ["/projects/crowd/labelers/", *PERSONAL])
def test_figures_of_single_people_are_for_whoever_reviews_them(client, crowd, url):
    assert client.get(url).status_code == 200
    client.force_login(make_member(crowd, Membership.Role.REVIEWER))
    assert client.get(url).status_code == 200
    client.force_login(make_member(crowd, Membership.Role.ENGINEER))
    assert client.get("/projects/crowd/agreement/").status_code == 200
    assert client.get("/api/projects/crowd/figures/bias/").status_code == 200
    assert client.get(url).status_code == 404


def test_the_row_of_pages_leads_only_where_somebody_may_go(client, crowd):
    link = 'href="/projects/crowd/labelers/"'
    assert link in client.get("/projects/crowd/agreement/").content.decode()
    client.force_login(make_member(crowd, Membership.Role.ENGINEER))
    page = client.get("/projects/crowd/agreement/").content.decode()
    assert 'href="/projects/crowd/bias/"' in page
    assert link not in page


def handles_in(page):
    body = page.content.decode().split('id="all"')[1]
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', body)


def test_the_table_is_sorted_by_links(client, crowd):
    url = reverse("quality:show-labelers", args=["crowd"])
    assert set(handles_in(client.get(url))[:2]) == {"turned", "tied"}
    assert handles_in(client.get(url, {"sort": "direction"}))[0] == "turned"
    # Who always ties has no direction, and comes last either way.
    assert handles_in(client.get(url, {"sort": "-direction"}))[-2:] == ["turned", "tied"]
    assert handles_in(client.get(url, {"sort": "-handle"}))[0] == "w7"
    assert client.get(url, {"sort": "x'; --", "page": "99"}).status_code == 200


def test_the_api_gives_ids_and_the_handles_beside(client, crowd):
    answer = client.get("/api/projects/crowd/figures/labelers/").json()
    named = {str(one["labeler"]) for one in answer["result"]["labelers"] if one["findings"]}
    assert {answer["labelers"][pk] for pk in named} == {"turned", "tied"}
    assert "turned" not in str(answer["result"])


def test_the_record_of_a_person_has_their_signals(client, crowd):
    turned = crowd.memberships.get(handle="turned")
    page = client.get(reverse("quality:show-record", args=["crowd", turned.pk]))
    shown = text_of(page)
    assert "Inverted: knows, but answers the wrong way round" in shown
    assert "hidden repeats answered alike" in shown  # with its reason
    assert "was not recorded" in shown
    plain = crowd.memberships.get(handle="w1")
    page = client.get(reverse("quality:show-record", args=["crowd", plain.pk]))
    assert "Stands out" not in text_of(page)
    assert "Agreement with others" in text_of(page)


@pytest.fixture
def own_page(client, crowd):
    """What somebody sees of themselves, a week after the figures were computed."""

    def of(handle, *, age=timedelta(days=8)):
        crowd.reports.update(computed_at=timezone.now() - age)
        user = crowd.memberships.get(handle=handle).user
        User.objects.filter(pk=user.pk).update(is_active=True, kind=User.Kind.PERSON)
        user.refresh_from_db()
        client.force_login(user)
        return client.get(reverse("quality:show-own"))

    return of


def test_labelers_see_their_own_findings_in_kind_words_with_a_way_to_object(own_page, crowd):
    page = own_page("turned")
    shown = text_of(page)
    assert "Your answers mostly run opposite to those of the others" in shown
    assert reverse("labeling:list-feedback") in page.content.decode()
    assert "Inverted" not in shown
    for other in crowd.memberships.exclude(handle="turned"):
        assert other.handle not in re.findall(r"[a-z0-9]+", shown)


def test_labelers_see_nothing_of_gold_and_nothing_of_this_week(own_page, crowd):
    report = crowd.reports.get(kind="labelers")
    for one in report.result["labelers"]:
        signal = {**one["signals"]["agreement"], "value": 0.123, "reason": None}
        one["signals"] |= {"gold": signal, "below_crowd": signal}
        one["findings"].append(
            {"kind": "gold", "n": 20, "q": 0.0, "others": [], "told_by_time": False,
             "evidence": ["gold"], "pairs": []}
        )  # fmt: skip
    report.save()
    shown = text_of(own_page("turned"))
    assert "How you judge" in shown
    assert "12 %" not in shown
    assert "nown answers" not in shown
    assert "How you judge" not in text_of(own_page("turned", age=timedelta(0)))


def test_one_pair_of_each_item_asked_again_counts():
    project = a_crowd(n_items=12)
    snapshot = take_snapshot(project)
    someone = int(snapshot.labeler_ids[0])
    rows = [
        (item, someone, pair, said)
        for item in range(12)
        for pair in (12, 13)
        for said in (0, 2 if item < 3 else 0)
    ]
    result = labelers.compute(replace(snapshot, repeats=Repeats.of(rows)), unheard)
    found = {one["labeler"]: one["signals"]["self_consistency"] for one in result["labelers"]}
    assert (found[someone]["value"], found[someone]["n"]) == (0.75, 12)
    assert {one["reason"] for pk, one in found.items() if pk != someone} == {"no_data"}
