"""The end of a probation: by the gold that was met, never in a submit."""

import pytest

from annotation.labeling.ladder.evidence import share
from annotation.labeling.ladder.probation import climb, probation_of
from annotation.labeling.ladder.stages import set_stage
from annotation.labeling.models import GoldItem, Purpose, StageChange, StageNote
from annotation.projects.models import LadderSettings
from tests.annotation.labeling.ladder.world import (
    RIGHT,
    WRONG,
    Stage,
    known_item,
    lead_of,
    make_ladder,
    membership,
    move,
)
from tests.factories import make_item, make_judgment, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_ladder(probation_items=5, probation_percent=75)


@pytest.fixture
def labeler(project):
    """On probation since a moment ago."""
    labeler = make_member(project)
    lead = lead_of(project)
    set_stage(membership=membership(labeler), to=Stage.PROBATION, actor=lead, reason="Begin.")
    return labeler


def work(project, labeler, *gold):
    """Judge that gold, and as much work as makes five."""
    for ranks in gold:
        item = known_item(project, lead_of(project)).item
        make_judgment(item, labeler, ranks, purpose=Purpose.GOLD)
    for _ in range(5 - len(gold)):
        make_judgment(make_item(project), labeler, RIGHT)


def test_the_mark_met_is_a_proposal(project, labeler):
    work(project, labeler, RIGHT, RIGHT, RIGHT, WRONG)
    climb()
    note = StageNote.objects.get()
    assert note.kind == StageNote.Kind.PROBATION_MET
    assert note.evidence["gold"] == share(3, 4)
    assert membership(labeler).stage == Stage.PROBATION


def test_where_the_project_says_so_it_is_the_step_itself(project, labeler):
    LadderSettings.objects.update(promotes=True)
    work(project, labeler, RIGHT, RIGHT, RIGHT, WRONG)
    climb()
    climb()
    assert membership(labeler).stage == Stage.FULL
    change = StageChange.objects.get(rule="probation_met")
    assert change.evidence["gold"]["percent"] == 75
    assert not StageNote.objects.exists()


@pytest.mark.parametrize("gold", [[], [RIGHT, WRONG], [WRONG] * 5])
def test_below_the_mark_a_lead_is_told_and_nothing_happens(project, labeler, gold):
    LadderSettings.objects.update(promotes=True)
    work(project, labeler, *gold)
    climb()
    assert StageNote.objects.get().kind == StageNote.Kind.PROBATION_MISSED
    assert membership(labeler).stage == Stage.PROBATION


def test_nothing_is_said_before_the_items_are_judged(project, labeler):
    work(project, labeler, RIGHT)
    LadderSettings.objects.update(probation_items=6)
    climb()
    assert not StageNote.objects.exists()
    assert probation_of(membership(labeler)).judged == 5


def test_what_was_judged_before_does_not_count(project):
    veteran = make_member(project)
    work(project, veteran, WRONG, WRONG)
    set_stage(
        membership=membership(veteran), to=Stage.PROBATION, actor=lead_of(project), reason="Again."
    )
    assert probation_of(membership(veteran)).judged == 0
    assert probation_of(membership(veteran)).gold["of"] == 0


def test_the_note_says_what_is_so_now(project, labeler):
    work(project, labeler, WRONG)
    climb()
    for _ in range(3):
        item = known_item(project, lead_of(project)).item
        make_judgment(item, labeler, RIGHT, purpose=Purpose.GOLD)
    climb()
    climb()
    told = [(note.kind, note.settled_at is None) for note in StageNote.objects.order_by("pk")]
    assert told == [("probation_missed", False), ("probation_met", True)]


def test_discarded_gold_and_gold_of_the_ladder_do_not_count(project, labeler):
    work(project, labeler, WRONG)
    GoldItem.objects.filter(use="queue").update(is_active=False, is_counted=False)
    training = GoldItem.objects.filter(use="training").first()
    make_judgment(training.item, labeler, WRONG, purpose=Purpose.TRAINING)
    assert probation_of(membership(labeler)).gold == share(0, 0)


def test_a_lead_decides_and_the_note_is_settled(project, labeler):
    work(project, labeler, WRONG)
    climb()
    set_stage(
        membership=membership(labeler),
        to=Stage.FULL,
        actor=lead_of(project),
        reason="Good enough.",
    )
    assert not StageNote.objects.open().exists()
    climb()
    assert not StageNote.objects.open().exists()


def test_who_is_not_on_probation_is_left_alone(project, labeler):
    work(project, labeler, WRONG)
    move(labeler, Stage.FULL)
    climb()
    assert not StageNote.objects.exists()


def test_a_share_comes_with_its_interval():
    assert share(0, 0) == {"right": 0, "of": 0, "percent": None, "low": None, "high": None}
    # Wilson 1927 for 8 of 10, as R's binom.confint(8, 10, methods = "wilson") prints it.
    found = share(8, 10)
    assert (found["percent"], found["low"], found["high"]) == (80, 49.0, 94.3)
