"""The questions that the form asks, each with its controls, and what is answered so far."""

from dataclasses import dataclass, field

from django import forms
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core.numbers import localised
from annotation.datasets.forms.fields import DROPS
from annotation.datasets.policy import SPLITS

JUDGE_FIELDS = ("whose", "judge", "contradictions")
LONGEST = 90  # of one answer, in a heading


@dataclass(frozen=True)
class Question:
    """`usual`: what is done where nothing else is said."""

    key: str
    title: str | Promise
    usual: str | Promise
    names: tuple[str, ...]


QUESTIONS = (
    Question(
        "judgments",
        gettext_lazy("Which judgments count?"),
        gettext_lazy("People’s work, all of it"),
        (
            *JUDGE_FIELDS,
            "projects",
            "batches",
            "purposes",
            "origins",
            "rubric_versions",
            "without_findings",
            "min_reliability",
            "without_labelers",
            "drop_surplus",
        ),
    ),
    Question(
        "comparisons",
        gettext_lazy("How do rankings become comparisons?"),
        gettext_lazy("All pairs of a ranking, the outcome with the most votes"),
        ("labels", "pairs", "consensus", "min_weight", "settled", "min_votes"),
    ),
    Question(
        "ties",
        gettext_lazy("What of ties and of the unacceptable?"),
        gettext_lazy("Ties kept apart; the unacceptable worse than any acceptable one"),
        ("ties", "min_strength", "unacceptable", "drop_both_unacceptable"),
    ),
    Question(
        "amounts",
        gettext_lazy("What is capped, weighted or left out?"),
        gettext_lazy("Empty and equal responses are left out, all else counts alike"),
        (
            "max_per_prompt",
            "share_weight",
            "name_rankings",
            "balance_length",
            "drop_empty",
            "drop_equal",
            "drop_turns",
            "drop_repeated",
        ),
    ),
    Question(
        "imitate",
        gettext_lazy("What is there to imitate (SFT)?"),
        gettext_lazy("Best responses, corrections and demonstrations"),
        ("demonstrations", "drop_corrections"),
    ),
    Question(
        "personal",
        gettext_lazy("What of personal data?"),
        gettext_lazy("Not looked for"),
        ("drop_personal",),
    ),
    Question(
        "split",
        gettext_lazy("Which prompts are kept for measuring?"),
        gettext_lazy("Train 80 %, test 20 %, by prompt"),
        (*SPLITS, "near_prompts", "near_from", "salt"),
    ),
)


@dataclass(frozen=True)
class Section:
    """A question, open from the start where it is not answered as usual, or not well."""

    question: Question
    fields: list[forms.BoundField] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return any(one.errors or is_changed(one) for one in self.fields)

    @property
    def shares(self) -> list[forms.BoundField]:
        """Those that add up to 100 %, side by side."""
        return [one for one in self.fields if one.name in SPLITS]

    @property
    def others(self) -> list[forms.BoundField]:
        return [one for one in self.fields if one.name not in SPLITS]

    @property
    def now(self) -> str:
        """What is chosen, in words: the usual in a sentence, anything else by its name."""
        changed = [one for one in self.others if is_changed(one)]
        said = [_said(one) for one in changed]
        if any(is_changed(one) for one in self.shares):
            said.insert(0, " · ".join(f"{one.name} {_number(one)} %" for one in self.shares))
        return "; ".join(said) if said else str(self.question.usual)


def sections_of(form: forms.Form) -> list[Section]:
    """Of what the form asks here: a project that has no judges is not asked for one."""
    found = [
        Section(one, [form[name] for name in one.names if name in form.fields])
        for one in QUESTIONS
    ]
    return [section for section in found if section.fields]


def is_changed(one: forms.BoundField) -> bool:
    """Whether it says something else than the usual, in a form that was sent or proposed."""
    value, usual = one.value(), one.field.initial
    if isinstance(value, list | tuple):
        return sorted(map(str, value)) != sorted(map(str, usual or []))
    if isinstance(one.field, forms.BooleanField):
        return bool(value) != bool(usual)
    if value in (None, "") or usual is None:
        return bool(value)
    if isinstance(one.field, forms.DecimalField | forms.IntegerField):
        return _as_number(value) != _as_number(usual)
    return str(value) != str(usual)


def _said(one: forms.BoundField) -> str:
    value = one.value()
    if isinstance(one.field, forms.BooleanField):
        if one.name in DROPS:
            said = _("left out: %(what)s") if value else _("kept: %(what)s")
            return said % {"what": DROPS[one.name]}
        return str(one.label) if value else _("not: %(what)s") % {"what": one.label}
    return f"{one.label}: {_answer(one, value)}"


def _answer(one: forms.BoundField, value) -> str:
    if isinstance(one.field, forms.ChoiceField):
        words = {str(key): str(label) for key, label in one.field.choices}
        values = value if isinstance(value, list | tuple) else [value]
        said = ", ".join(words.get(str(key), str(key)) for key in values)
    elif isinstance(one.field, forms.DecimalField | forms.IntegerField):
        said = _number(one)
    else:
        said = str(value)
    return Truncator(said or "–").chars(LONGEST)


def _number(one: forms.BoundField) -> str:
    number = _as_number(one.value())
    return localised(f"{number:g}") if isinstance(number, float) else str(number)


def _as_number(value) -> float | str:
    """A number where it is one; what somebody typed otherwise."""
    try:
        return float(str(value).replace(",", "."))
    except ValueError:
        return str(value)
