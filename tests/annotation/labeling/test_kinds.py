"""Every kind of judgment from the form to the row: what was entered is what is kept, by position
whatever order was shown."""

import pytest
from django.urls import reverse

from annotation.labeling.models import Assignment, Judgment
from annotation.projects.services import CriterionSpec, TagSpec
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db

FLAGS = (TagSpec("unsafe", "Unsafe"), TagSpec("broken", "Broken", "Cut off."))
CRITERIA = (
    CriterionSpec("overall", "Overall", scale_min=1, scale_max=7, is_required=True),
    CriterionSpec("follows", "Follows", scale_min=0, scale_max=1, is_yes_no=True),
    CriterionSpec("coherence", "Coherent", scale_min=0, scale_max=4, allows_na=True),
)


@pytest.fixture
def judge(client):
    """Open a project's page with one item, its responses shown in reverse; submit answers."""

    def start(count=2, **fields):
        project = make_project(overlap=1, **fields)
        client.force_login(make_member(project))
        make_item(project, [f"Text {n}." for n in range(1, count + 1)])
        here = reverse("labeling:judge", args=[project.slug])
        assert client.get(here).status_code == 200
        assignment = Assignment.objects.live().get(project=project)
        Assignment.objects.update(order=list(range(count, 0, -1)))
        page = client.get(here).content.decode()
        base = {"key": str(assignment.key), "token": assignment.token}
        target = reverse("labeling:submit-judgment", args=[project.slug, assignment.pk])

        def submit(**answers):
            return client.post(target, base | answers)

        return page, submit

    return start


def judged(response):
    assert response.status_code == 303, response.content.decode()[:2000]
    return Judgment.objects.get()


def refused(response, words):
    assert response.status_code == 422
    page = response.content.decode()
    assert words in page
    assert not Judgment.objects.exists()
    return page


def test_a_full_order_with_strengths(judge):
    _, submit = judge(3)

    judgment = judged(submit(rank_a="1", rank_b="3", rank_c="2", strength_1="3", strength_2="1"))

    assert judgment.ranks == [2, 3, 1]
    assert judgment.strength == [3, 1]
    assert not judgment.rest_below


def test_the_best_three_of_five_leave_the_rest_below(judge):
    page, submit = judge(5, ordering="partial", top_k=3)
    assert "Rank the best 3, leave the rest" in page

    judgment = judged(submit(rank_b="1", rank_d="2", rank_e="3"))

    assert judgment.ranks == [3, 2, None, 1, None]
    assert judgment.rest_below


def test_two_of_the_best_three_are_too_few(judge):
    _, submit = judge(5, ordering="partial", top_k=3)

    page = refused(submit(rank_b="1", rank_d="2"), "Rank at least the best 3.")

    assert 'name="rank_b" value="1" checked' in page


def test_a_partial_order_without_a_number_says_nothing_of_the_rest(judge):
    _, submit = judge(4, ordering="partial", top_k=None)

    judgment = judged(submit(rank_a="1", rank_b="2"))

    assert judgment.ranks == [None, None, 2, 1]
    assert not judgment.rest_below


@pytest.mark.parametrize(
    ("points", "value", "preference", "ranks", "strength"),
    [
        (4, "-2", 2, [2, 1], [2]),
        (4, "1", -1, [1, 2], [1]),
        (7, "0", 0, [1, 1], []),
        (7, "-3", 3, [2, 1], [3]),
        (9, "4", -4, [1, 2], [3]),
    ],
)
def test_a_point_of_the_scale_is_kept_for_the_positions(
    judge, points, value, preference, ranks, strength
):
    page, submit = judge(2, ordering="scale", scale_points=points)
    assert page.count('name="preference"') == points + 2
    assert 'name="rank_a"' not in page

    judgment = judged(submit(preference=value))

    assert (judgment.scale, judgment.preference, judgment.both) == (points, preference, "")
    assert (judgment.ranks, judgment.strength) == (ranks, strength)


@pytest.mark.parametrize(
    ("value", "unacceptable"), [("good", [False, False]), ("bad", [True, True])]
)
def test_both_good_and_both_bad_are_apart(judge, value, unacceptable):
    _, submit = judge(2, ordering="scale")

    judgment = judged(submit(preference=value))

    assert (judgment.both, judgment.preference) == (value, None)
    assert judgment.unacceptable == unacceptable


def test_a_scale_without_both_offers_and_takes_none(judge):
    page, submit = judge(2, ordering="scale", has_both=False)
    assert 'value="-3"' in page
    assert 'value="good"' not in page

    refused(submit(preference="good"), "does not ask for “both”")


def test_a_scale_wants_an_answer_and_leads_to_it(judge):
    _, submit = judge(2, ordering="scale")

    page = refused(submit(), "Say which response is better.")

    assert 'href="#preference"' in page
    assert 'id="preference"' in page


def test_items_of_other_sizes_are_ranked_in_a_project_with_a_scale(judge):
    page, submit = judge(3, ordering="scale")
    assert 'name="preference"' not in page

    assert judged(submit(rank_a="1", rank_b="2", rank_c="3")).ranks == [3, 2, 1]


def test_ratings_of_every_scale_without_an_order(judge):
    page, submit = judge(2, ordering="none", criteria=CRITERIA)
    assert "rank_a" not in page

    judgment = judged(
        submit(
            rating_overall_a="7",
            rating_overall_b="1",
            rating_follows_a="0",
            rating_follows_b="1",
            rating_coherence_a="na",
            rating_coherence_b="4",
        )
    )

    assert judgment.ranks == [None, None]
    assert judgment.ratings == {"overall": [1, 7], "follows": [1, 0], "coherence": [4, "na"]}


def test_a_missing_rating_is_named_for_its_response_and_its_panel_is_open(judge):
    _, submit = judge(2, ordering="none", criteria=CRITERIA)

    page = refused(submit(rating_overall_a="7", on="a"), "Rate response B on “Overall”.")

    assert 'href="#rating_overall_b"' in page
    assert 'id="rating_overall_b"' in page
    assert 'value="b" id="on-b" checked' in page


def test_flags_belong_to_their_response(judge):
    page, submit = judge(3, flags=FLAGS)
    assert page.count('name="flag_unsafe_') == 3

    judgment = judged(
        submit(rank_a="1", rank_b="2", rank_c="3", flag_unsafe_a="1", flag_broken_c="1")
    )

    assert judgment.flags == {"unsafe": [False, False, True], "broken": [True, False, False]}


def test_what_was_flagged_is_there_again_after_a_refusal(judge):
    _, submit = judge(2, flags=FLAGS)

    page = refused(submit(rank_a="1", flag_unsafe_b="1"), "Rank response B.")

    assert 'name="flag_unsafe_b" value="1" checked' in page
    assert 'name="flag_unsafe_a" value="1" checked' not in page


def test_confidence_is_kept(judge):
    page, submit = judge(2, confidence="required")
    assert page.count('name="confidence"') == 5

    assert judged(submit(rank_a="1", rank_b="2", confidence="4")).confidence == 4


def test_all_that_is_missing_is_said_at_once(judge):
    _, submit = judge(2, criteria=CRITERIA, confidence="required", rationale="required")

    page = refused(submit(rank_a="1", rating_overall_a="3"), "Four things are missing.")

    for target in ("response-b", "rating_overall_b", "confidence", "rationale"):
        assert f'href="#{target}"' in page
        assert f'id="{target}"' in page


def test_required_confidence_leads_to_its_place(judge):
    _, submit = judge(2, confidence="required")

    page = refused(submit(rank_a="1", rank_b="2"), "Say how sure you are.")

    assert 'href="#confidence"' in page
    assert 'id="confidence"' in page


def test_confidence_that_is_not_asked_for_is_not_on_the_page(judge):
    page, _ = judge(2)
    assert 'name="confidence"' not in page


def test_one_response_is_rated_alone(judge):
    page, submit = judge(1, ordering="none", criteria=CRITERIA)
    assert page.count('class="response sheet') == 1

    assert judged(submit(rating_overall_a="5")).ratings == {"overall": [5]}


def test_an_item_without_responses_is_lent_and_shown(judge):
    page, submit = judge(0, ordering="none", criteria=(), demonstration="always")
    assert 'class="response' not in page

    judgment = judged(submit(demonstration="Mine."))

    assert judgment.ranks == []
    assert judgment.written.get().response.text == "Mine."


@pytest.mark.parametrize("count", range(1, 10))
def test_a_page_for_any_number_of_responses(judge, count):
    page, _ = judge(count, ordering="none", criteria=CRITERIA, flags=FLAGS, confidence="optional")
    assert page.count('class="response sheet') == count
