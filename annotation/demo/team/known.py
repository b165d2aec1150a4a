"""Known answers: in the training with their explanations, in the test, among the work."""

from annotation.demo.team.items import items_for, readings_of
from annotation.labeling.gold.making import Known, make_gold
from annotation.labeling.gold.share import set_share
from annotation.labeling.ladder.configuring import configure
from annotation.labeling.ladder.items import add_item, save_section
from annotation.labeling.models import GoldItem
from annotation.labeling.verdict import verdict_from_choices

SECTIONS = ("What the customer needs", "Whose order it is")
PROBATION_ITEMS = 8


def make_known_answers(project, lead) -> None:
    for item in items_for(project, "training"):
        _on_the_ladder(item, lead, GoldItem.Use.TRAINING)
    asked = items_for(project, "test")
    for number, name in enumerate(SECTIONS):
        section = save_section(project=project, actor=lead, name=name, pass_percent=50)
        for item in asked[2 * number : 2 * number + 2]:
            _on_the_ladder(item, lead, GoldItem.Use.TEST, section)
    for item in items_for(project, "gold"):
        make_gold(item=item, actor=lead, known=known_of(item))


def mix_in_gold(project, lead) -> None:
    """From now on the queue draws gold. Before, the story did: see `work.judge_gold`."""
    set_share(project=project, actor=lead, gold_percent=10, probation_gold_percent=25)


def set_up_ladder(project, lead) -> None:
    """From now on whoever joins begins with the training."""
    configure(
        project=project,
        actor=lead,
        first_stage="training",
        retakes=1,
        retake_wait_hours=24,
        shows_test_items=True,
        probation_items=PROBATION_ITEMS,
        probation_percent=75,
        promotes=True,
    )


def known_of(item) -> Known:
    """The best reply is the one that the world knows to be best."""
    readings = readings_of(item)
    qualities = sorted({reading.quality for reading in readings}, reverse=True)
    choices = {
        place: 1 + qualities.index(reading.quality)
        for place, reading in enumerate(readings, start=1)
    }
    return Known(
        verdict_from_choices(choices, response_count=len(readings)),
        tolerance=GoldItem.Tolerance.BEST,
        explanation=_explained(readings),
    )


def _explained(readings) -> str:
    best = max(readings, key=lambda reading: reading.quality)
    others = [reading for reading in readings if reading is not best]
    if best.fits and not any(other.fits for other in others):
        said = "Only one reply does what this customer needs; the others offer something else."
    elif best.order == "right":
        said = "The best one names the order that the customer wrote about."
    else:
        said = "All are of some use; the best one is the most courteous."
    if any(other.order == "wrong" for other in others):
        said += " A reply about somebody else's order is the worst kind of friendly."
    return f"{said} Length and warm words come after that."


def _on_the_ladder(item, lead, use, section=None) -> None:
    add_item(item=item, actor=lead, known=known_of(item), use=use, section=section)
