"""The form that starts a training. Its options come from the same table as the command's."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.core.forms import PlainForm
from annotation.core.numbers import grouped
from annotation.core.options import BadOption
from annotation.datasets.access import datasets_in
from annotation.runs import again, presets, services, words
from annotation.runs import options as run_options
from annotation.runs.models import ModelVersion, TrainingRun
from annotation.runs.presentation import setting

KINDS = (
    ("reward", _("Reward model"), _("Learns from comparisons to tell the better response.")),
    ("sft", _("Supervised fine-tuning"), _("Learns to write like the best responses.")),
    ("dpo", _("DPO"), _("Tunes a policy straight from comparisons.")),
    ("kto", _("KTO"), _("Tunes a policy from responses that are good or bad by themselves.")),
    (
        "rl",
        _("PPO, RLOO, GRPO, best of n"),
        _("Tune a policy until it pleases a reward model."),
    ),
)


ORDERED = ("dataset", "base", "reward", "options", "preset")


class RunForm(PlainForm):
    """One kind's order: dataset, base, name, seed and the kind's options as `option_<name>`."""

    dataset = forms.ModelChoiceField(None, label=_("Dataset"), empty_label=None)
    base = forms.ModelChoiceField(None, label=_("Start from"), required=False)
    reward = forms.ModelChoiceField(
        None,
        label=_("Reward model"),
        empty_label=None,
        help_text=_("What it learns to please. A better one makes a better policy."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        required=False,
        help_text=_("What to call the model version. Left empty, the kind and a number."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=2**31 - 1,
        initial=11,
        help_text=_("The same seed on the same data and machine gives the same model."),
    )

    preset = forms.ChoiceField(
        label=_("Machine"),
        required=False,
        choices=[("", _("the train worker’s, options as below"))]
        + [(one.key, one.title) for one in presets.PRESETS],
        help_text=_("Fills the options to suit a machine; the estimate is for it."),
    )

    def __init__(self, *args, project, kind, user, like=None, **more):
        if like is not None:
            more["initial"] = _as_ordered(like) | more.get("initial", {})
        super().__init__(*args, **more)
        self.kind, self.project, self.user, self.like = kind, project, user, like
        self.fields["dataset"].queryset = datasets_in(project, user, "train").order_by("-pk")
        self.fields["dataset"].label_from_instance = _dataset_label
        bases = project.model_versions.order_by("-pk")
        rewards = project.model_versions.filter(kind=ModelVersion.Kind.REWARD).order_by("-pk")
        if kind == TrainingRun.Kind.RL:
            self.fields["reward"].queryset = rewards
        else:
            del self.fields["reward"]
        if kind != TrainingRun.Kind.REWARD:  # a reward model may go on from a reward model
            bases = bases.filter(kind=ModelVersion.Kind.POLICY)
        self.fields["base"].queryset = bases
        self._say_base(kind)
        for option in run_options.BY_KIND[kind]:
            self.fields[f"option_{option.name}"] = _field(option)

    def _say_base(self, kind):
        base = self.fields["base"]
        if kind in services.NEEDS_A_POLICY:
            base.required, base.empty_label = True, None
            base.help_text = _("The policy to tune; it is the frozen reference, too.")
        elif kind == TrainingRun.Kind.REWARD:
            base.empty_label = _("The small pretrained encoder")
            base.help_text = _("The encoder is quick on a CPU; a policy makes a larger judge.")
        else:
            base.empty_label = _("A new tiny model")
            base.help_text = _("A new one learns its vocabulary from the dataset, too.")

    def clean(self):
        values = super().clean()
        # An emptied field means the option's own default, whatever the preset says.
        given = {
            option.name: value or None
            for option in run_options.BY_KIND[self.kind]
            if (value := values.get(f"option_{option.name}")) or option.default is None
        }
        try:
            run_options.read(self.kind, given)
            values["options"] = given
        except BadOption as error:
            self.add_error(f"option_{error.field}", str(error))
        return values

    def start(self, *, project, actor):
        """Queue what was ordered. DomainError where a rule of training forbids it."""
        return services.start_run(
            project=project,
            kind=self.kind,
            actor=actor,
            after=self.like,
            **{name: self.cleaned_data.get(name) for name in (*ORDERED, "name", "seed")},
        )

    def estimate(self):
        """What the order will take. None where it is incomplete or its model’s size unknown."""
        if not self.is_valid():
            return None
        order = {name: self.cleaned_data.get(name) for name in (*ORDERED, "name", "seed")}
        return services.estimate_run(project=self.project, kind=self.kind, **order)

    def changes(self):
        """What differs from the run it was made from; None where nothing can be said yet."""
        if self.like is None or not self.is_bound or not self.is_valid():
            return None
        order = {name: self.cleaned_data.get(name) for name in (*ORDERED, "seed")}
        order["options"] = run_options.read(self.kind, order["options"])
        return again.changes(self.like, order)

    @property
    def lacks_its_dataset(self):
        """Whether the dataset of the run it is made from cannot be chosen here."""
        if self.like is None or self.is_bound:
            return False
        return not self.fields["dataset"].queryset.filter(pk=self.like.dataset_id).exists()

    def filled(self):
        """The same form with the chosen preset's options in their fields."""
        values = self.data.copy()
        if preset := presets.BY_KEY.get(values.get("preset", "")):
            for option in run_options.BY_KIND[self.kind]:
                if self.like is not None and option.name not in preset.options(self.kind):
                    continue  # what was ordered then, or typed since, stays
                value = preset.options(self.kind).get(option.name, option.default)
                values[f"option_{option.name}"] = "" if value is None else setting(value)
        known = {"project": self.project, "kind": self.kind, "user": self.user}
        return RunForm(values, like=self.like, **known)

    @property
    def first_options(self):
        names = {option.name for option in run_options.BY_KIND[self.kind]}
        return [self[f"option_{name}"] for name in run_options.FIRST if name in names]

    @property
    def other_options(self):
        table = run_options.BY_KIND[self.kind]
        return [self[f"option_{o.name}"] for o in table if o.name not in run_options.FIRST]

    @property
    def has_folded_error(self):
        return any(field.errors for field in self.other_options)


def _as_ordered(run):
    """The values that give the run's order again."""
    values = {"dataset": run.dataset_id, "base": run.base_id, "reward": run.reward_id}
    values |= {"seed": run.seed, "name": again.free_name(run)}
    for name, value in again.known_options(run).items():
        values[f"option_{name}"] = "" if value is None else setting(value)
    return values


def _field(option):
    limits = f" {option.limits}." if option.limits else ""
    more = {
        "label": words.option(option.name),
        "required": False,
        "help_text": f"{option.help}{limits[:1]}{limits[1:].capitalize()}",
    }
    choices = [(choice, choice) for choice in option.choices or ()]
    if option.type is bool:
        choices = [("true", gettext("yes")), ("false", gettext("no"))]
    if choices:
        field = forms.ChoiceField(choices=choices, initial=setting(option.default), **more)
        field.option = option
        return field
    place = gettext("chosen by the trainer") if option.default is None else ""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "placeholder": place, "class": "num"})
    initial = "" if option.default is None else setting(option.default)
    field = forms.CharField(widget=widget, initial=initial, max_length=40, **more)
    field.option = option
    return field


def _dataset_label(dataset):
    files = dataset.manifest.get("counts", {}).get("files", {})
    comparisons = files.get("preferences.train.jsonl", {}).get("rows", 0)
    best = files.get("sft.train.jsonl", {}).get("rows", 0)
    name = f"{dataset.name}, {dataset.short_hash}" if dataset.name else dataset.short_hash
    return gettext("%(name)s: %(comparisons)s comparisons, %(best)s best responses") % {
        "name": name,
        "comparisons": grouped(comparisons),
        "best": grouped(best),
    }
