"""What differs between two rubrics: the guideline by words, everything else field by field."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.labeling.diff import Piece, compare
from annotation.projects.rubrics.document import RubricSpec
from annotation.projects.services import CriterionSpec


@dataclass(frozen=True)
class FieldChange:
    """One field of a criterion, and the pieces of its words."""

    name: str
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class Change:
    """A criterion or a tag that was added, removed or changed."""

    kind: str
    label: str
    fields: Sequence[FieldChange] = ()

    @property
    def word(self) -> str:
        return {"added": _("New"), "removed": _("Gone"), "changed": _("Changed")}[self.kind]


@dataclass(frozen=True)
class Changes:
    guideline: Sequence[Piece]
    order: Sequence[Piece]  # of the criteria
    priorities: Sequence[Piece]
    criteria: Sequence[Change]
    tags: Sequence[Change]

    def __bool__(self) -> bool:
        return any((self.guideline, self.order, self.priorities, self.criteria, self.tags))


def changes_between(old: RubricSpec, new: RubricSpec) -> Changes:
    labels = {one.key: one.label for one in (*old.criteria, *new.criteria)}
    stay = {one.key for one in old.criteria} & {one.key for one in new.criteria}
    return Changes(
        guideline=_pieces(old.guideline, new.guideline),
        order=_pieces(
            *(
                ", ".join(labels[one.key] for one in spec.criteria if one.key in stay)
                for spec in (old, new)
            )
        ),
        priorities=_pieces(
            *(", ".join(labels.get(key, key) for key in spec.priorities) for spec in (old, new))
        ),
        criteria=_changes(
            {one.key: (one.label, _fields_of(one)) for one in old.criteria},
            {one.key: (one.label, _fields_of(one)) for one in new.criteria},
        ),
        tags=_changes(*(_tags_of(one) for one in (old, new))),
    )


Words = dict[str, tuple[str, dict[str, str]]]  # {key: (label, {field: words})}


def _changes(old: Words, new: Words) -> list[Change]:
    added = [Change("added", new[key][0]) for key in new if key not in old]
    removed = [Change("removed", old[key][0]) for key in old if key not in new]
    changed = [
        Change("changed", label, list(_field_changes(old[key][1], fields)))
        for key, (label, fields) in new.items()
        if key in old and old[key][1] != fields
    ]
    return added + changed + removed


def _field_changes(old: dict[str, str], new: dict[str, str]) -> Iterable[FieldChange]:
    for name in dict.fromkeys((*new, *old)):
        if pieces := _pieces(old.get(name, ""), new.get(name, "")):
            yield FieldChange(name, pieces)


def _pieces(old: str, new: str) -> list[Piece]:
    return [] if old == new else compare(old, new)


def _fields_of(one: CriterionSpec) -> dict[str, str]:
    """{name of the field: its words}, in the order of the form."""
    yes, no = _("yes"), _("no")
    scale = (
        _("Yes or no")
        if one.is_yes_no
        else _("From %(low)d to %(high)d") % {"low": one.scale_min, "high": one.scale_max}
    )
    fields = {
        _("Label"): one.label,
        _("Description"): one.description,
        _("Scale"): scale,
        _("Required"): yes if one.is_required else no,
        _("May be not applicable"): yes if one.allows_na else no,
        _("Weight"): f"{one.weight:g}",
    }
    for point, words in sorted(one.anchors.items(), key=lambda pair: int(pair[0])):
        fields[_("Point %(point)s") % {"point": point}] = words
    for number, example in enumerate(one.examples, start=1):
        fields[_("Example %(number)d") % {"number": number}] = example.text
    return fields


def _tags_of(spec: RubricSpec) -> Words:
    return {
        tag.key: (tag.label, {_("Label"): tag.label, _("Description"): tag.description})
        for tag in (*spec.flags, *spec.error_labels)
    }
