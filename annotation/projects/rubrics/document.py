"""The draft as a document: what was typed, however wrong, and what a version makes of it. Pure.

    {"guideline", "flags", "error_labels", "template",
     "criteria": [{"key", "label", "description", "scale", "scale_min", "scale_max",
                   "anchors": {"1": …}, "allows_na", "is_required", "weight", "priority",
                   "examples": [{"text", "item"}, …]}, …]}

All values are strings but the two booleans. `scale` is one of SCALES; `scale_min` and `scale_max`
count for "own" only. `priority` is the place in the order of priorities, or nothing.
"""

import math
import re
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.projects.services import KEY, CriterionSpec, ExampleSpec, TagSpec, criterion_specs
from annotation.projects.tags import lines_of, tags_in

SCALES = {
    "1-5": (1, 5),
    "1-7": (1, 7),
    "0-4": (0, 4),
    "yes-no": (0, 1),
    "own": None,
}
SCALE_NAMES = {
    "1-5": gettext_lazy("1 to 5"),
    "1-7": gettext_lazy("1 to 7"),
    "0-4": gettext_lazy("0 to 4"),
    "yes-no": gettext_lazy("Yes or no"),
    "own": gettext_lazy("Own scale"),
}
LOWEST, HIGHEST = -10, 10
MOST_WEIGHT = 100
MAX_CRITERIA = 30
MAX_EXAMPLES = 20
WHOLE = re.compile(r"[-−]?\d{1,4}")


@dataclass(frozen=True)
class Problem:
    """What keeps a draft from being published. `field` names the input: "guideline", "flags",
    "error_labels", "criteria", "note", or "c-0-label", "c-0-anchor-1", "c-0-example-0" …"""

    field: str
    text: str


@dataclass(frozen=True)
class RubricSpec:
    """All that a version holds, as `publish_rubric` takes it."""

    guideline: str = ""
    criteria: tuple[CriterionSpec, ...] = ()
    flags: tuple[TagSpec, ...] = ()
    error_labels: tuple[TagSpec, ...] = ()
    priorities: tuple[str, ...] = ()


def blank_criterion() -> dict:
    return {
        "key": "",
        "label": "",
        "description": "",
        "scale": "1-5",
        "scale_min": "",
        "scale_max": "",
        "anchors": {},
        "allows_na": False,
        "is_required": False,
        "weight": "1",
        "priority": "",
        "examples": [],
    }


def document_of(spec: RubricSpec, template: str = "") -> dict:
    """A rubric as it is edited."""
    places = {key: str(place) for place, key in enumerate(spec.priorities, start=1)}
    return {
        "guideline": spec.guideline,
        "flags": lines_of([vars(tag) for tag in spec.flags]),
        "error_labels": lines_of([vars(tag) for tag in spec.error_labels]),
        "template": template,
        "criteria": [_as_typed(one, places.get(one.key, "")) for one in spec.criteria],
    }


def spec_of_version(version) -> RubricSpec:
    """Of a version from `rubric_by_id`."""
    return RubricSpec(
        guideline=version.guideline,
        criteria=tuple(criterion_specs(version)),
        flags=tuple(TagSpec(**tag) for tag in version.flags),
        error_labels=tuple(TagSpec(**tag) for tag in version.error_labels),
        priorities=tuple(version.priorities),
    )


def _as_typed(spec: CriterionSpec, priority: str) -> dict:
    ends = (spec.scale_min, spec.scale_max)
    if spec.is_yes_no:
        scale = "yes-no"
    else:
        names = [name for name, known in SCALES.items() if known == ends and name != "yes-no"]
        scale = names[0] if names else "own"
    return {
        "key": spec.key,
        "label": spec.label,
        "description": spec.description,
        "scale": scale,
        "scale_min": str(spec.scale_min) if scale == "own" else "",
        "scale_max": str(spec.scale_max) if scale == "own" else "",
        "anchors": dict(spec.anchors),
        "allows_na": spec.allows_na,
        "is_required": spec.is_required,
        "weight": f"{spec.weight:g}",
        "priority": priority,
        "examples": [
            {"text": one.text, "item": "" if one.item_id is None else str(one.item_id)}
            for one in spec.examples
        ],
    }


def points_of(criterion: dict) -> range:
    """The points of its scale; none where the scale cannot be."""
    ends = _ends(criterion)
    return range(ends[0], ends[1] + 1) if ends else range(0)


def _ends(criterion: dict) -> tuple[int, int] | None:
    known = SCALES.get(criterion["scale"])
    if known or criterion["scale"] != "own":
        return known
    low, high = (whole(criterion[name]) for name in ("scale_min", "scale_max"))
    if low is None or high is None or not LOWEST <= low < high <= HIGHEST:
        return None
    return low, high


def whole(text: str) -> int | None:
    text = text.strip()
    return int(text.replace("−", "-")) if WHOLE.fullmatch(text) else None


def weight_of(text: str) -> float | None:
    """A comma is a point, as German writes it."""
    try:
        weight = float(text.strip().replace(",", ".") or "1")
    except ValueError:
        return None
    return weight if math.isfinite(weight) and 0 <= weight <= MOST_WEIGHT else None


def key_of(criterion: dict) -> str:
    """As given, or made from the label."""
    if criterion["key"].strip():
        return criterion["key"].strip()
    return re.sub(r"[^a-z0-9]+", "_", criterion["label"].lower()).strip("_")[:40].strip("_")


def read(document: dict) -> tuple[RubricSpec, list[Problem]]:
    """The rubric, and what is wrong with it; the rubric is what could be read of it."""
    problems: list[Problem] = []
    flags = _tags(document, "flags", problems)
    error_labels = _tags(document, "error_labels", problems)
    criteria = [
        _criterion(one, f"c-{index}", problems) for index, one in enumerate(document["criteria"])
    ]
    _refuse_doubles(criteria, document, problems)
    if not criteria and not document["guideline"].strip():
        problems.append(
            Problem(
                "guideline",
                _("There is nothing to judge by: write a guideline, or add a criterion."),
            )
        )
    spec = RubricSpec(
        guideline=document["guideline"],
        criteria=tuple(criteria),
        flags=tuple(flags),
        error_labels=tuple(error_labels),
        priorities=_priorities(criteria, document),
    )
    return spec, problems


def _tags(document, name, problems) -> list[TagSpec]:
    try:
        return tags_in(document[name])
    except forms.ValidationError as error:
        problems.append(Problem(name, " ".join(error.messages)))
        return []


def _criterion(typed: dict, name: str, problems: list[Problem]) -> CriterionSpec:
    def wrong(field, text):
        problems.append(Problem(f"{name}-{field}", text))

    if not typed["label"].strip():
        wrong("label", _("Name the criterion."))
    elif len(typed["label"].strip()) > 80:
        wrong("label", _("A label has at most 80 letters."))
    key = key_of(typed)
    if not KEY.fullmatch(key) and (typed["label"].strip() or typed["key"].strip()):
        wrong("key", _("A key is 1 to 40 lower-case letters, digits, _ or -."))
    points = points_of(typed)
    if not points:
        wrong(
            "scale",
            _("The scale is empty: it goes from a lower to a higher number, %(low)d to %(high)d.")
            % {"low": LOWEST, "high": HIGHEST},
        )
    anchors = {point: words.strip() for point, words in typed["anchors"].items() if words.strip()}
    for point in anchors:
        if points and whole(point) not in points:
            wrong(
                f"anchor-{point}",
                _("The scale has no point %(point)s: empty this field, or change the scale.")
                % {"point": point},
            )
    weight = weight_of(typed["weight"])
    if weight is None:
        wrong("weight", _("A weight is a number from 0 to %(most)d.") % {"most": MOST_WEIGHT})
    if len(typed["examples"]) > MAX_EXAMPLES:
        wrong(f"example-{MAX_EXAMPLES}", too_many_examples())
    for index, example in enumerate(typed["examples"]):
        if not example["text"].strip():
            wrong(f"example-{index}", _("The example is empty: write it, or remove it."))
    return CriterionSpec(
        key=key,
        label=typed["label"].strip(),
        description=typed["description"].strip(),
        scale_min=points[0] if points else 0,
        scale_max=points[-1] if points else 0,
        anchors=anchors,
        is_yes_no=typed["scale"] == "yes-no",
        allows_na=typed["allows_na"],
        is_required=typed["is_required"],
        weight=1.0 if weight is None else weight,
        examples=tuple(
            ExampleSpec(one["text"].strip(), whole(one["item"]) if one["item"] else None)
            for one in typed["examples"]
            if one["text"].strip()
        ),
    )


def too_many_examples() -> str:
    return _("A criterion has at most %(most)d examples: remove one first.") % {
        "most": MAX_EXAMPLES
    }


def _refuse_doubles(criteria, document, problems) -> None:
    keys = [one.key for one in criteria]
    places = [one["priority"] for one in document["criteria"]]
    for index, (key, place) in enumerate(zip(keys, places, strict=True)):
        if key and key in keys[:index]:
            problems.append(
                Problem(
                    f"c-{index}-key",
                    _("Another criterion has the key “%(key)s” already.") % {"key": key},
                )
            )
        if place and place in places[:index]:
            problems.append(
                Problem(
                    f"c-{index}-priority",
                    _("Another criterion has the place %(place)s already.") % {"place": place},
                )
            )


def _priorities(criteria, document) -> tuple[str, ...]:
    placed = [
        (whole(typed["priority"]), one.key)
        for one, typed in zip(criteria, document["criteria"], strict=True)
        if typed["priority"] and one.key
    ]
    ordered = [key for _place, key in sorted(placed, key=lambda pair: pair[0] or 0)]
    return tuple(dict.fromkeys(ordered))
