"""The consensus of one item: its numbers by hand, and its page."""

import numpy as np
import pytest
from django.urls import reverse

from annotation.projects.models import Membership
from annotation.quality.item_consensus.together import consensus_of
from annotation.quality.models import Report
from annotation.quality.services import compute_report
from tests.annotation.labeling.review.world import settle
from tests.factories import make_item, make_judgment, make_member, make_project
from tests.german import get_in_german

A_B_C = {(0, 1): -1, (0, 2): -1, (1, 2): -1}
B_C_A = {(0, 1): 1, (0, 2): 1, (1, 2): -1}
C_A_B = {(0, 1): -1, (0, 2): 1, (1, 2): 1}


def test_chances_by_hand():
    """Two of 0.8 for the first, one of 0.6 for a tie. Of three outcomes each wrong one has half
    of the rest: first .8 .8 .2, tie .1 .1 .6, second .1 .1 .2."""
    said = [{(0, 1): -1}, {(0, 1): -1}, {(0, 1): 0}]
    found = consensus_of(said, [1, 1, 0], [0.8, 0.8, 0.6], 2)
    (pair,) = found.pairs
    assert pair.votes == (2, 1, 0)
    weights = np.array([0.8 * 0.8 * 0.2, 0.1 * 0.1 * 0.6, 0.1 * 0.1 * 0.2])
    assert pair.chances == pytest.approx(weights / weights.sum())
    # The same three answers, as none alone, the first, the second.
    assert found.best == pytest.approx((weights / weights.sum())[[1, 0, 2]])
    assert found.points.tolist() == [2.5, 0.5]
    assert found.winner == 0


def test_who_wins_every_duel_need_not_have_most_points():
    found = consensus_of([A_B_C] * 5 + [B_C_A] * 4, [1] * 5 + [2] * 4, [0.75] * 9, 3)
    assert found.points.tolist() == [10, 13, 4]
    assert found.borda.tolist() == [2, 1, 3]
    assert found.kemeny.tolist() == found.schulze.tolist() == [1, 2, 3]
    assert (found.winner, found.has_circle, found.is_only_order) == (0, False, True)


def test_a_circle_is_named_and_broken_by_nobody():
    found = consensus_of([A_B_C, B_C_A, C_A_B], [1, 2, 3], [0.75] * 3, 3)
    assert found.has_circle
    assert found.winner is None
    assert not found.is_only_order
    for ranks in (found.borda, found.kemeny, found.schulze):
        assert ranks.tolist() == [1, 1, 1]


def test_what_was_left_out_is_no_vote():
    found = consensus_of([{(0, 1): -1}], [-1], [0.75], 3)
    assert [(pair.one, pair.other) for pair in found.pairs] == [(0, 1)]
    assert found.best == pytest.approx([0.25] * 4)


@pytest.fixture
def item(db):
    item = make_item(make_project(), ("One.", "Two.", "Three."))
    for ranks in ([1, 2, 3], [1, 2, 3], [2, 1, 3]):
        make_judgment(item, make_member(item.project), ranks)
    return item


def url_of(item, name="quality:show-item-consensus"):
    return reverse(name, args=[item.project.slug, item.pk])


def test_the_items_page_asks_for_it_where_the_person_reviews(client, item):
    address = url_of(item)
    for role, expected in ((Membership.Role.REVIEWER, True), (Membership.Role.ENGINEER, False)):
        client.force_login(make_member(item.project, role))
        page = client.get(url_of(item, "labeling:show-item")).content.decode()
        assert (f'hx-get="{address}"' in page) is expected
        assert (f'href="{address}"' in page) is expected
        assert client.get(address).status_code == (200 if expected else 404)


def test_page_and_part_say_the_same_with_the_verdict(client, item):
    reviewer = make_member(item.project, Membership.Role.REVIEWER)
    client.force_login(reviewer)
    page = client.get(url_of(item)).content.decode()
    assert "Likeliest a is the best one" in page
    assert "a beats each other one by most votes." in page
    assert "three times out of four" in page
    assert "Settled" not in page
    settle(item, reviewer, 2, 1, 3, reason="B is right <b>here</b>.")
    part = client.get(url_of(item), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "b &gt; a &gt; c" in part
    assert "B is right &lt;b&gt;here&lt;/b&gt;." in part


def test_labelers_are_weighed_as_the_last_figures_have_it(client, item):
    client.force_login(make_member(item.project, Membership.Role.LEAD))
    before = client.get(url_of(item)).content
    labelers = item.judgments.order_by("pk").values_list("labeler_id", flat=True)
    report = compute_report(project=item.project, kind="labelers")
    for one in report.result["labelers"]:
        value = 0.95 if one["labeler"] == labelers[2] else 0.45
        one["signals"]["reliability"] = {"value": value, "reason": None}
    Report.objects.filter(pk=report.pk).update(result=report.result)
    after = client.get(url_of(item)).content.decode()
    assert b"Likeliest a" in before
    assert "Likeliest b is the best one" in after
    assert "as in the figures computed last" in after


def test_it_is_there_in_german(client, item):
    client.force_login(make_member(item.project, Membership.Role.LEAD))
    page = get_in_german(client, url_of(item)).content.decode()
    assert "Was sie zusammen sagen" in page
    assert "What they say together" not in page
