"""An item of the ladder as a labeler sees it afterwards. Nothing is lent and nothing written."""

from annotation.labeling.gold.forms import assignment_of
from annotation.labeling.ladder.explaining import Explained, explain
from annotation.labeling.models import Judgment
from annotation.projects.services import current_rubric


def preview_of(gold) -> Explained:
    """As for somebody who has given the known answer, and read the responses in their order."""
    assignment = assignment_of(gold.item)
    met = Judgment(
        ranks=gold.ranks,
        unacceptable=gold.unacceptable,
        rest_below=gold.rest_below,
        ratings=gold.ratings,
        rubric_version=current_rubric(gold.project),
    )
    return explain(assignment, met, gold)
