"""The consensus of one item: its numbers by hand, and its page."""

import numpy as np
import pytest
from django.urls import reverse

from annotation.projects.models import Membership
from annotation.quality.item_consensus.together import consensus_of, posterior
from annotation.quality.models import Report
from annotation.quality.services import compute_report
from tests.annotation.labeling.review.world import settle
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt
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
    best = posterior([1, 1, 0], [0.8, 0.8, 0.6], [1 / 3] * 3)
    assert best == pytest.approx((weights / weights.sum())[[1, 0, 2]])
    assert found.alone.tolist() == [1, 2, 0]
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
    assert found.alone.tolist() == [0] * 4
    assert posterior([-1], [0.75], [0.25] * 4) == pytest.approx([0.25] * 4)


def test_without_reliabilities_a_pair_has_votes_alone():
    (pair,) = consensus_of([{(0, 1): -1}], [1], None, 2).pairs
    assert pair.votes == (1, 0, 0)
    assert pair.chances is None


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
    assert "By most votes a is the best one (66.7" in page
    assert "before" in page
    assert reverse("quality:show-consensus", args=[item.project.slug]) in page
    assert "Likeliest" not in page
    assert "a beats each other one by most votes." in page
    assert "three times out of four" not in page
    assert "Settled" not in page
    settle(item, reviewer, 2, 1, 3, reason="B is right <b>here</b>.")
    part = client.get(url_of(item), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "b &gt; a &gt; c" in part
    assert "B is right &lt;b&gt;here&lt;/b&gt;." in part


def sure_on_the_page(client, project):
    """{item id: (likeliest, how sure)} as the consensus page lists it."""
    page = client.get(reverse("quality:show-consensus", args=[project.slug])).context["page"]
    return {row.item.pk: (row.answer, row.sure) for row in page.items}


def assert_both_pages_agree(client, project, item):
    answer, sure = sure_on_the_page(client, project)[item.pk]
    finding = client.get(url_of(item)).context["page"].finding
    assert finding == f"Likeliest {answer} is the best one ({sure})"


def test_the_consensus_page_and_the_items_page_say_the_same_with_few_judgments(client, item):
    client.force_login(make_member(item.project, Membership.Role.LEAD))
    compute_report(project=item.project, kind="consensus")
    compute_report(project=item.project, kind="labelers")
    assert_both_pages_agree(client, item.project, item)
    page = client.get(url_of(item))
    assert "three times out of four" in page.content.decode()
    assert not page.context["page"].is_behind


def test_both_pages_say_the_same_with_labelers_of_known_reliability(client, db):
    """Thirty items that two good ones and a contrary one judged, and a last one by the first and
    the third, who disagree."""
    project = make_project()
    people = [make_member(project) for _ in range(3)]
    for number in range(30):
        prompt = make_prompt(project, f"Prompt {number}")
        one = make_item(project, ("One.", "Two.", "Three."), prompt=prompt)
        best = number % 3
        good, bad = ([1 if at == of % 3 else 2 for at in range(3)] for of in (best, best + 1))
        for labeler, ranks in zip(people, (good, good, bad if number % 4 else good), strict=True):
            make_judgment(one, labeler, ranks)
    last = make_item(project, ("A.", "B.", "C."), prompt=make_prompt(project, "The last one"))
    for labeler, ranks in ((people[0], [2, 1, 3]), (people[2], [1, 2, 3])):
        make_judgment(last, labeler, ranks)
    report = compute_report(project=project, kind="consensus")
    (crowd,) = report.result["crowds"]
    assert crowd["is_known"]
    client.force_login(make_member(project, Membership.Role.LEAD))
    assert_both_pages_agree(client, project, last)
    assert "Likeliest b" in client.get(url_of(last)).context["page"].finding
    asked = client.get(f"/api/projects/{project.slug}/figures/consensus/").json()["result"]
    assert "certainty" in asked
    assert "crowds" not in asked, "how reliable single labelers are is not for everybody"


def test_what_came_in_since_is_told(client, item):
    client.force_login(make_member(item.project, Membership.Role.LEAD))
    compute_report(project=item.project, kind="consensus")
    make_judgment(item, make_member(item.project), [2, 1, 3])
    page = client.get(url_of(item)).content.decode()
    assert "Something was judged since those figures were computed." in page


def test_a_pair_is_weighed_as_the_last_figures_of_labelers_have_it(client, item):
    client.force_login(make_member(item.project, Membership.Role.LEAD))
    labelers = item.judgments.order_by("pk").values_list("labeler_id", flat=True)
    report = compute_report(project=item.project, kind="labelers")
    for one in report.result["labelers"]:
        value = 0.95 if one["labeler"] == labelers[2] else 0.45
        one["signals"]["reliability"] = {"value": value, "reason": None}
    Report.objects.filter(pk=report.pk).update(result=report.result)
    after = client.get(url_of(item))
    assert "Chance of this pair alone" in after.content.decode()
    assert after.context["page"].pairs[0].share.startswith("a ")
    assert after.context["page"].pairs[0].chances.startswith("b ")


def test_known_answers_are_no_work(client, db):
    item = make_item(make_project())
    make_judgment(item, make_member(item.project), [1, 2], purpose="gold")
    client.force_login(make_member(item.project, Membership.Role.LEAD))
    page = client.get(url_of(item)).content.decode()
    assert "Nobody has judged it as work yet" in page
    assert "Nobody has judged this item yet" not in page


def test_it_is_there_in_german(client, item):
    client.force_login(make_member(item.project, Membership.Role.LEAD))
    page = get_in_german(client, url_of(item)).content.decode()
    assert "Was sie zusammen sagen" in page
    assert "What they say together" not in page
