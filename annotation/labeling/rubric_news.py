"""What changed in the rubric since a labeler judged by it last, before the next item is shown."""

from dataclasses import dataclass
from functools import cached_property

from annotation.labeling.rubrics.changes import Changes, changes_between
from annotation.projects.models import Membership, RubricVersion
from annotation.projects.rubrics.document import spec_of_version
from annotation.projects.services import rubric_by_id


@dataclass(frozen=True)
class RubricNews:
    """The version a labeler knows, the one in force, and what lies between them."""

    old: RubricVersion
    new: RubricVersion

    @cached_property
    def changes(self) -> Changes:
        return changes_between(spec_of_version(self.old), spec_of_version(self.new))


def news_for(assignment, rubric: RubricVersion | None) -> RubricNews | None:
    """What the labeler of an assignment (from `assignment_of`) has not read yet. Who judges by a
    rubric for the first time reads it whole beside the item: for them there is no news."""
    if rubric is None or assignment.seen_rubric_id == rubric.pk:
        return None
    if assignment.seen_rubric_id is None:
        mark_as_read(assignment.labeler, assignment.project, rubric)
        return None
    return RubricNews(rubric_by_id(assignment.seen_rubric_id), rubric_by_id(rubric.pk))


def mark_as_read(labeler, project, rubric: RubricVersion) -> None:
    Membership.objects.filter(project=project, user=labeler).update(seen_rubric=rubric)
