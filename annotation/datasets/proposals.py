"""What a link to a new dataset proposes: some settings, or what suits a training; the rest is as
usual."""

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A form that was sent has all of these; a link rarely.
ALWAYS_SENT = ("labels", "demonstrations", "min_votes", "train", "dev", "test")
OFF = ("", "0", "false", "off", "None", "False")


@dataclass(frozen=True)
class Aim:
    """What a dataset is for, and the form's fields that differ from the usual then."""

    title: str | Promise
    why: str | Promise
    settings: Mapping[str, object]


CLEAN = {"drop_turns": True, "drop_repeated": True, "near_prompts": "together"}
AIMS = {
    "reward": Aim(
        _("A reward model"),
        _(
            "All pairs, each line naming its ranking, the pairs of a ranking weighing as one; "
            "repetitions left out, near-equal prompts on one side of the split."
        ),
        {**CLEAN, "name_rankings": True, "share_weight": "ranking"},
    ),
    "dpo": Aim(
        _("DPO"),
        _(
            "The best against each of the rest, without ties and transcripts, at most eight "
            "comparisons of a prompt."
        ),
        {**CLEAN, "pairs": "best_rest", "ties": "drop", "max_per_prompt": 8},
    ),
    "kto": Aim(
        _("KTO"),
        _(
            "All pairs, for a response is good or bad by all it was compared with; transcripts "
            "and repetitions left out."
        ),
        {**CLEAN, "ties": "drop"},
    ),
    "sft": Aim(
        _("SFT"),
        _(
            "Best responses and demonstrations, without texts with personal data; near-equal "
            "prompts on one side of the split."
        ),
        {**CLEAN, "drop_personal": True, "demonstrations": "include"},
    ),
}


def completed(asked: QueryDict, form: forms.Form) -> QueryDict | None:
    """The form as if it had been sent: what the link says, then what its aim (`for`) says, then
    the usual. None where the link says nothing of the form; as it is where it is a sent form."""
    if all(name in asked for name in ALWAYS_SENT):
        return asked
    aim = AIMS.get(asked.get("for", ""))
    proposed = aim.settings if aim else {}
    if aim is None and not any(name in asked for name in form.fields):
        return None
    sent = QueryDict(mutable=True)
    for name, field in form.fields.items():
        usual = proposed.get(name, field.initial)
        values = usual if isinstance(usual, list | tuple) else [usual]
        said = asked.getlist(name) if name in asked else [str(one) for one in values]
        if isinstance(field, forms.BooleanField):
            said = ["on"] if said and said[-1] not in OFF else []
        elif name not in asked:
            said = [one for one in said if one != "None"]
        sent.setlist(name, said)
    return sent
