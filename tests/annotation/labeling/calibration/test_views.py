"""The pages: a lead prepares, opens and reveals; nobody sees a judgment before that."""

from datetime import timedelta

import pytest
from django.urls import get_resolver, reverse
from django.utils import timezone

from annotation.datasets.policy import Policy
from annotation.datasets.source import read_prompts
from annotation.labeling.calibration.revealing import reveal
from annotation.labeling.calibration.shown import shared_desk
from annotation.labeling.models import CalibrationMember, CalibrationRound, Item
from annotation.labeling.queue import lend_next_item
from annotation.projects.models import Membership
from annotation.quality.own_figures import own_figures
from annotation.quality.snapshot import take_snapshot
from tests.annotation.labeling.calibration.world import (
    judge,
    judge_all,
    make_round,
    opened,
    submit,
)
from tests.browser.test_every_page import pages
from tests.factories import make_item, make_judgment, make_member

pytestmark = pytest.mark.django_db
Role = Membership.Role


def url(name, *args):
    return reverse(f"labeling:{name}", args=["shop", *args])


def page(client, user, name, *args):
    client.force_login(user)
    return client.get(url(name, *args)).content.decode()


def post(client, user, view, /, *args, **data):
    client.force_login(user)
    return client.post(url(view, *args), data, follow=True).content.decode()


def test_from_the_item_list_to_the_start_pages(client, project, lead, labelers, items):
    client.force_login(lead)
    new = client.get(url("create-calibration"), {"item": ["q1", "q2", "nothing"]})
    assert ">\nq1\nq2</textarea>" in new.content.decode()

    data = {"name": "Tone", "items": "q1\nq2", "who": "everybody"}
    saved = post(client, lead, "create-calibration", **data)
    assert "Nobody sees it before you open it." in saved
    round_ = CalibrationRound.objects.get()
    assert "Question 1?" in saved
    assert "Calibration round" not in client.get("/").content.decode()
    client.force_login(labelers[0])
    assert client.get(url("show-calibration", round_.pk)).status_code == 404

    opened_ = post(client, lead, "open-calibration", round_.pk)
    assert "0 of 2 judged" in opened_
    client.force_login(labelers[0])
    home = client.get("/").content.decode()
    assert "Calibration round “Tone”" in home
    assert "0 of 2 judged" in home


def test_what_is_drawn_is_recorded_with_its_seed(client, project, lead, labelers, items):
    drawn = {"name": "Drawn", "items": "q1", "draw": "random", "count": "1", "who": "everybody"}
    shown = post(client, lead, "create-calibration", **drawn)
    round_ = CalibrationRound.objects.get()
    assert [one.item for one in round_.items.all()] == items
    (sample,) = round_.samples
    assert (sample["kind"], sample["items"]) == ("random", ["q2"])
    assert f"seed {sample['seed']}" in shown


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"items": "q1\nq7\nq8"}, "There is no item with the id “q7”, “q8”."),
        ({"who": "chosen"}, "Choose who takes part."),
        ({"draw": "random", "count": ""}, "Say how many items to draw."),
        ({"deadline": "2001-01-01T10:00"}, "The deadline has passed already."),
        ({"deadline": "soon"}, "Enter a valid date/time."),
        ({"name": ""}, "This field is required."),
        ({"items": "q\x00"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(client, lead, labelers, items, data, said):
    client.force_login(lead)
    whole = {"name": "Round", "items": "q1", "who": "everybody"}
    answer = client.post(url("create-calibration"), whole | data)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not CalibrationRound.objects.exists()


def test_a_draft_says_what_would_be_refused(client, project, lead, labelers, items):
    round_ = make_round(project, lead, items)
    assert "cannot be opened like this" not in page(client, lead, "show-calibration", round_.pk)
    make_judgment(items[0], labelers[0], [1, 2])
    assert "“q1”: judged or skipped" in page(client, lead, "show-calibration", round_.pk)
    refused = post(client, lead, "open-calibration", round_.pk)
    assert "“q1”: judged or skipped" in refused

    edited = {"name": "Other items", "items": "q2", "who": "chosen"}
    edited["labelers"] = [labelers[1].pk, labelers[2].pk]
    post(client, lead, "edit-calibration", round_.pk, **edited)
    assert "Open. Its items come first" in post(client, lead, "open-calibration", round_.pk)
    assert "has begun" in post(client, lead, "edit-calibration", round_.pk, **edited)
    assert "has begun" in post(client, lead, "delete-calibration", round_.pk)


def test_a_draft_can_be_deleted(client, project, lead, items):
    round_ = make_round(project, lead, items)
    assert "The draft is gone." in post(client, lead, "delete-calibration", round_.pk)
    assert not CalibrationRound.objects.exists()


def test_the_lead_reveals_excuses_and_asks(client, project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge_all(project, labelers[:1], 2)
    shown = page(client, lead, "show-calibration", round_.pk)
    assert "2 people are missing." in shown
    assert "2 people are asked" in post(client, lead, "nudge-calibration", round_.pk)
    client.force_login(labelers[1])
    assert "The others wait for you." in client.get("/").content.decode()

    member = CalibrationMember.objects.get(labeler=labelers[1])
    args = [round_.pk, member.pk]
    post(client, lead, "excuse-calibration-member", *args, reason="Ill since Monday")
    shown = page(client, lead, "show-calibration", round_.pk)
    assert "1 person is missing." in shown
    assert "Ill since Monday" in shown
    assert "say why you do not wait" in post(client, lead, "reveal-calibration", round_.pk)
    shown = post(client, lead, "reveal-calibration", round_.pk, reason="Olga left for good.")
    assert "Olga left for good." in shown
    assert "already" not in shown
    assert "nothing to reveal" in post(client, lead, "reveal-calibration", round_.pk)
    client.force_login(labelers[0])
    assert "all is revealed" in client.get("/").content.decode()


def test_called_off_from_the_page(client, project, lead, labelers, items):
    round_ = opened(project, lead, items)
    shown = post(client, lead, "call-off-calibration", round_.pk)
    assert "2 items are in the queue again." in shown
    assert "Called off" in shown
    assert "is being judged" in post(client, lead, "call-off-calibration", round_.pk)


SECRET = "Eleven is a prime number, whatever they say."


@pytest.fixture
def reviewer(project):
    return make_member(project, Role.REVIEWER, handle="rosa")


def reachable(client, user, *paths):
    """Every page that the person can open by the project's name alone, every API address that
    reads, and some more."""
    client.force_login(user)
    for name, path in pages(get_resolver()):
        if path.count("<") == path.count("<slug:slug>"):
            answer = client.get("/" + path.replace("<slug:slug>", "shop"))
            if answer.status_code == 200:
                yield name, body_of(answer)
    for path in paths:
        answer = client.get(path)
        yield path, body_of(answer)


def body_of(answer) -> str:
    parts = answer.streaming_content if answer.streaming else [answer.content]
    return b"".join(parts).decode(errors="replace")


def test_nobody_sees_anybodys_judgment_before_the_reveal(
    client, project, lead, labelers, items, reviewer
):
    everybody = [*labelers, reviewer]
    chosen = [one.pk for one in everybody]
    round_ = opened(project, lead, items, takes_everybody=False, labelers=chosen)
    for labeler in (labelers[0], reviewer):
        for _ in items:
            judge(project, labeler, rationale=SECRET)
    judge(project, labelers[1])  # has judged what the others see otherwise
    paths = [url("show-item", item.pk) for item in items]
    paths += [url("show-calibration", round_.pk), url("show-calibration-item", round_.pk, 1)]
    paths += ["/api/projects/shop/judgments.jsonl", "/api/projects/shop/agreement/"]
    paths += [url("export-judgments"), url("export-judgments") + "?revisions=all"]
    seen = 0
    for user in (labelers[1], labelers[2], lead):
        for name, body in reachable(client, user, *paths):
            seen += 1
            assert SECRET not in body, f"{name} tells {user.username}"
    assert seen > 20

    reveal(round_=round_, actor=lead, reason="Enough.")

    for user in (*everybody, lead):
        assert SECRET in page(client, user, "show-calibration-item", round_.pk, 1)
    assert SECRET in page(client, lead, "show-item", items[0].pk)


def test_a_labelers_figures_do_not_move_with_a_round(project, lead, labelers, items):
    long = make_item(project, ("a", "b", "c", "d", "e", "f", "g"))
    for labeler in labelers[:2]:  # before today: agreement is as of this morning
        at = timezone.now() - timedelta(days=1)
        make_judgment(long, labeler, [1, 2, 3, 4, 5, 6, 7], submitted_at=at)
    opened(project, lead, items)
    judge_all(project, labelers[:1], 2)
    before = own_figures(labelers[0]).agreement
    assert before.comparison_count == 21  # of the work

    judge_all(project, labelers[1:], 2, ranks=(2, 1))

    assert own_figures(labelers[0]).agreement == before


def test_progress_by_handle_is_for_those_who_lead_and_review(
    client, project, lead, labelers, items, reviewer
):
    round_ = opened(project, lead, items)
    judge(project, labelers[0])
    for user in (lead, reviewer):
        shown = page(client, user, "show-calibration", round_.pk)
        assert "mira" in shown
        assert "1 of 2 judged" in shown
    assert "Reveal to everybody" not in page(client, reviewer, "show-calibration", round_.pk)
    own = page(client, labelers[1], "show-calibration", round_.pk)
    assert "0 of 2 judged" in own
    assert "mira" not in own


@pytest.mark.parametrize("shows_names", [False, True])
def test_the_revealed_page_numbers_people_or_names_them(
    client, project, lead, labelers, items, shows_names
):
    round_ = opened(project, lead, items, shows_names=shows_names)
    for labeler, ranks in zip(labelers, [(1, 2), (2, 1), (1, 1)], strict=True):
        judge(project, labeler, ranks, ratings={"clarity": {1: 5, 2: 1}})
        judge(project, labeler, ranks)
    reveal(round_=round_, actor=lead)
    for user in (labelers[0], lead):
        shown = page(client, user, "show-calibration-item", round_.pk, 1)
        assert all((one in shown) == shows_names for one in ("mira", "noah", "olga"))
        assert ("Labeler 3" in shown) != shows_names
        assert (">You<" in shown) == (user == labelers[0])
        assert "How many put each response in which place" in shown
        assert "A = B" in shown or "B = A" in shown
        assert "secret-model" not in shown
    stranger = make_member(project, handle="pia")
    client.force_login(stranger)
    assert client.get(url("show-calibration", round_.pk)).status_code == 404
    assert client.get(url("show-calibration-item", round_.pk, 1)).status_code == 404


def test_words_come_with_what_their_letters_stood_for(client, project, lead, labelers, items):
    round_ = opened(project, lead, items[:1])
    lent = lend_next_item(project=project, labeler=labelers[0])
    judged = submit(lent, rationale="A is better.")
    reveal(round_=round_, actor=lead, reason="Enough.")
    found = round_.items.get()
    letters = shared_desk(found).letters
    expected = f"A is {letters[judged.order[0] - 1]}, B is {letters[judged.order[1] - 1]}"
    assert expected in page(client, labelers[1], "show-calibration-item", round_.pk, 1)


def test_a_round_is_not_work(client, project, lead, labelers, items):
    round_ = opened(project, lead, items[:1])
    judge_all(project, labelers, 1)
    make_judgment(items[1], labelers[0], [1, 2])
    reveal(round_=round_, actor=lead)

    assert len(take_snapshot(project).item) == 1
    prompts = read_prompts(project, Policy())
    records = {one.external_id: one for prompt in prompts for one in prompt.items}
    assert (len(records["q1"].judgments), records["q1"].dropped) == (0, {"not_work": 3})
    assert (len(records["q2"].judgments), records["q2"].dropped) == (1, {})
    assert Item.objects.get(pk=items[0].pk).taken == 0


def test_a_page_of_a_round_that_is_not_there(client, project, lead, items):
    client.force_login(lead)
    assert client.get(url("show-calibration", 4711)).status_code == 404
    round_ = make_round(project, lead, items)
    assert client.get(url("show-calibration-item", round_.pk, 1)).status_code == 404


def test_the_list_says_how_each_round_stands(client, project, lead, labelers, items):
    make_round(project, lead, items[1:], name="Later")
    opened(project, lead, items[:1], name="Now")
    shown = page(client, lead, "list-calibrations")
    assert shown.index("Now") < shown.index("Later")
    assert "Being judged" in shown
    assert "for every active labeler" in shown
