"""The reviewers' pages: what they show, what they hide, and what their buttons do."""

import json
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.core.models import Event
from annotation.labeling.models import Adjudication, Feedback, Item, Judgment
from annotation.labeling.review.seat import Seat
from annotation.projects.models import Membership
from annotation.projects.services import CriterionSpec, publish_rubric
from tests.annotation.labeling.review.world import disputed, settle
from tests.annotation.labeling.test_views import url
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def project():
    return make_project("shop", name="The shop", overlap=3)


@pytest.fixture
def labelers(project):
    return [make_member(project, username=f"mira-{n}", handle=f"whale-{n}") for n in (1, 2, 3)]


@pytest.fixture
def lead(project):
    return make_member(project, Role.LEAD, username="ann", handle="ann")


@pytest.fixture
def reviewer(project):
    return make_member(project, Role.REVIEWER, username="omar", handle="omar")


def form(item, reviewer, best=1, **fields):
    """What the page sends: the response at position `best` first, all others after it."""
    seat = Seat.of(item, item.project, reviewer)
    ranks = {
        f"rank_{letter.lower()}": "1" if position == best else "2"
        for position, letter in enumerate(seat.letters, start=1)
    }
    return ranks | {"key": str(uuid.uuid4()), "seen": "0", "reason": "So it is."} | fields


def page(client, item, user):
    client.force_login(user)
    return client.get(url("review-item", "shop", item.pk)).content.decode()


def test_the_queue_shows_what_waits_and_how_it_is_counted(client, project, labelers, reviewer):
    item = disputed(project, labelers)
    client.force_login(reviewer)
    shown = client.get(url("list-reviews", "shop")).content.decode()
    assert "1 item waits" in shown
    assert "67 %" in shown
    assert "3 comparisons" in shown
    assert url("review-item", "shop", item.pk) in shown
    assert "Kendall" in shown
    for secret in ("whale-", "mira-", "secret-model"):
        assert secret not in shown


def test_reading_the_queue_writes_nothing_and_its_button_takes_in_what_came(
    client, project, labelers, reviewer
):
    item = make_item(project)
    for labeler, ranks in zip(labelers, ([1, 2], [1, 2], [2, 1]), strict=True):
        make_judgment(item, labeler, ranks)
    client.force_login(reviewer)
    for name in ("list-reviews", "next-review"):
        with CaptureQueriesContext(connection) as asked:
            client.get(url(name, "shop"))
        written = [one["sql"] for one in asked if re.match("INSERT|UPDATE|DELETE", one["sql"])]
        assert not written, name
    shown = client.get(url("list-reviews", "shop")).content.decode()
    refresh = url("refresh-reviews", "shop")
    assert "No disagreement waits" in shown
    assert refresh in shown
    answer = client.post(refresh, {"filter": "state=all"})
    assert answer.url == url("list-reviews", "shop") + "?state=all"
    shown = client.get(url("list-reviews", "shop")).content.decode()
    assert "1 item waits" in shown
    assert refresh not in shown, "nothing came since"


def test_the_page_is_blind_until_a_lead_unblinds_it_and_that_is_on_record(
    client, project, labelers, lead
):
    item = disputed(project, labelers, external_id="secret-model-1/x")
    shown = page(client, item, lead)
    assert "Because [2, 1]." in shown, "the judgments are there"
    for secret in ("whale-", "mira-", "secret-model"):
        assert secret not in shown
    client.post(url("unblind-item", "shop", item.pk))
    shown = page_again = client.get(url("review-item", "shop", item.pk)).content.decode()
    for secret in ("whale-1", "whale-2", "whale-3", "secret-model-1", "secret-model-2"):
        assert secret in page_again
    event = Event.objects.get(kind="review.unblinded")
    assert (event.actor, event.target) == (lead, f"item:{item.pk}")
    client.post(url("settle-item", "shop", item.pk), form(item, lead))
    assert not Adjudication.objects.get().was_blind


def test_a_reviewer_cannot_unblind(client, project, labelers, reviewer):
    item = disputed(project, labelers)
    client.force_login(reviewer)
    assert client.post(url("unblind-item", "shop", item.pk)).status_code == 404
    assert "whale-" not in page(client, item, reviewer)
    assert not Event.objects.filter(kind="review.unblinded").exists()


def test_letters_and_columns_are_shuffled_for_each_reviewer(project, labelers, reviewer):
    items = [disputed(project, labelers) for _ in range(12)]
    orders = [tuple(Seat.of(item, project, reviewer).order) for item in items]
    assert set(orders) == {(1, 2), (2, 1)}
    assert orders == [tuple(Seat.of(item, project, reviewer).order) for item in items]


def test_settled_by_letters_it_is_kept_by_positions_and_the_next_item_comes(
    client, project, labelers, reviewer
):
    items = [disputed(project, labelers) for _ in range(6)]
    client.force_login(reviewer)
    for number, item in enumerate(items):
        answer = client.post(
            url("settle-item", "shop", item.pk), form(item, reviewer, best=1 + number % 2)
        )
        assert answer.status_code == 302
    made = Adjudication.objects.order_by("pk")
    assert [one.ranks for one in made] == [[1, 2], [2, 1]] * 3
    assert answer.url.startswith(url("list-reviews", "shop")), "nothing else waits"


def test_after_a_decision_the_next_page_offers_to_take_it_back(
    client, project, labelers, reviewer
):
    first, second = (disputed(project, labelers) for _ in range(2))
    client.force_login(reviewer)
    answer = client.post(url("approve-item", "shop", first.pk), form(first, reviewer), follow=True)
    assert answer.redirect_chain[-1][0].startswith(url("review-item", "shop", second.pk))
    shown = answer.content.decode()
    assert "Approved." in shown
    take_back = url("reopen-item", "shop", first.pk)
    assert take_back in shown
    client.post(take_back, {"seen": "1", "key": str(uuid.uuid4())})
    assert [one.outcome for one in Adjudication.objects.order_by("pk")] == ["approved", "reopened"]


def test_items_that_get_another_labeler_are_told_of_and_one_taken_back_waits_at_once(
    client, project, labelers, reviewer
):
    approved, raised = (disputed(project, labelers) for _ in range(2))
    client.force_login(reviewer)
    client.post(url("approve-item", "shop", approved.pk), form(approved, reviewer))
    Item.objects.filter(project=project).update(overlap=4)
    shown = client.get(url("list-reviews", "shop")).content.decode()
    assert "No disagreement waits for you" in shown
    assert "1 item waits for a further judgment first" in shown

    again = {"seen": "1", "key": str(uuid.uuid4())}
    client.post(url("reopen-item", "shop", approved.pk), again)

    shown = client.get(url("list-reviews", "shop")).content.decode()
    assert "<h1>1 item waits</h1>" in shown
    assert url("review-item", "shop", approved.pk) in shown
    assert url("review-item", "shop", raised.pk) not in shown


def test_the_filter_goes_on_from_item_to_item(client, project, labelers, reviewer):
    items = [disputed(project, labelers, metadata={"language": n}) for n in ("de", "en", "de")]
    client.force_login(reviewer)
    chosen = "metadata=language%3Dde"
    answer = client.get(f"{url('next-review', 'shop')}?{chosen}")
    assert url("review-item", "shop", items[0].pk) in answer.url
    assert chosen in answer.url
    answer = client.post(
        url("approve-item", "shop", items[0].pk), form(items[0], reviewer, filter=chosen)
    )
    assert url("review-item", "shop", items[2].pk) in answer.url
    assert chosen in answer.url


def test_what_is_missing_comes_back_with_everything_that_was_entered(
    client, project, labelers, reviewer
):
    publish_rubric(
        project=project,
        guideline="",
        criteria=[CriterionSpec("help", "Helpfulness", is_required=True)],
    )
    item = disputed(project, labelers)
    client.force_login(reviewer)
    answer = client.post(
        url("settle-item", "shop", item.pk),
        form(item, reviewer, rating_help_a="4", reason="Because <it> is."),
    )
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Rate response B on “Helpfulness”" in shown
    assert "Because &lt;it&gt; is." in shown
    assert re.search(r'name="rating_help_a" value="4" checked', shown)
    assert len(re.findall(r'name="rank_[ab]" value="[12]" checked', shown)) == 2
    assert not Adjudication.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"rank_a": "9"},
        {"rank_a": "nonsense"},
        {"key": "nonsense"},
        {"seen": "nonsense"},
        {"seen": "-1"},
        {"reason": "\x00"},
        {"reason": ""},
        {"rubric": "99999999999999999999"},
    ],
)
def test_a_broken_form_is_a_sentence(client, project, labelers, reviewer, wrong):
    item = disputed(project, labelers)
    client.force_login(reviewer)
    answer = client.post(url("settle-item", "shop", item.pk), form(item, reviewer) | wrong)
    if "rubric" in wrong:  # the version in force is taken
        assert answer.status_code == 302
        return
    assert 400 <= answer.status_code < 500
    assert 'role="alert"' in answer.content.decode()
    assert not Adjudication.objects.exists()


def test_the_second_reviewer_keeps_what_was_entered_and_may_still_decide(
    client, project, labelers, lead, reviewer
):
    item = disputed(project, labelers)
    settle(item, lead, 1, 2)
    client.force_login(reviewer)
    late = form(item, reviewer, best=2, reason="I see it otherwise.")
    answer = client.post(url("settle-item", "shop", item.pk), late)
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody decided" in shown
    assert "I see it otherwise." in shown
    seen = re.search(r'name="seen" value="(\d+)"', shown)[1]
    again = late | {"seen": seen, "key": str(uuid.uuid4())}
    client.post(url("settle-item", "shop", item.pk), again)
    assert [one.ranks for one in Adjudication.objects.order_by("pk")] == [[1, 2], [2, 1]]


def test_the_labeler_reads_how_it_was_settled_in_their_own_letters(
    client, project, labelers, reviewer
):
    item = disputed(project, labelers)
    settle(item, reviewer, 1, 2, reason="Look at the date.")
    client.force_login(labelers[2])
    shown = client.get(url("list-feedback")).content.decode()
    assert "Look at the date." in shown
    assert "Settled" in shown
    assert "You judged: B &gt; A" in shown
    assert "A &gt; B" in shown
    assert "Of 1 pair of responses you put 0 in this order." in shown
    assert "omar" not in shown
    client.force_login(labelers[0])
    assert (
        "The order is the one that you gave." in client.get(url("list-feedback")).content.decode()
    )
    settle(item, reviewer, 2, 1, seen=1, reason="Now the other.")
    shown = client.get(url("list-feedback")).content.decode()
    assert "Taken back since" in shown
    assert "Now the other." in shown


def test_where_letters_differ_the_labeler_is_told_which_is_which(
    client, project, labelers, reviewer
):
    item = disputed(project, labelers)
    made = settle(item, reviewer, 1, 2)
    assert made.order == [1, 2]
    client.force_login(labelers[0])
    assert "another order" not in client.get(url("list-feedback")).content.decode()
    # Another reviewer, to whom the second response was A.
    other = disputed(project, labelers)
    from annotation.labeling.review import services
    from annotation.labeling.verdict import verdict_from_choices

    services.settle(
        item=other,
        reviewer=reviewer,
        verdict=verdict_from_choices({1: 1, 2: 2}, response_count=2),
        reason="A is worse.",
        seen=0,
        key=uuid.uuid4(),
        order=[2, 1],
    )
    shown = client.get(url("list-feedback")).content.decode()
    assert "A = B, B = A" in shown


def test_a_settled_item_becomes_an_example_with_its_reason(client, project, labelers, lead):
    publish_rubric(project=project, guideline="", criteria=[CriterionSpec("help", "Helpfulness")])
    item = disputed(project, labelers)
    settle(item, lead, 1, 2, reason="It names the year.")
    shown = page(client, item, lead)
    assert "Add to the rubric as an example" in shown
    text = re.search(r'id="example-text"[^>]*>(.*?)</textarea>', shown, re.S)[1]
    assert "It names the year." in text
    client.post(url("add-rubric-example", "shop", item.pk), {"criterion": "help", "text": text})
    draft = project.rubric_draft.content
    assert "It names the year." in draft["criteria"][0]["examples"][0]["text"]


def test_who_judged_the_item_is_warned(client, project, labelers, reviewer):
    project.memberships.filter(user=labelers[0]).update(role=Role.REVIEWER)
    item = disputed(project, labelers)
    assert "You judged this item yourself" in page(client, item, labelers[0])
    assert "You judged this item yourself" not in page(client, item, reviewer)


POSTS = {
    "settle-item": (Role.REVIEWER, Role.LEAD, Role.ADMIN),
    "approve-item": (Role.REVIEWER, Role.LEAD, Role.ADMIN),
    "reopen-item": (Role.REVIEWER, Role.LEAD, Role.ADMIN),
    "unblind-item": (Role.LEAD, Role.ADMIN),
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", POSTS)
def test_who_may_decide(client, project, labelers, name, role):
    item = disputed(project, labelers)
    user = make_member(project, role)
    client.force_login(user)
    answer = client.post(url(name, "shop", item.pk), form(item, user))
    assert answer.status_code == (302 if role in POSTS[name] else 404)
    if role not in POSTS[name]:
        assert not Adjudication.objects.exists()
        assert client.get(url("review-item", "shop", item.pk)).status_code in (200, 404)


def test_not_another_projects_item(client, project, labelers):
    item = disputed(project, labelers)
    stranger = make_member(make_project("other"), Role.ADMIN)
    client.force_login(stranger)
    judgment = Judgment.objects.first()
    for slug in ("shop", "other"):
        assert client.get(url("review-item", slug, item.pk)).status_code == 404
        for name in POSTS:
            assert client.post(url(name, slug, item.pk), form(item, stranger)).status_code == 404
        address = url("return-judgment", slug, item.pk, judgment.pk)
        assert client.post(address, {"text": "x"}).status_code == 404
    assert not Adjudication.objects.exists()


def test_a_judgment_of_another_item_is_not_returned(client, project, labelers, reviewer):
    item, other = (disputed(project, labelers) for _ in range(2))
    client.force_login(reviewer)
    foreign = Judgment.objects.filter(item=other).first()
    address = url("return-judgment", "shop", item.pk, foreign.pk)
    assert client.post(address, form(item, reviewer, text="x")).status_code == 404
    assert not Feedback.objects.exists()


def test_the_settings_are_the_leads(client, project, lead, reviewer):
    said = {"audit_percent": "12", "spread_percent": "30"}
    client.force_login(reviewer)
    assert client.post(url("save-review-settings", "shop"), said).status_code == 404
    client.force_login(lead)
    for wrong in ("101", "-1", "x", ""):
        answer = client.post(
            url("save-review-settings", "shop"), said | {"audit_percent": wrong}, follow=True
        )
        assert "from 0 to 100" in answer.content.decode(), wrong
    assert not Event.objects.filter(kind="review.settings_changed").exists()
    client.post(url("save-review-settings", "shop"), said)
    shown = client.get(url("list-reviews", "shop")).content.decode()
    assert 'name="audit_percent" min="0" max="100" required value="12"' in shown
    assert Event.objects.get(kind="review.settings_changed").payload["audit_percent"] == 12


def test_the_export_says_who_decided_what_over_which_judgments(
    client, project, labelers, lead, reviewer
):
    item = disputed(project, labelers, external_id="x1")
    settle(item, reviewer, 1, 2, reason="First.")
    settle(item, reviewer, 2, "x", seen=1, reason="Second.")
    client.force_login(lead)

    def rows(address):
        answer = client.get(address)
        assert answer["Content-Type"] == "application/x-ndjson"
        return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]

    (row,) = rows("/api/projects/shop/adjudications/")
    decided_at = row.pop("decided_at")
    assert decided_at.endswith("+00:00")
    assert row == {
        "item": "x1",
        "reviewer": "omar",
        "revision": 2,
        "is_current": True,
        "outcome": "settled",
        "ranking": [["a"]],
        "unacceptable": ["b"],
        "rest_below": False,
        "strength": [],
        "scale": None,
        "preference": None,
        "preference_words": "",
        "both": "",
        "ratings": {},
        "reason": "Second.",
        "returned": None,
        "judgments": [{"labeler": f"whale-{n}", "revision": 1} for n in (1, 2, 3)],
        "was_blind": True,
        "rubric_version": None,
    }
    both = rows(url("export-adjudications", "shop") + "?revisions=all")
    assert [(one["revision"], one["is_current"]) for one in both] == [(1, False), (2, True)]
    assert client.get("/api/projects/shop/adjudications/?revisions=x").status_code == 400
    client.force_login(reviewer)
    assert client.get("/api/projects/shop/adjudications/").status_code == 404
