"""Agreement in a calibration round, before it and after it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.core.errors import Conflict
from annotation.core.models import Event
from annotation.labeling.calibration.revealing import reveal
from annotation.labeling.models import CalibrationRound
from annotation.projects.models import Membership
from annotation.quality import calibration
from annotation.quality.calibration import agreement_of, close_round
from annotation.quality.calibration_page import present
from tests.annotation.labeling.calibration.world import judge, opened
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def project():
    return make_project("shop", overlap=2)


@pytest.fixture
def lead(project):
    return make_member(project, Membership.Role.LEAD)


@pytest.fixture
def labelers(project):
    return [make_member(project) for _ in range(2)]


def work(project, labelers, agreeing, disagreeing, at):
    """Items that the two judged at that time, alike or not."""
    for number in range(agreeing + disagreeing):
        item = make_item(project)
        ranks = [[1, 2], [1, 2] if number < agreeing else [2, 1]]
        for labeler, given in zip(labelers, ranks, strict=True):
            make_judgment(item, labeler, given, submitted_at=at)


@pytest.fixture
def revealed(project, lead, labelers):
    """Three items, two of them judged alike; before it six of twelve."""
    work(project, labelers, 6, 6, timezone.now() - HOUR)
    items = [make_item(project) for _ in range(3)]
    round_ = opened(project, lead, items)
    for number in range(3):
        judge(project, labelers[0], (1, 2))
        judge(project, labelers[1], (1, 2) if number < 2 else (2, 1))
    return reveal(round_=round_, actor=lead)


def test_the_round_and_the_work_before_it(revealed, labelers, project):
    outsider = make_member(project)
    for item in list(project.items.all())[:5]:
        make_judgment(item, outsider, [2, 1], submitted_at=timezone.now() - HOUR)

    figures = agreement_of(revealed)

    assert figures["round"]["raw"]["value"] == pytest.approx(2 / 3)
    assert figures["round"]["items_twice"] == 3
    assert figures["before"]["raw"]["value"] == 0.5  # the outsider is left out
    assert figures["before"]["judgments"] == 24
    low, high = figures["before"]["raw"]["ci"]
    assert low < 0.5 < high
    assert figures["before"]["alpha_nominal"]["value"] is not None
    assert figures["after"] is None
    assert "when the round is closed" in present(figures).parts[2].lacking


def test_too_few_items_are_no_figure(revealed, project, lead, labelers):
    closed = close_round(round_=revealed, actor=lead)
    work(project, labelers, 9, 0, timezone.now() + HOUR)
    shown = present(agreement_of(closed))
    assert shown.parts[2].lacking == ("Not enough yet: 9 of 10 items that two of them judged.")
    assert shown.finding == "Whether agreement changed cannot be said yet."


def test_what_is_kept_does_not_drift_and_after_goes_on(revealed, project, lead, labelers):
    closed = close_round(round_=revealed, actor=lead)
    kept = agreement_of(closed)
    first = project.items.order_by("pk").first()
    revision = {"revision": 2, "submitted_at": timezone.now() + HOUR}
    make_judgment(first, labelers[0], [2, 1], **revision)
    work(project, labelers, 30, 0, timezone.now() + HOUR)

    now = agreement_of(CalibrationRound.objects.get(pk=closed.pk))

    assert now["before"] == kept["before"]
    assert now["round"] == kept["round"]
    assert now["after"]["raw"]["value"] == 1.0
    assert now["after"]["judgments"] == 60  # a revision of earlier work is no later work
    assert "agree more" in present(now).finding
    assert len(closed.agreement["input_sha256"]) == 64
    assert (
        Event.objects.get(kind="calibration.closed").payload["input_sha256"]
        == (closed.agreement["input_sha256"])
    )


def test_before_is_as_it_was_when_the_round_was_opened(revealed, labelers, project):
    before = agreement_of(revealed)["before"]
    disputed = project.judgments.filter(ranks=[2, 1]).order_by("pk").first()
    later = {"revision": 2, "submitted_at": timezone.now() + HOUR}
    make_judgment(disputed.item, disputed.labeler, [1, 2], **later)
    assert agreement_of(revealed)["before"] == before


def test_intervals_that_overlap_show_no_change(revealed, project, lead, labelers):
    closed = close_round(round_=revealed, actor=lead)
    work(project, labelers, 7, 5, timezone.now() + HOUR)
    assert "overlap: this shows no change" in present(agreement_of(closed)).finding


def test_after_ends_where_the_next_round_begins(revealed, project, lead, labelers):
    closed = close_round(round_=revealed, actor=lead)
    CalibrationRound.objects.filter(pk=closed.pk).update(closed_at=timezone.now() - HOUR)
    closed.refresh_from_db()
    work(project, labelers, 12, 0, timezone.now() - HOUR / 2)
    opened(project, lead, [make_item(project)], name="Next")
    work(project, labelers, 0, 20, timezone.now() + HOUR)
    assert agreement_of(closed)["after"]["raw"]["value"] == 1.0


def test_of_much_work_the_nearest_counts(revealed, project, lead, labelers, monkeypatch):
    monkeypatch.setattr(calibration, "MOST", 22)
    closed = close_round(round_=revealed, actor=lead)
    work(project, labelers, 11, 0, timezone.now() + HOUR)
    work(project, labelers, 0, 11, timezone.now() + 2 * HOUR)
    after = agreement_of(closed)["after"]
    assert (after["raw"]["value"], after["is_cut"]) == (1.0, True)


def test_an_undefined_figure_says_why(project, lead, labelers):
    round_ = opened(project, lead, [make_item(project)])
    for labeler in labelers:
        judge(project, labeler, (1, 2))
    round_ = reveal(round_=round_, actor=lead)
    figures = agreement_of(round_)["round"]
    assert (figures["raw"]["value"], figures["raw"]["ci"]) == (1.0, None)
    assert figures["alpha_nominal"]["reason"] == "no_variation"
    assert "chance explains it all" in present(agreement_of(round_)).parts[0].rows[1].note


def test_the_page_is_for_those_in_the_round_once_it_is_revealed(client, project, lead, labelers):
    round_ = opened(project, lead, [make_item(project)])
    here = reverse("quality:show-calibration-agreement", args=["shop", round_.pk])
    client.force_login(lead)
    assert client.get(here).status_code == 404
    judge(project, labelers[0])
    judge(project, labelers[1])
    reveal(round_=round_, actor=lead)
    for user, status in ((lead, 200), (labelers[0], 200), (make_member(project), 404)):
        client.force_login(user)
        assert client.get(here).status_code == status
    client.force_login(lead)
    assert "What can be compared" in client.get(here).content.decode()
    fragment = client.get(here, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment

    close = reverse("quality:close-calibration", args=["shop", round_.pk])
    assert "Closed." in client.post(close, follow=True).content.decode()
    assert "can be closed" in client.post(close, follow=True).content.decode()
    client.force_login(labelers[0])
    assert client.post(close).status_code == 404
    assert "Calibration round" not in client.get("/").content.decode()


def test_only_a_revealed_round_is_closed(project, lead, labelers):
    round_ = opened(project, lead, [make_item(project)])
    with pytest.raises(Conflict):
        close_round(round_=round_, actor=lead)
