"""When all is shown, and to whom; what comes before and after it."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from annotation.core.errors import Conflict, DomainError
from annotation.labeling.calibration.opening import open_round
from annotation.labeling.calibration.progress import progress_of
from annotation.labeling.calibration.revealing import excuse, expect_again, nudge, reveal
from annotation.labeling.exports.reading import read_rows
from annotation.labeling.models import Assignment, CalibrationRound, Item, Judgment, Purpose
from annotation.labeling.queue import lend_next_item
from annotation.labeling.services import skip
from annotation.labeling.undo import undo_last
from annotation.projects.members import remove
from annotation.projects.models import Membership
from tests.annotation.labeling.calibration.world import (
    judge,
    judge_all,
    make_round,
    opened,
    submit,
)

pytestmark = pytest.mark.django_db


def test_it_is_complete_when_everybody_has_judged_all_of_it(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge_all(project, labelers[:2], 2)
    judge(project, labelers[2])
    progress = progress_of(round_)
    assert [one.handle for one in progress.missing] == ["olga"]
    assert progress.of(labelers[2]).text == "1 of 2 judged"

    judge(project, labelers[2])

    assert progress_of(round_).is_complete
    round_ = reveal(round_=round_, actor=lead, reason="needed by nobody")
    assert round_.is_discussed
    assert round_.reveal_reason == ""
    judgments = Judgment.objects.filter(purpose=Purpose.CALIBRATION)
    assert round_.judgment_ids == sorted(judgments.values_list("pk", flat=True))


def test_while_somebody_is_missing_it_takes_a_reason(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge_all(project, labelers[:2], 2)
    with pytest.raises(DomainError, match="say why you do not wait"):
        reveal(round_=round_, actor=lead, reason="  ")
    round_.refresh_from_db()
    assert round_.is_open

    revealed = reveal(round_=round_, actor=lead, reason="Olga is ill.")

    assert revealed.reveal_reason == "Olga is ill."
    assert len(revealed.judgment_ids) == 4


def test_what_nobody_judged_cannot_be_revealed(project, lead, labelers, items):
    with pytest.raises(DomainError, match="call the round off"):
        reveal(round_=opened(project, lead, items), actor=lead, reason="Now.")


def test_a_skipped_item_counts_as_excused_and_a_skip_undone_is_missing_again(
    project, lead, labelers, items
):
    round_ = opened(project, lead, items)
    mira = labelers[0]
    judge(project, mira)
    skipped = lend_next_item(project=project, labeler=mira)
    skip(assignment_id=skipped.pk, labeler=mira, reason="I do not know the subject")

    assert progress_of(round_).of(mira).text == "1 of 2 judged, 1 skipped"
    assert not progress_of(round_).of(mira).is_missing
    undo_last(assignment_id=skipped.pk, labeler=mira)
    assert progress_of(round_).of(mira).is_missing
    # It was not given to anybody in their place.
    assert Item.objects.get(pk=skipped.item_id).taken == 0


def test_nobody_waits_for_what_a_members_preferences_keep_away(project, lead, labelers, items):
    Item.objects.filter(pk=items[0].pk).update(warnings=["violence"])
    labelers[0].preferences = {"avoids": ["violence"]}
    labelers[0].save()
    round_ = opened(project, lead, items)
    assert judge(project, labelers[0]).item == items[1]
    assert progress_of(round_).of(labelers[0]).text == (
        "1 of 2 judged, 1 kept away by their preferences"
    )
    assert not progress_of(round_).of(labelers[0]).is_missing


def test_nobody_waits_for_a_withdrawn_item(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge(project, labelers[0])
    assert progress_of(round_).of(labelers[0]).is_missing
    Item.objects.filter(pk=items[1].pk).update(state=Item.State.WITHDRAWN)
    assert not progress_of(round_).of(labelers[0]).is_missing


def test_who_leaves_is_not_waited_for_and_what_they_judged_stays(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge_all(project, labelers[:2], 2)
    judged = judge(project, labelers[2])

    remove(membership=labelers[2].membership, actor=lead)

    assert progress_of(round_).is_complete
    assert judged.pk in reveal(round_=round_, actor=lead).judgment_ids


def test_who_may_not_judge_just_now_is_still_waited_for(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    Membership.objects.filter(user=labelers[0]).update(paused_at=timezone.now())
    own = progress_of(round_).of(labelers[0])
    assert own.is_barred
    assert own.is_missing


def test_who_is_excused_may_come_late_and_counts(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge_all(project, labelers[:2], 2)
    member = round_.members.get(labeler=labelers[2])
    with pytest.raises(DomainError, match="Say why"):
        excuse(member=member, actor=lead, reason=" ")

    excuse(member=member, actor=lead, reason="On holiday")

    assert progress_of(round_).is_complete
    expect_again(member=member, actor=lead)
    assert not progress_of(round_).is_complete
    excuse(member=member, actor=lead, reason="On holiday")
    judged = judge(project, labelers[2])
    assert judged.pk in reveal(round_=round_, actor=lead).judgment_ids
    with pytest.raises(Conflict):
        excuse(member=member, actor=lead, reason="Late")


def test_a_nudge_asks_those_who_are_missing(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge_all(project, labelers[:1], 2)
    assert nudge(round_=round_, actor=lead) == 2
    asked = round_.members.filter(nudged_at__isnull=False)
    assert {one.labeler for one in asked} == set(labelers[1:])


def test_what_is_sent_after_the_reveal_is_kept_and_does_not_count(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge_all(project, labelers[:2], 2)
    lent = lend_next_item(project=project, labeler=labelers[2])
    round_ = reveal(round_=round_, actor=lead, reason="Not waiting.")
    lent.refresh_from_db()
    assert lent.state == Assignment.State.EXPIRED

    late = submit(lent)

    assert late.purpose == Purpose.CALIBRATION
    round_.refresh_from_db()
    assert late.pk not in round_.judgment_ids
    assert lend_next_item(project=project, labeler=labelers[2]) is None


def test_the_export_has_them_only_after_the_reveal(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge_all(project, labelers, 2)
    assert list(read_rows(project)) == list(read_rows(project, all_revisions=True)) == []
    reveal(round_=round_, actor=lead)
    assert len(list(read_rows(project))) == 6


def at_once(*calls):
    """Run them in threads; what each one gave, or the error it ended with."""
    found = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(place, call):
        barrier.wait()
        try:
            found[place] = call()
        except Exception as error:  # noqa: BLE001  handed back to the test
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_of_two_who_reveal_at_once_one_is_told(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge_all(project, labelers, 2)

    found = at_once(*[lambda: reveal(round_=round_, actor=lead)] * 2)

    assert {type(one) for one in found} == {Conflict, CalibrationRound}


@pytest.mark.django_db(transaction=True)
def test_a_judgment_sent_while_it_is_revealed_counts_or_comes_late(project, lead, labelers, items):
    round_ = opened(project, lead, items)
    judge_all(project, labelers[:2], 2)
    lent = lend_next_item(project=project, labeler=labelers[2])

    revealed, judged = at_once(
        lambda: reveal(round_=round_, actor=lead, reason="Now."), lambda: submit(lent)
    )

    assert isinstance(judged, Judgment)
    assert isinstance(revealed, CalibrationRound)
    counts = judged.pk in revealed.judgment_ids
    assert counts == (judged.submitted_at < revealed.revealed_at)
    assert len(revealed.judgment_ids) == 4 + counts


@pytest.mark.django_db(transaction=True)
def test_an_item_lent_while_the_round_opens_is_either_work_or_the_rounds(
    project, lead, labelers, items
):
    round_ = make_round(project, lead, items)

    opened_, lent = at_once(
        lambda: open_round(round_=round_, actor=lead),
        lambda: lend_next_item(project=project, labeler=labelers[0]),
    )

    if isinstance(opened_, CalibrationRound):
        assert lent is None or lent.purpose == Purpose.CALIBRATION
    else:
        assert "judging it right now" in str(opened_)
        assert lent.purpose == Purpose.WORK
        assert not Item.objects.filter(state=Item.State.RESERVED).exists()


def test_an_expired_lease_is_lent_again(project, lead, labelers, items):
    opened(project, lead, items)
    lent = lend_next_item(project=project, labeler=labelers[0])
    Assignment.objects.filter(pk=lent.pk).update(lease_until=timezone.now() - timedelta(1))
    assert lend_next_item(project=project, labeler=labelers[0]).item == lent.item
