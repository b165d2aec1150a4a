"""Gold for tests."""

from annotation.labeling.gold.making import Known, make_gold
from annotation.labeling.models import GoldItem
from annotation.labeling.verdict import verdict_from_choices
from tests.factories import make_item


def known(*ranks, ratings=None, **more) -> Known:
    """An answer by position: a rank, “x” for unacceptable, or None."""
    verdict = verdict_from_choices(
        dict(enumerate(ranks, start=1)),
        response_count=len(ranks),
        ratings={key: dict(enumerate(values, start=1)) for key, values in (ratings or {}).items()},
        **({"rest_below": more.pop("rest_below")} if "rest_below" in more else {}),
    )
    return Known(verdict, **more)


def gold_of(project, actor=None, *, answer=None, **fields) -> GoldItem:
    """A new item of two responses whose first one is better, as gold."""
    item = make_item(project, **fields)
    return make_gold(item=item, actor=actor, known=answer or known(1, 2))
