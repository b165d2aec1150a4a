"""Agreement on every kind of judgment, against numbers worked out by hand."""

import io

import pytest
from django.core.management import call_command

from annotation.labeling.models import Judgment
from annotation.projects.models import Membership
from annotation.projects.services import CriterionSpec, TagSpec, publish_rubric
from annotation.quality.services import compute_report
from annotation.quality.snapshot import take_snapshot
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
THREE = ("One.", "Two.", "Three.")


@pytest.fixture
def project():
    return make_project("kinds")


@pytest.fixture
def labelers(project):
    return [make_member(project, handle=f"w{number}") for number in (1, 2)]


def agreement_of(project):
    return compute_report(project=project).result["agreement"]


def figures(project):
    found = agreement_of(project)
    return (
        found["pairs"]["raw"]["value"],
        found["pairs"]["raw"]["n_ratings"],
        found["rankings"]["tau_b"]["value"],
    )


@pytest.mark.parametrize(
    ("ranks", "rest_below", "expected"),
    [
        # a before both others, as w1 has it: two pairs shared, both alike; five answers in all.
        ([1, None, None], True, (1.0, 5, 1.0)),
        # b before both: against w1 on a and b, with w1 on b and c; nothing on a and c.
        ([None, 1, None], True, (0.5, 5, 0.0)),
        # c is unacceptable, b only left out: of those two nothing is known.
        ([1, None, "x"], True, (1.0, 5, 1.0)),
        # All of it is ranked: nothing is left to lie below.
        ([1, 2, 3], True, (1.0, 6, 1.0)),
        # Left out without a word on the rest: no answer at all.
        ([1, None, None], False, (None, 3, None)),
    ],
)
def test_a_ranking_of_the_best_agrees_as_far_as_it_goes(
    project, labelers, ranks, rest_below, expected
):
    item = make_item(project, THREE)
    make_judgment(item, labelers[0], [1, 2, 3])
    make_judgment(item, labelers[1], ranks, rest_below=rest_below)
    assert figures(project) == expected
    # W is of what both gave a place: what was left out is not last in it.
    w = agreement_of(project)["rankings"]["kendall_w"]
    assert (w["value"] is None) is (sum(rank is not None for rank in ranks) < 2)


def test_the_top_goes_by_response_whatever_order_they_came_in(project, labelers):
    item = make_item(project, THREE)
    make_judgment(item, labelers[0], [3, 2, 1])
    make_judgment(item, labelers[1], [None, None, 1], rest_below=True)
    straight = figures(project)
    for old, new in (("a", "aside"), ("c", "a"), ("aside", "c")):
        item.item_responses.filter(key=old).update(key=new)
    assert figures(project) == straight == (1.0, 5, 1.0)


def test_both_bad_is_equal_and_counted_apart(project, labelers):
    item = make_item(project)
    for labeler in labelers:
        make_judgment(item, labeler, [None, None], scale=7, both="bad")
    report = compute_report(project=project).result
    assert report["agreement"]["pairs"]["raw"]["value"] == 1.0
    assert report["extent"]["both_unacceptable"] == 2


def test_what_was_taken_back_agrees_with_nobody(project, labelers):
    item = make_item(project)
    make_judgment(item, labelers[0], [1, 2])
    make_judgment(item, labelers[1], [1, 2])
    assert figures(project)[:2] == (1.0, 2)
    make_judgment(item, labelers[1], [1, 2], revision=2, is_retraction=True)
    assert figures(project)[:2] == (None, 1)
    assert compute_report(project=project).result["extent"]["judgments"] == 1


@pytest.fixture
def rubric(project):
    return publish_rubric(
        project=project,
        guideline="",
        criteria=[
            CriterionSpec("deep", "Deep", allows_na=True),
            CriterionSpec("safe", "Safe", scale_min=0, scale_max=1, is_yes_no=True),
        ],
        flags=[TagSpec("unsafe", "Unsafe")],
    )


def test_not_applicable_is_no_rating(project, labelers, rubric):
    item = make_item(project, THREE)
    make_judgment(item, labelers[0], [1, 2, 3], ratings={"deep": [1, "na", 5]})
    make_judgment(item, labelers[1], [1, 2, 3], ratings={"deep": [1, 3, 5]})
    alpha = agreement_of(project)["criteria"]["deep"]
    assert (alpha["value"], alpha["n_ratings"]) == (1.0, 5)


def test_yes_and_no_are_nominal(project, labelers, rubric):
    item = make_item(project, THREE)
    make_judgment(item, labelers[0], [1, 2, 3], ratings={"safe": [1, 0, 1]})
    make_judgment(item, labelers[1], [1, 2, 3], ratings={"safe": [1, 0, 0]})
    report = compute_report(project=project).result
    # Three 0 and three 1: 1 - (1/3) / (2 * 3 * 3 / (6 * 5)) = 4/9.
    assert report["agreement"]["criteria"]["safe"]["value"] == pytest.approx(4 / 9)
    assert [(c["key"], c["is_yes_no"]) for c in report["criteria"]][:2] == [
        ("deep", False),
        ("safe", True),
    ]


@pytest.fixture
def flagged(project, labelers, rubric):
    """Of four responses two have no flag, one has it from both, one from w2 alone."""
    for texts, first, second in ((("1", "2"), [], []), (("3", "4"), [1], [1, 2])):
        item = make_item(project, texts)
        make_judgment(item, labelers[0], [1, 2], flags={"unsafe": first})
        make_judgment(item, labelers[1], [1, 2], flags={"unsafe": second})
    return project


def test_flags_by_hand(flagged):
    """raw 3/4. Alpha: 5 no, 3 yes; 1 - (1/4) / (2 * 5 * 3 / (8 * 7)) = 8/15. AC1: share of yes
    (0 + 0 + 1 + 1/2) / 4 = 3/8, chance 2 * 3/8 * 5/8 = 15/32, (3/4 - 15/32) / (17/32) = 9/17."""
    unsafe = agreement_of(flagged)["flags"]["unsafe"]
    assert unsafe["raw"]["value"] == pytest.approx(3 / 4)
    assert unsafe["alpha_nominal"]["value"] == pytest.approx(8 / 15)
    assert unsafe["gwet_ac1"]["value"] == pytest.approx(9 / 17)
    assert unsafe["raw"]["n_ratings"] == 8
    assert unsafe["raw"]["n_items"] == 2


def test_a_flag_that_nobody_asked_for_was_not_left_unset(flagged):
    """Judgments under an earlier rubric without the flag say nothing about it."""
    earlier = flagged.rubric_versions.get(number=1)
    item = make_item(flagged)
    for labeler in Judgment.objects.values_list("labeler", flat=True).distinct():
        member = flagged.memberships.get(user=labeler)
        make_judgment(item, member.user, [1, 2], rubric_version=earlier)
    assert agreement_of(flagged)["flags"]["unsafe"]["raw"]["n_ratings"] == 8


def test_a_snapshot_knows_flags_and_the_top_by_its_hash(flagged):
    before = take_snapshot(flagged).sha256
    item = flagged.items.first()
    make_judgment(item, make_member(flagged), [1, None], flags={"unsafe": [1]})
    with_flag = take_snapshot(flagged).sha256
    make_judgment(item, make_member(flagged), [1, None], rest_below=True)
    assert len({before, with_flag, take_snapshot(flagged).sha256}) == 3


def test_the_page_the_command_and_the_api_show_flags(client, flagged):
    out = io.StringIO()
    call_command("agreement", "kinds", stdout=out)
    line = next(line for line in out.getvalue().splitlines() if "of the flag unsafe" in line)
    assert line.startswith("Raw agreement, of the flag unsafe")
    assert "0.75" in line
    assert "Alpha, nominal, of safe" in out.getvalue()
    client.force_login(make_member(flagged, Membership.Role.LEAD))
    page = client.get("/projects/kinds/agreement/").content.decode()
    assert "By flag" in page
    assert "raw 0.75, alpha 0.53" in page
    assert "yes or no: nominal" in page
    answer = client.get("/api/projects/kinds/agreement/").json()
    assert list(answer["flags"]["unsafe"]) == ["raw", "alpha_nominal", "gwet_ac1"]


def test_a_project_without_flags_shows_none(client, project, labelers):
    item = make_item(project)
    for labeler in labelers:
        make_judgment(item, labeler, [1, 2])
    compute_report(project=project)
    client.force_login(make_member(project, Membership.Role.LEAD))
    page = client.get("/projects/kinds/agreement/").content.decode()
    assert "By criterion" in page
    assert "By flag" not in page
