"""A labeler's own figures: right by hand, of own work only, with a reason where undefined."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.projects.models import Membership
from annotation.quality import own_figures as module
from annotation.quality.own_figures import agreement_of, own_figures, signs_of
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop", overlap=3)


def judged_yesterday(*verdict, **fields):
    """Agreement is of what was judged before today."""
    at = timezone.now() - timedelta(days=1)
    return make_judgment(*verdict, **({"submitted_at": at} | fields))


def test_what_a_verdict_says_of_pairs():
    assert signs_of([1, 2, 2], [False] * 3, False) == {(1, 2): -1, (1, 3): -1, (2, 3): 0}
    assert signs_of([1, None, None], [False, True, False], False) == {(1, 2): -1}
    assert signs_of([1, None], [False, False], True) == {(1, 2): -1}
    assert signs_of([None, None], [True, True], False) == {(1, 2): 0}
    assert signs_of([], [], False) == {}


def test_agreement_is_the_mean_over_shared_items(project, monkeypatch):
    monkeypatch.setattr(module, "LEAST_COMPARISONS", 3)
    mira, omar = make_member(project), make_member(project)
    three = make_item(project, ("1", "2", "3"))
    two = make_item(project)
    judged_yesterday(three, mira, [1, 2, 3], seconds=10)
    judged_yesterday(three, omar, [1, 3, 2], seconds=99)  # two of three alike
    judged_yesterday(two, mira, [1, 2], seconds=30)
    judged_yesterday(two, omar, [2, 1])  # none of one
    judged_yesterday(make_item(project), mira, [1, 2], seconds=20)  # nobody else
    figures = own_figures(mira)
    assert figures.agreement.share == pytest.approx((2 / 3 + 0) / 2)
    assert (figures.agreement.item_count, figures.agreement.comparison_count) == (2, 4)
    assert (figures.count, figures.today_count) == (3, 0)
    assert (figures.seconds, figures.median_seconds) == (60, 20)
    assert own_figures(omar).agreement.share == figures.agreement.share


def test_agreement_moves_with_no_submit_and_knows_only_work(project, monkeypatch):
    """Else whoever looks after every submit sees which of them were gold."""
    monkeypatch.setattr(module, "LEAST_COMPARISONS", 1)
    mira, omar = make_member(project), make_member(project)
    work, gold, today = (make_item(project) for _ in range(3))
    for labeler in (mira, omar):
        judged_yesterday(work, labeler, [1, 2])
    before = own_figures(mira)
    assert before.agreement.comparison_count == 1

    judged_yesterday(gold, mira, [1, 2], purpose="gold")
    judged_yesterday(gold, omar, [2, 1], purpose="gold")
    make_judgment(today, mira, [1, 2])
    make_judgment(today, omar, [2, 1])

    assert own_figures(mira).agreement == before.agreement
    assert (own_figures(mira).count, own_figures(mira).today_count) == (3, 1)


def test_too_few_shared_comparisons_say_how_many_there_are(project):
    mira = make_member(project)
    item = make_item(project)
    for labeler in (mira, make_member(project)):
        judged_yesterday(item, labeler, [1, 2])
    found = own_figures(mira).agreement
    assert found.share is None
    assert found.text == "needs 20 shared comparisons, has 1"
    assert agreement_of([]).text == "needs 20 shared comparisons, has 0"


def test_the_interval_encloses_the_mean():
    found = agreement_of([(1.0, 3)] * 30 + [(0.0, 3)] * 10)
    assert found.share == 0.75
    assert found.low < 0.75 < found.high
    assert "75 % [" in found.text


def test_only_what_holds_counts_and_only_in_projects_one_is_in(project):
    mira = make_member(project)
    item = make_item(project)
    make_judgment(item, mira, [1, 2])
    make_judgment(item, mira, [2, 1], revision=2, seconds=5)
    taken_back = make_item(project)
    make_judgment(taken_back, mira, [1, 2], seconds=7)
    make_judgment(taken_back, mira, [1, 2], revision=2, is_retraction=True, seconds=7)
    assert (own_figures(mira).count, own_figures(mira).seconds) == (1, 5)
    Membership.objects.filter(user=mira).update(is_active=False)
    assert own_figures(mira).count == 0


def test_the_line_needs_two_weeks_with_enough(project, monkeypatch):
    monkeypatch.setattr(module, "LEAST_COMPARISONS", 2)
    mira, omar = make_member(project), make_member(project)
    for weeks, n in ((1, 2), (2, 2), (5, 1)):
        for _ in range(n):
            item = make_item(project)
            at = timezone.now() - timedelta(weeks=weeks)
            make_judgment(item, mira, [1, 2], submitted_at=at)
            make_judgment(item, omar, [1, 2], submitted_at=at)
    chart = own_figures(mira).by_week
    assert len(chart.x_ticks) == 2  # the third has one comparison
    assert chart.band is not None
    assert own_figures(make_member(project)).by_week is None


def test_the_page_and_its_fragment_are_ones_own(client, project):
    mira, omar = make_member(project, handle="mira"), make_member(project, handle="omar")
    make_judgment(make_item(project), omar, [1, 2], seconds=61)
    client.force_login(mira)
    assert "Nothing judged yet" in client.get("/me/figures/").content.decode()
    client.force_login(omar)
    page = client.get("/me/figures/").content.decode()
    fragment = client.get("/me/figures/", headers={"HX-Request": "true"}).content.decode()
    assert "<!doctype" in page
    assert "<!doctype" not in fragment
    assert "1:01" in fragment
    assert "mira" not in page
    assert "/me/figures/" in client.get("/").content.decode()


def test_the_statements_do_not_grow_with_the_work(client, project, django_assert_max_num_queries):
    mira, omar = make_member(project), make_member(project)
    for _ in range(30):
        item = make_item(project)
        make_judgment(item, mira, [1, 2])
        make_judgment(item, omar, [1, 2])
    with django_assert_max_num_queries(4):
        own_figures(mira)
