"""The judging page without script: what it shows, what a submit does, what it refuses."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.core.models import Event
from annotation.labeling.models import Assignment, Judgment
from annotation.labeling.queue import expire_leases
from annotation.projects.models import Membership, Project
from annotation.projects.services import CriterionSpec, publish_rubric
from tests.factories import make_item, make_member, make_project, make_prompt

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project():
    return make_project(overlap=1)


@pytest.fixture
def labeler(client, project):
    labeler = make_member(project)
    client.force_login(labeler)
    return labeler


def url(name, *args):
    return reverse(f"labeling:{name}", args=args)


def open_page(client, project):
    page = client.get(url("judge", project.slug))
    assert page.status_code == 200
    return page


def held(labeler):
    return Assignment.objects.live().get(labeler=labeler)


def answer(assignment, **changes):
    ranks = {
        f"rank_{letter}": n for n, letter in enumerate("abcdefghi"[: len(assignment.order)], 1)
    }
    return ranks | {"key": str(assignment.key), "token": assignment.token} | changes


def submit(client, project, assignment, htmx=False, **changes):
    headers = {"HX-Request": "true"} if htmx else {}
    target = url("submit-judgment", project.slug, assignment.pk)
    return client.post(target, answer(assignment, **changes), headers=headers)


def test_the_page_shows_the_prompt_and_each_response_but_not_who_wrote_it(
    client, project, labeler
):
    make_item(project, ("First **answer**.", "Second answer."))

    page = open_page(client, project).content.decode()

    assert "<strong>answer</strong>" in page
    assert "Second answer." in page
    assert "secret-model" not in page


def test_the_form_goes_by_the_letters_shown_and_not_by_the_items_own_order(
    client, project, labeler
):
    make_item(project, ("Chosen.", "Rejected."))
    open_page(client, project)
    assignment = held(labeler)
    Assignment.objects.update(order=[2, 1])

    submit(client, project, assignment, rank_a=1, rank_b=2)

    assert Judgment.objects.get().ranks == [2, 1]


def test_a_submit_records_the_judgment_and_leads_to_the_next_item(client, project, labeler):
    for _ in range(2):
        make_item(project)
    open_page(client, project)
    assignment = held(labeler)

    done = submit(client, project, assignment, rationale="Shorter.\r\nClearer.", seconds="41")

    assert done.status_code == 303
    assert done["Location"] == f"{url('judge', project.slug)}?done={assignment.pk}"
    judgment = Judgment.objects.get()
    assert (judgment.rationale, judgment.seconds) == ("Shorter.\nClearer.", 41)
    open_page(client, project)
    assert held(labeler).item_id != judgment.item_id


def test_a_submit_by_htmx_answers_with_the_next_item_at_once(client, project, labeler):
    for n in range(2):
        make_item(project, (f"Left {n}.", f"Right {n}."))
    open_page(client, project)
    first = held(labeler)

    done = submit(client, project, first, htmx=True)

    assert done.status_code == 200
    page = done.content.decode()
    assert "<!doctype" not in page
    assert 'id="judge"' in page
    assert url("submit-judgment", project.slug, held(labeler).pk) in page
    assert "HX-Request" in done["Vary"]


def test_a_double_click_records_one_judgment(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)

    first, second = (submit(client, project, assignment) for _ in range(2))

    assert first.status_code == second.status_code == 303
    assert Judgment.objects.count() == 1


def test_the_back_button_with_another_verdict_keeps_the_first_and_gives_a_choice(
    client, project, labeler
):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    submit(client, project, assignment)

    again = submit(client, project, assignment, rank_a=2, rank_b=1)

    assert again.status_code == 409
    first = Judgment.objects.get()
    assert first.ranks == [assignment.order.index(n) + 1 for n in (1, 2)]
    page = again.content.decode()
    assert "The first counts" in page
    assert f'name="replace" value="{first.pk}"' in page


def test_equal_numbers_are_a_tie_and_gaps_close(client, project, labeler):
    make_item(project, ("One.", "Two.", "Three."))
    open_page(client, project)
    assignment = held(labeler)

    submit(client, project, assignment, rank_a=1, rank_b=3, rank_c=3, strength_1="3")

    judgment = Judgment.objects.get()
    shown = [judgment.ranks[position - 1] for position in assignment.order]
    assert shown == [1, 2, 2]
    assert judgment.strength == [3]


def test_unacceptable_lies_below_all_ranks(client, project, labeler):
    make_item(project, ("One.", "Two.", "Three."))
    open_page(client, project)
    assignment = held(labeler)

    submit(client, project, assignment, rank_c="x")

    judgment = Judgment.objects.get()
    shown = [judgment.unacceptable[position - 1] for position in assignment.order]
    assert shown == [False, False, True]


@pytest.mark.parametrize("is_required", [True, False])
def test_ratings_say_whether_they_are_required(client, project, labeler, is_required):
    criteria = [CriterionSpec("helpfulness", "Helpfulness", is_required=is_required)]
    publish_rubric(project=project, guideline="Read both.", criteria=criteria)
    make_item(project)

    page = open_page(client, project).content.decode()

    assert ("Ratings are optional." in page) is not is_required
    assert ("(required)" in page) is is_required


def test_ratings_are_kept_by_criterion_and_position(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)

    submit(client, project, assignment, rating_helpfulness_a=5, rating_helpfulness_b=2)

    ratings = Judgment.objects.get().ratings["helpfulness"]
    assert [ratings[position - 1] for position in assignment.order] == [5, 2]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rank_b": ""}, "Rank response B."),
        ({"rank_b": "17"}, "Response B has a rank that is not one of 1 to 2."),
        ({"rank_b": "²"}, "Response B has a rank"),
        ({"rating_clarity_a": "9"}, "is not on the scale"),
        ({"strength_1": "9"}, "A strength is"),
        ({"key": "nonsense"}, "This page is broken"),
        ({"rationale": "a NUL \x00"}, "NUL"),
        ({"rationale": "x" * 20_001}, "at most 20,000 fit"),
    ],
)
def test_what_cannot_count_is_422_and_everything_entered_is_still_there(
    client, project, labeler, changes, words
):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)

    refused = submit(client, project, assignment, **{"rating_helpfulness_a": "4"} | changes)

    assert refused.status_code == 422
    page = refused.content.decode()
    assert words in page
    assert 'role="alert"' in page
    assert re.search(r'name="rank_a" value="1" checked', page)
    assert re.search(r'name="rating_helpfulness_a" value="4" checked', page)
    assert not Judgment.objects.exists()
    assert submit(client, project, assignment).status_code == 303, "there was something to refuse"


def test_a_missing_rank_links_to_its_response(client, project, labeler):
    make_item(project)
    open_page(client, project)

    page = submit(client, project, held(labeler), rank_a="", rank_b="").content.decode()

    assert "Two things are missing." in page
    for letter in "ab":
        assert f'<a href="#response-{letter}">' in page
        assert f'class="response sheet missing" id="response-{letter}"' in page


def test_a_required_rationale_is_asked_for(client, project, labeler):
    Project.objects.update(rationale="required")
    make_item(project)
    open_page(client, project)

    refused = submit(client, project, held(labeler))

    assert refused.status_code == 422
    assert 'href="#rationale"' in refused.content.decode()


def test_a_draft_comes_back_with_the_page(client, project, labeler):
    make_item(project, ("One.", "Two.", "Three."))
    open_page(client, project)
    assignment = held(labeler)
    target = url("save-draft", project.slug, assignment.pk)

    saved = client.post(target, answer(assignment, rationale="half a thou", strength_1="2"))

    assert saved.status_code == 204
    page = open_page(client, project).content.decode()
    assert "half a thou</textarea>" in page
    assert re.search(r'name="rank_b" value="2" checked', page)
    assert 'data-strength="2,"' in page


def test_a_draft_keeps_what_was_entered_and_not_the_forms_machinery(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)

    client.post(
        url("save-draft", project.slug, assignment.pk), answer(assignment, surprise="1", on="b")
    )

    assignment.refresh_from_db()
    assert set(assignment.draft) == {"rank_a", "rank_b", "on"}


def test_a_draft_of_a_page_that_lost_its_item_is_told_so(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    stale = answer(assignment) | {"token": assignment.token + 1}

    refused = client.post(url("save-draft", project.slug, assignment.pk), stale)

    assert refused.status_code == 409
    assert "kept" in refused.content.decode()


@pytest.mark.parametrize("rationale", ["a NUL \x00", "x" * 200_000])
def test_a_draft_that_cannot_be_stored_is_refused_and_nothing_breaks(
    client, project, labeler, rationale
):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    many = {f"rating_n{n}_a": rationale for n in range(12)}

    refused = client.post(
        url("save-draft", project.slug, assignment.pk), answer(assignment) | many
    )

    assert refused.status_code == 400
    assert held(labeler).draft == {}


def test_a_heartbeat_keeps_the_item(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    soon = timezone.now() + timedelta(seconds=5)
    Assignment.objects.update(lease_until=soon)

    beat = client.post(
        url("renew-lease", project.slug, assignment.pk), {"token": assignment.token}
    )

    assert beat.status_code == 204
    assert held(labeler).lease_until > soon + timedelta(minutes=1)


def test_late_work_with_no_room_left_is_kept_as_surplus_and_said(client, project, labeler):
    make_item(project)
    open_page(client, project)
    mine = held(labeler)
    Assignment.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    expire_leases(project=project)
    other = make_member(project)
    client.force_login(other)
    open_page(client, project)
    submit(client, project, held(other))
    client.force_login(labeler)

    late = submit(client, project, mine, htmx=True)

    assert "as surplus" in late.content.decode()
    assert Judgment.objects.get(labeler=labeler).is_surplus


def test_skipping_gives_the_item_back_with_its_reason(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)

    skipped = client.post(
        url("skip-item", project.slug, assignment.pk), {"reason": "Something else"}
    )

    assert skipped.status_code == 303
    assignment.refresh_from_db()
    assert (assignment.state, assignment.skip_reason) == ("skipped", "Something else")
    said = Event.objects.get(kind="assignment.skipped").payload
    assert said == {"item": assignment.item_id}, "the trail holds no typed text"
    assert "Nothing left for you here" in open_page(client, project).content.decode()


def test_somebody_elses_assignment_is_not_there(client, project, labeler):
    make_item(project)
    open_page(client, project)
    theirs = held(labeler)
    client.force_login(make_member(project))

    for name in ("submit-judgment", "save-draft", "renew-lease", "skip-item"):
        target = url(name, project.slug, theirs.pk)
        assert client.post(target, answer(theirs)).status_code == 404, name
    assert not Judgment.objects.exists()
    client.force_login(labeler)
    assert submit(client, project, theirs).status_code == 303, "there was something to refuse"


def test_an_assignment_under_another_projects_address_is_not_there(client, project, labeler):
    make_item(project)
    open_page(client, project)
    other = make_project()
    make_member(other)

    assert submit(client, other, held(labeler)).status_code == 404


def test_a_project_of_others_and_one_that_is_not_there_look_the_same(client, labeler):
    foreign = client.get(url("judge", make_project().slug))
    absent = client.get(url("judge", "no-such-project"))

    assert foreign.status_code == absent.status_code == 404


def test_a_former_member_is_out_at_once(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    Membership.objects.filter(user=labeler).update(is_active=False)

    assert submit(client, project, assignment).status_code == 404
    assert client.get(url("judge", project.slug)).status_code == 404


def test_nobody_judges_without_signing_in(client, project):
    page = client.get(url("judge", project.slug))

    assert page.status_code == 302
    assert page["Location"].startswith(reverse("accounts:sign-in"))


def test_a_form_without_a_token_is_refused(project, labeler):
    from django.test import Client

    make_item(project)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(labeler)
    open_page(strict, project)

    assert submit(strict, project, held(labeler)).status_code == 403
    assert not Judgment.objects.exists()


def test_reloading_the_address_of_a_refused_submit_shows_the_item(client, project, labeler):
    make_item(project)
    open_page(client, project)

    page = client.get(url("submit-judgment", project.slug, held(labeler).pk), follow=True)

    assert page.status_code == 200
    assert 'id="judgment"' in page.content.decode()


def test_empty_and_equal_responses_are_marked(client, project, labeler):
    make_item(project, ("Same.", "Same.", ""))

    page = open_page(client, project).content.decode()

    assert page.count("same as ") == 2
    assert page.count("the model answered nothing") == 1


def test_earlier_turns_are_folded_and_the_raw_text_shows_what_cannot_be_seen(
    client, project, labeler
):
    item = make_item(project, ("A zero\u200bwidth space.", "Plain."))
    roles = ["user", "assistant", "user", "assistant", "user"]
    item.prompt.messages = [{"role": r, "content": f"Turn {n}."} for n, r in enumerate(roles, 1)]
    item.prompt.save()

    page = open_page(client, project).content.decode()

    folded, open_turns = page.split("</details>", 1)
    assert "3 earlier turns" in folded
    assert "Turn 3." in folded
    assert "Turn 4." in open_turns
    assert "A zero⟨ZWSP⟩width space." in page


def test_hostile_text_stays_text(client, project, labeler):
    hostile = '<img src=x onerror="alert(1)"><script>alert(1)</script>\n\n[x](javascript:alert(1))'
    make_item(project, (hostile, "Fine."))

    page = open_page(client, project).content.decode()

    assert "<img" not in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_project_without_items_or_rubric_says_so(client, project, labeler):
    assert "Nothing to judge yet" in open_page(client, project).content.decode()


def test_a_project_without_a_rubric_can_be_judged(client):
    project = make_project(overlap=1, has_rubric=False)
    labeler = make_member(project)
    client.force_login(labeler)
    make_item(project)

    assert "no rubric yet" in open_page(client, project).content.decode()
    assert submit(client, project, held(labeler)).status_code == 303


def test_the_judging_loop_takes_seven_statements_beside_session_and_user(
    client, project, labeler, django_assert_num_queries
):
    for _ in range(3):
        make_item(project, ("Left.", "Right."), prompt=make_prompt(project, "Which?"))
    open_page(client, project)
    submit(client, project, held(labeler), htmx=True)  # rubric and rendered text are kept now
    assignment = held(labeler)

    with django_assert_num_queries(7 + 2):  # the test's own transaction makes a savepoint
        done = submit(client, project, assignment, htmx=True)

    assert 'id="judgment"' in done.content.decode()


def test_the_page_weighs_at_most_60_kb_in_at_most_6_requests(client, project, labeler):
    from tests.browser.samples import FOUR, QUESTION

    make_item(project, FOUR, prompt=make_prompt(project, QUESTION))
    page = client.get(url("judge", project.slug), headers={"Accept-Encoding": "gzip"})
    assert page["Content-Encoding"] == "gzip"
    html = client.get(url("judge", project.slug)).content.decode()

    parts = re.findall(r'<(?:link rel="stylesheet" href|script[^>]* src)="([^"]+)"', html)
    sizes = {"page": len(page.content)}
    for part in parts:
        asset = client.get(part, headers={"Accept-Encoding": "gzip"})
        assert asset.status_code == 200, part
        sizes[part] = len(b"".join(asset.streaming_content))
        asset.close()

    assert "static/css/base.css" in " ".join(parts)
    assert len(sizes) <= 6, sizes
    assert sum(sizes.values()) <= 60_000, sizes


def test_static_files_may_be_kept_by_any_cache(client):
    asset = client.get("/static/css/base.css")

    asset.close()
    assert "Cookie" not in asset.get("Vary", "")
    assert "max-age" in asset["Cache-Control"]


@pytest.mark.parametrize("rank", ["0", "4", "001" + "9" * 5000, "1²", "-1", "1.0"])
def test_a_rank_that_is_none_is_a_422(client, project, labeler, rank):
    make_item(project, ["One.", "Two."])
    open_page(client, project)
    assignment = Assignment.objects.get()
    answer = client.post(
        url("submit-judgment", project.slug, assignment.pk),
        {"key": str(assignment.key), "rank_a": rank, "rank_b": "1"},
    )
    assert answer.status_code == 422
    assert "not one of 1 to 2" in answer.content.decode()
    assert not Judgment.objects.exists()


def test_what_is_too_long_is_refused_and_never_cut(client, project, labeler):
    make_item(project)
    open_page(client, project)
    assignment = held(labeler)
    long = "x" * 30_000 + "the end"

    kept = client.post(
        url("save-draft", project.slug, assignment.pk), answer(assignment, rationale=long)
    )
    refused = submit(client, project, assignment, rationale=long)

    assert kept.status_code == 204
    assert held(labeler).draft["rationale"] == long
    assert refused.status_code == 422
    assert "at most 20,000 fit" in refused.content.decode()
    assert "the end" in refused.content.decode()
    assert not Judgment.objects.exists()
