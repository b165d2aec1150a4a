"""The policy as a form."""

from django import forms
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from annotation.core.errors import DomainError
from annotation.core.forms import PlainForm
from annotation.core.numbers import grouped, localised
from annotation.datasets import choices
from annotation.datasets import policy as rules
from annotation.datasets.access import lendable, may_in_all
from annotation.datasets.forms.fields import TICKED, USUAL, boxes, percent, radio, share
from annotation.datasets.forms.sections import JUDGE_FIELDS, Section, sections_of
from annotation.datasets.forms.settings import settings_said
from annotation.datasets.policy import NO_RUBRIC, Policy, PolicyError
from annotation.datasets.source import has_corrections
from annotation.datasets.sources import named_in
from annotation.labeling.batches import batch_label
from annotation.projects.models import Project
from annotation.projects.permissions import may
from annotation.quality.services import latest_report
from annotation.quality.signals.wording import KINDS

MANY = 50  # more batches than a person picks from by hand


class PolicyForm(PlainForm):
    """Every setting with its default checked; what the project does not have is not asked."""

    name = forms.CharField(
        max_length=100,
        required=False,
        label=_("Name"),
        help_text=_("For people. The hash is the name that counts."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    labels = forms.ChoiceField(
        choices=list(choices.LABELS.items()),
        widget=forms.RadioSelect,
        initial="majority",
        label=_("Labelers who disagree"),
        help_text=_("The shares of the votes are in the files either way."),
    )
    pairs = radio(
        "pairs",
        _("Pairs of an item"),
        _("Best and worst go by all judgments of the item, or by each where each vote counts."),
    )
    train, dev, test = (
        percent(label, initial)
        for label, initial in ((_("Train %"), 80), (_("Dev %"), 0), (_("Test %"), 20))
    )
    whose = radio(
        "whose",
        _("Whose judgments"),
        _("What a machine prefers is no human preference: each of its rows says so."),
    )
    judge = forms.ChoiceField(required=False, label=_("AI judge"))
    contradictions = radio(
        "contradictions",
        _("Pairs in which its two orders contradict each other"),
    )
    projects = boxes(
        _("With the judgments of other projects"),
        _(
            "Items and labelers are then named for this dataset. Whoever wants to see it needs "
            "the right in every one of its projects."
        ),
    )
    batches = boxes(_("Only items of"), _("None chosen: all of them."))
    purposes = boxes(
        _("Judgments that were made as"),
        _(
            "None chosen: work alone. Who judged gold agrees with its answer more than with other "
            "people."
        ),
        initial=["work"],
    )
    origins = boxes(_("Only judgments from"), _("None chosen: all of them."))
    rubric_versions = boxes(_("Only by these versions of the rubric"), _("None chosen: all."))
    without_findings = boxes(
        _("Without labelers whom the signals warn of"),
        _(
            "By the figures as they are when you freeze. Who was left out is kept in the dataset, "
            "by handle."
        ),
        choices=[(kind, words.title) for kind, words in KINDS.items()],
    )
    min_reliability = share(
        _("Least reliability"),
        _("Labelers below it are left out; one of whom nothing is known stays. 0 asks nothing."),
    )
    without_labelers = forms.CharField(
        required=False,
        max_length=2_000,
        label=_("Labelers left out by handle"),
        help_text=_("Separated by commas."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    consensus = radio(
        "consensus",
        _("How labelers weigh"),
        _(
            "By reliability, each comparison carries the chance that its chosen side is better, "
            "and a weight: certain pairs teach more than doubtful ones."
        ),
    )
    min_weight = share(
        _("Least weight"),
        _(
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
    ties = radio("ties", _("Ties"))
    min_strength = forms.TypedChoiceField(
        choices=list(choices.MIN_STRENGTH.items()),
        coerce=int,
        empty_value=0,
        initial=0,
        required=False,
        label=_("Least strength"),
        help_text=_("By those who chose the winner. A vote without a strength counts as none."),
    )
    unacceptable = radio(
        "unacceptable",
        _("Responses that half or more found unacceptable"),
    )
    max_per_prompt = forms.IntegerField(
        min_value=0,
        max_value=rules.COUNTS["max_per_prompt"][1],
        initial=0,
        required=False,
        label=_("At most so many comparisons of a prompt"),
        help_text=_("0 takes all. Which ones, a lot decides that the salt turns."),
    )
    share_weight = radio(
        "share_weight",
        _("Weights"),
        _("Ten comparisons of one ranking are not ten times the evidence of one."),
    )
    name_rankings = forms.BooleanField(
        required=False,
        label=_("Each line names its ranking"),
        help_text=_("So that a trainer can keep the comparisons of a ranking in one batch."),
    )
    balance_length = forms.BooleanField(
        required=False,
        label=_("Balance by length: longer and shorter responses win equally often"),
        help_text=_("In each split, by leaving out some of the commoner kind, drawn by lot."),
    )
    near_prompts = radio(
        "near_prompts",
        _("Prompts that nearly say the same"),
        _("The very same prompt never lies in two splits, whatever is chosen here."),
    )
    near_from = share(
        _("How alike prompts must be to count as nearly the same"),
        _("The share of runs of five characters that two prompts have in common, 0.5 to 1."),
        low=0.5,
        initial=0.8,
    )
    salt = forms.CharField(
        max_length=100,
        required=False,
        label=_("Word for the lot (salt)"),
        help_text=_("Any word: another one deals the prompts out to the splits differently."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    demonstrations = forms.ChoiceField(
        choices=list(choices.DEMONSTRATIONS.items()),
        widget=forms.RadioSelect,
        initial="include",
        label=_("To imitate (SFT)"),
    )

    def __init__(self, *args, project, user, **kwargs):
        super().__init__(*args, **kwargs)
        for name, label in TICKED.items():
            self.fields[name] = forms.BooleanField(
                required=False, initial=name in USUAL, label=label
            )
        if has_corrections(project, Policy()):
            self.fields["drop_corrections"] = forms.BooleanField(
                required=False, label=_("Leave out corrections, with their originals as worse")
            )
        self._offer(project, user)

    def _offer(self, project, user):
        """Of what depends on the project, what it has; signals to whoever may look at them."""
        judgments = project.judgments.order_by()
        present = judgments.values_list("origin", flat=True).distinct()
        kinds = judgments.values_list("purpose", flat=True).distinct()
        versions = judgments.values_list("rubric_version__number", flat=True).distinct()
        self.user = user
        self.project, self._lendable = project, {one.slug: one for one in lendable(user, project)}
        self.fields["projects"].choices = [(s, one.name) for s, one in self._lendable.items()]
        if not self._lendable:
            del self.fields["projects"]
        self._offer_judges(project)
        self.fields["batches"].choices = _batches(project)
        self.fields["origins"].choices = [(o, choices.ORIGINS[o]) for o in sorted(present)]
        self.fields["purposes"].choices = [
            (name, label) for name, label in choices.PURPOSES.items() if name in {"work", *kinds}
        ]
        self.fields["rubric_versions"].choices = [
            (
                number,
                _("Version %(number)s") % {"number": number} if number else _("Without a rubric"),
            )
            for number in sorted(number or NO_RUBRIC for number in versions)
        ]
        for name in ("batches", "origins", "purposes", "rubric_versions"):
            if len(self.fields[name].choices) < 2:
                del self.fields[name]
        if not may(user, "review", project) or latest_report(project, "labelers") is None:
            del self.fields["without_findings"], self.fields["min_reliability"]

    def _offer_judges(self, project):
        names = list(project.judges.order_by("name").values_list("name", flat=True))
        self.fields["judge"].choices = [("", "–"), *((name, name) for name in names)]
        if not names:
            for name in JUDGE_FIELDS:
                del self.fields[name]

    @property
    def sections(self) -> list[Section]:
        return sections_of(self)

    @property
    def further(self) -> list[Project]:
        """Whose judgments it takes besides, in a form that is valid."""
        said = getattr(self, "cleaned_data", {})
        return [self._lendable[slug] for slug in said.get("projects") or ()]

    def clean(self):
        said = super().clean()
        if self.errors:
            return said
        try:
            settings = settings_said(said)
            if self.further:  # the boxes are of this project; of the others all items are taken
                own = (named_in(self.project, name) for name in settings.get("batches", ()))
                settings["batches"] = tuple(own)
            said["policy"] = policy = Policy(**settings)
            if policy.asks_for_signals and not may_in_all(self.user, "review", self.further):
                raise forms.ValidationError(
                    _("Who stands out by the signals is for those who may review in each project.")
                )
        except PolicyError as error:
            if error.field == "split":
                said_sum = sum(said[name] for name in rules.SPLITS)
                raise forms.ValidationError(
                    _("The shares of train, dev and test add up to %(sum)s %%, not to 100 %%.")
                    % {"sum": localised(f"{said_sum:g}")}
                ) from error
            self.add_problem(error)
        return said

    def add_problem(self, error: DomainError) -> None:
        """At the control that it is about, where there is one."""
        field = getattr(error, "field", None)
        self.add_error(field if field in self.fields else None, str(error))


def _batches(project):
    counts = (
        project.items.exclude(batch="")
        .order_by("batch")
        .values_list("batch")
        .annotate(count=Count("pk"))[:MANY]
    )
    return [(batch, f"{batch_label(batch)} ({grouped(count)})") for batch, count in counts]
