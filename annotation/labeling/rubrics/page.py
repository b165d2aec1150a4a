"""The editor's rows as values: what each field holds, and what is wrong with it."""

from dataclasses import dataclass, field

from annotation.projects.rubrics.document import SCALE_NAMES, Problem, key_of, points_of, whole


@dataclass(frozen=True)
class Field:
    """One input. `id` is its name as well."""

    id: str
    value: str
    problems: list[str] = field(default_factory=list)
    label: str = ""
    hidden: str = ""  # for an example: the item it was taken from


@dataclass(frozen=True)
class Row:
    """One criterion of the draft."""

    index: int
    title: str
    is_last: bool
    typed: dict
    problems: dict[str, list[str]]
    count: int

    @property
    def id(self) -> str:
        return f"c-{self.index}"

    def _field(self, name: str) -> Field:
        key = f"{self.id}-{name}"
        return Field(key, str(self.typed[name]), self.problems.get(key, []))

    @property
    def key(self) -> Field:
        return self._field("key")

    @property
    def made_key(self) -> str:
        return key_of(self.typed)

    @property
    def label(self) -> Field:
        return self._field("label")

    @property
    def description(self) -> Field:
        return self._field("description")

    @property
    def scale(self) -> Field:
        return self._field("scale")

    @property
    def scales(self) -> list[tuple[str, str, bool]]:
        return [(n, str(label), n == self.typed["scale"]) for n, label in SCALE_NAMES.items()]

    @property
    def is_own(self) -> bool:
        return self.typed["scale"] == "own"

    @property
    def scale_min(self) -> Field:
        return self._field("scale_min")

    @property
    def scale_max(self) -> Field:
        return self._field("scale_max")

    @property
    def weight(self) -> Field:
        return self._field("weight")

    @property
    def priority(self) -> Field:
        return self._field("priority")

    @property
    def places(self) -> list[tuple[str, bool]]:
        return [(str(n), str(n) == self.typed["priority"]) for n in range(1, self.count + 1)]

    @property
    def allows_na(self) -> bool:
        return self.typed["allows_na"]

    @property
    def is_required(self) -> bool:
        return self.typed["is_required"]

    @property
    def anchors(self) -> list[Field]:
        """For every point of the scale, and for words that belong to none any more."""
        said = self.typed["anchors"]
        points = [str(point) for point in points_of(self.typed)]
        lost = sorted(
            (point for point in said if point not in points), key=lambda one: whole(one) or 0
        )
        return [
            Field(
                f"{self.id}-anchor-{point}",
                said.get(point, ""),
                self.problems.get(f"{self.id}-anchor-{point}", []),
                label=point,
            )
            for point in points + lost
        ]

    @property
    def examples(self) -> list[Field]:
        return [
            Field(
                f"{self.id}-example-{place}",
                one["text"],
                self.problems.get(f"{self.id}-example-{place}", []),
                label=str(place + 1),
                hidden=one["item"] if one["item"].isdecimal() else "",
            )
            for place, one in enumerate(self.typed["examples"])
        ]


def rows_of(document: dict, problems: list[Problem]) -> list[Row]:
    criteria = document["criteria"]
    by_field = by_fields(problems)
    return [
        Row(
            index=index,
            title=typed["label"],
            is_last=index == len(criteria) - 1,
            typed=typed,
            problems=by_field,
            count=len(criteria),
        )
        for index, typed in enumerate(criteria)
    ]


def by_fields(problems: list[Problem]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(problem.field, []).append(problem.text)
    return found


def fields_of(document: dict, problems: list[Problem]) -> dict[str, Field]:
    """The fields beside the criteria."""
    by_field = by_fields(problems)
    return {
        name: Field(name, document[name], by_field.get(name, []))
        for name in ("guideline", "flags", "error_labels")
    }
