"""What changed in the rubric since a labeler judged by it last, before the next item is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.labeling.diff import Piece, compare
from annotation.projects.models import Membership, RubricVersion
from annotation.projects.services import rubric_by_id


@dataclass(frozen=True)
class Change:
    """Something that was added, removed or changed, and for a change the pieces of its words."""

    kind: str
    label: str
    pieces: Sequence[Piece] = ()

    @property
    def word(self) -> str:
        return {"added": _("New"), "removed": _("Gone"), "changed": _("Changed")}[self.kind]


@dataclass(frozen=True)
class RubricNews:
    """The version a labeler knows, the one in force, and what lies between them."""

    old: RubricVersion
    new: RubricVersion

    @property
    def guideline(self) -> list[Piece]:
        """The pieces of both guidelines, or nothing where they are the same."""
        if self.old.guideline == self.new.guideline:
            return []
        return compare(self.old.guideline, self.new.guideline)

    @property
    def criteria(self) -> list[Change]:
        old = {criterion.key: criterion for criterion in self.old.criteria_list}
        new = {criterion.key: criterion for criterion in self.new.criteria_list}
        return _changes(
            {key: _words_of(criterion) for key, criterion in old.items()},
            {key: _words_of(criterion) for key, criterion in new.items()},
            {key: criterion.label for key, criterion in (old | new).items()},
        )

    @property
    def tags(self) -> list[Change]:
        """Flags and the names of errors."""
        old, new = self.old.flags + self.old.error_labels, self.new.flags + self.new.error_labels
        return _changes(
            {tag["key"]: _tag_words(tag) for tag in old},
            {tag["key"]: _tag_words(tag) for tag in new},
            {tag["key"]: tag["label"] for tag in old + new},
        )


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


def _changes(old: dict[str, str], new: dict[str, str], labels: dict[str, str]) -> list[Change]:
    added = [Change("added", labels[key]) for key in new if key not in old]
    removed = [Change("removed", labels[key]) for key in old if key not in new]
    changed = [
        Change("changed", labels[key], compare(old[key], words))
        for key, words in new.items()
        if key in old and old[key] != words
    ]
    return added + changed + removed


def _words_of(criterion) -> str:
    """A criterion in words, line by line, to be compared."""
    lines = [criterion.label, criterion.description]
    if criterion.is_yes_no:
        lines.append(_("Yes or no"))
    else:
        lines.append(
            _("From %(low)d to %(high)d")
            % {"low": criterion.scale_min, "high": criterion.scale_max}
        )
    lines += [f"{point}: {words}" for point, words in sorted(criterion.anchors.items())]
    lines += [_("Required")] if criterion.is_required else []
    lines += [_("May be not applicable")] if criterion.allows_na else []
    return "\n".join(line for line in lines if line)


def _tag_words(tag) -> str:
    return f"{tag['label']}: {tag['description']}" if tag["description"] else tag["label"]
