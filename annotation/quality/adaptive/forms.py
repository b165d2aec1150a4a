"""What is typed on the page of adaptive work. A form reads whole numbers; what range they lie in,
the services say, in one sentence for all of them."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.labeling import repeats
from annotation.quality.adaptive import choosing, services


class Typed(forms.Form):
    """`name` is its place among the page's forms."""

    name: str

    @classmethod
    def as_set(cls, project) -> "Typed":
        """With what holds now."""
        raise NotImplementedError

    @property
    def problem(self) -> str:
        """The first thing that is wrong with what was typed, as a sentence; nothing if nothing."""
        for name in self.errors:
            return _("“%(label)s” is a whole number.") % {"label": self[name].label}
        return ""


class RuleForm(Typed):
    name = "rule"
    is_on = forms.BooleanField(required=False)
    sure_percent = forms.IntegerField(label=gettext_lazy("Sure from, in %"))
    least = forms.IntegerField(label=gettext_lazy("Judgments at least"))
    most = forms.IntegerField(label=gettext_lazy("Judgments at most"))

    @classmethod
    def as_set(cls, project) -> "RuleForm":
        work = services.work_of(project)
        return cls(initial={name: getattr(work, name) for name in cls.base_fields})


class ChoosingForm(Typed):
    name = "choosing"
    is_on = forms.BooleanField(required=False)
    control_percent = forms.IntegerField(label=gettext_lazy("Of them drawn at random, in %"))

    @classmethod
    def as_set(cls, project) -> "ChoosingForm":
        now = choosing.choosing_of(project)
        return cls(initial={"is_on": now.is_on, "control_percent": now.control_percent})


class RepeatsForm(Typed):
    name = "repeats"
    percent = forms.IntegerField(label=gettext_lazy("Of every labeler's items, in %"))
    after_items = forms.IntegerField(label=gettext_lazy("After so many items at least"))
    after_hours = forms.IntegerField(label=gettext_lazy("And so many hours"))

    @classmethod
    def as_set(cls, project) -> "RepeatsForm":
        return cls(initial=repeats.settings_of(project))


class BudgetForm(Typed):
    name = "budget"
    budget = forms.IntegerField(label=gettext_lazy("Judgments to spend"))

    @classmethod
    def as_set(cls, project) -> "BudgetForm":
        return cls()


FORMS: tuple[type[Typed], ...] = (RuleForm, ChoosingForm, RepeatsForm, BudgetForm)


def forms_of(project, refused: Typed | None = None) -> dict[str, Typed]:
    """Every form of the page with what holds now; the refused one with what was typed."""
    found = {form.name: form.as_set(project) for form in FORMS}
    return found | ({refused.name: refused} if refused is not None else {})
