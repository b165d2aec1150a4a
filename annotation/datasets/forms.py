"""The policy as a form."""

from django import forms
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from annotation.core.numbers import grouped, localised
from annotation.datasets import policy as rules
from annotation.datasets.policy import Policy, PolicyError
from annotation.datasets.source import has_corrections

MANY = 50  # more batches than a person picks from by hand
DROPS = {
    "drop_empty": _("Pairs with an empty response"),
    "drop_equal": _("Pairs of equal texts"),
    "drop_both_unacceptable": _("Pairs that most found both unacceptable"),
    "drop_surplus": _("Judgments beyond the wanted number"),
}


class PolicyForm(forms.Form):
    """Every setting with its default checked; what the project does not have is not asked."""

    name = forms.CharField(
        max_length=100,
        required=False,
        label=_("Name"),
        help_text=_("For people. The hash is the name that counts."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    labels = forms.ChoiceField(
        choices=list(rules.LABELS.items()),
        widget=forms.RadioSelect,
        initial="majority",
        label=_("Labelers who disagree"),
    )
    consensus = forms.ChoiceField(
        choices=list(rules.CONSENSUS.items()),
        widget=forms.RadioSelect,
        initial="votes",
        required=False,
        label=_("How labelers weigh"),
    )
    min_weight = forms.DecimalField(
        min_value=0,
        max_value=1,
        initial=0,
        decimal_places=2,
        required=False,
        label=_("Least weight"),
        help_text=_(
            "0 keeps every pair, the uncertain ones with little weight. Above it, what weighs "
            "less is left out."
        ),
    )
    settled = forms.BooleanField(
        required=False,
        label=_("What a reviewer has settled stands for its item"),
        help_text=_(
            "With full weight, whatever the votes are. They stand beside it all the same."
        ),
    )
    min_votes = forms.IntegerField(
        min_value=1, max_value=rules.MAX_MIN_VOTES, initial=1, label=_("Votes a pair needs")
    )
    demonstrations = forms.ChoiceField(
        choices=list(rules.DEMONSTRATIONS.items()), initial="include", label=_("To imitate (SFT)")
    )
    train = forms.DecimalField(
        min_value=0, max_value=100, initial=80, label=_("Train %"), decimal_places=2
    )
    dev = forms.DecimalField(
        min_value=0, max_value=100, initial=0, label=_("Dev %"), decimal_places=2
    )
    test = forms.DecimalField(
        min_value=0, max_value=100, initial=20, label=_("Test %"), decimal_places=2
    )
    salt = forms.CharField(
        max_length=100,
        required=False,
        label=_("Salt"),
        help_text=_("Another one deals the prompts out differently."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    batches = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label=_("Only items of")
    )
    origins = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label=_("Only judgments from")
    )

    purposes = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        initial=["work"],
        label=_("Judgments that were made as"),
    )

    def __init__(self, *args, project, **kwargs):
        super().__init__(*args, **kwargs)
        self.drop_names = list(DROPS)
        for name, label in DROPS.items():
            is_on = name != "drop_surplus"
            self.fields[name] = forms.BooleanField(required=False, initial=is_on, label=label)
        if has_corrections(project, Policy()):
            self.drop_names.append("drop_corrections")
            self.fields["drop_corrections"] = forms.BooleanField(
                required=False, label=_("Corrections, and their originals as worse")
            )
        self.fields["batches"].choices = _batches(project)
        present = project.judgments.order_by().values_list("origin", flat=True).distinct()
        self.fields["origins"].choices = [(o, rules.ORIGINS[o]) for o in sorted(present)]
        kinds = project.judgments.order_by().values_list("purpose", flat=True).distinct()
        self.fields["purposes"].choices = [
            (name, label) for name, label in rules.PURPOSES.items() if name in {"work", *kinds}
        ]
        for name in ("batches", "origins", "purposes"):
            if len(self.fields[name].choices) < 2:
                del self.fields[name]

    @property
    def drops(self):
        return [self[name] for name in self.drop_names]

    def clean(self):
        said = super().clean()
        if self.errors:
            return said
        try:
            said["policy"] = Policy(
                batches=tuple(said.get("batches", ())),
                origins=tuple(said.get("origins", ())),
                purposes=tuple(said.get("purposes") or ("work",)),
                surplus=not said["drop_surplus"],
                labels=said["labels"],
                min_votes=said["min_votes"],
                consensus=said.get("consensus") or "votes",
                min_weight=float(said.get("min_weight") or 0),
                settled=said["settled"],
                drop_empty=said["drop_empty"],
                drop_equal=said["drop_equal"],
                drop_both_unacceptable=said["drop_both_unacceptable"],
                demonstrations=said["demonstrations"],
                corrections="exclude" if said.get("drop_corrections") else "include",
                split=tuple(float(said[name]) / 100 for name in rules.SPLITS),
                salt=said["salt"],
            )
        except PolicyError as error:
            if error.field == "split":
                said_sum = sum(said[name] for name in rules.SPLITS)
                raise forms.ValidationError(
                    _("The shares of train, dev and test add up to %(sum)s %%, not to 100 %%.")
                    % {"sum": localised(f"{said_sum:g}")}
                ) from error
            raise forms.ValidationError(str(error)) from error
        return said


def _batches(project):
    counts = (
        project.items.exclude(batch="")
        .order_by("batch")
        .values_list("batch")
        .annotate(count=Count("pk"))[:MANY]
    )
    return [(batch, f"{batch} ({grouped(count)})") for batch, count in counts]
