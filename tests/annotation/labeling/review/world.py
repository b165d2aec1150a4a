"""Items that labelers disagree about, and a reviewer before them."""

import uuid

from annotation.labeling.models import Item
from annotation.labeling.review import services
from annotation.labeling.review.entries import bring_up_to_date
from annotation.labeling.verdict import verdict_from_choices
from tests.factories import make_item, make_judgment


def disputed(project, labelers, *ranks, **fields):
    """An item with a judgment of each labeler; the ranks by position."""
    ranks = ranks or ([1, 2], [1, 2], [2, 1])
    item = make_item(project, ("One.", "Two.", "Three.")[: len(ranks[0])], **fields)
    for labeler, said in zip(labelers, ranks, strict=False):
        make_judgment(item, labeler, said, rationale=f"Because {said}.")
    bring_up_to_date(project)
    return Item.objects.select_related("project", "prompt").get(pk=item.pk)


def settle(item, reviewer, *ranks, seen=0, key=None, reason="The first is right.", **fields):
    return services.settle(
        item=item,
        reviewer=reviewer,
        verdict=verdict_from_choices(
            dict(enumerate(ranks, start=1)), response_count=item.response_count
        ),
        reason=reason,
        seen=seen,
        key=key or uuid.uuid4(),
        order=range(1, item.response_count + 1),
        **fields,
    )
