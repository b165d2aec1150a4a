"""What a lead says of a round."""

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.labeling.calibration.drafts import MAX_NAME, Plan
from annotation.labeling.calibration.picking import (
    MOST_ITEMS,
    draw_at_random,
    draw_like_disputed,
    named_items,
)
from annotation.labeling.review.entries import bring_up_to_date

EVERYBODY, CHOSEN = "everybody", "chosen"
RANDOM, DISPUTED = "random", "disputed"


class RoundForm(forms.Form):
    name = forms.CharField(max_length=MAX_NAME, label=_("Name"))
    items = forms.CharField(
        required=False,
        label=_("Items"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("Their ids, one a line."),
    )
    draw = forms.ChoiceField(
        required=False,
        label=_("Draw more items"),
        choices=[
            ("", _("None")),
            (RANDOM, _("At random")),
            (DISPUTED, _("Like those that labelers disagree on most")),
        ],
        help_text=_("From those that nobody who takes part has seen."),
    )
    count = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_ITEMS, label=_("How many"), initial=5
    )
    who = forms.ChoiceField(
        label=_("Who takes part"),
        choices=[
            (EVERYBODY, _("Every active labeler, as they are when it is opened")),
            (CHOSEN, _("Those chosen here")),
        ],
        widget=forms.RadioSelect,
        initial=EVERYBODY,
    )
    labelers = forms.TypedMultipleChoiceField(
        required=False, coerce=int, label=_("People"), widget=forms.CheckboxSelectMultiple
    )
    deadline = forms.DateTimeField(
        required=False,
        label=_("Deadline"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Nothing happens at that moment by itself: it is what people are told."),
    )
    shows_names = forms.BooleanField(
        required=False, label=_("Show handles when it is revealed, instead of numbers")
    )

    def __init__(self, *args, project, **kwargs):
        super().__init__(*args, **kwargs)
        self.project = project
        members = project.memberships.active().filter(user__is_active=True).order_by("handle")
        self.fields["labelers"].choices = [(one.user_id, one.handle) for one in members]

    def clean(self):
        said = super().clean()
        if said.get("who") == CHOSEN and not said.get("labelers"):
            self.add_error("labelers", _("Choose who takes part."))
        if said.get("draw") and not said.get("count"):
            self.add_error("count", _("Say how many items to draw."))
        return said

    def plan(self, everybody) -> Plan:
        """DomainError where an id is not there. What is drawn is drawn now, and recorded."""
        said = self.cleaned_data
        takes_everybody = said["who"] == EVERYBODY
        labelers = everybody(self.project) if takes_everybody else said["labelers"]
        items = named_items(self.project, said["items"].splitlines())
        samples = []
        if said["draw"]:
            drawn, sample = self._draw(said["draw"], said["count"], labelers, items)
            items += drawn
            samples.append(sample | {"items": [item.external_id for item in drawn]})
        return Plan(
            name=said["name"],
            items=items,
            takes_everybody=takes_everybody,
            labelers=[] if takes_everybody else said["labelers"],
            deadline=said["deadline"],
            shows_names=said["shows_names"],
            samples=samples,
        )

    def _draw(self, kind, count, labelers, items):
        known = {item.pk for item in items}
        draw = draw_at_random
        if kind == DISPUTED:
            bring_up_to_date(self.project)
            draw = draw_like_disputed
        drawn, seed = draw(self.project, labelers, count + len(known))
        fresh = [item for item in drawn if item.pk not in known][:count]
        return fresh, {"kind": kind, "count": count, "seed": seed}


def initial_of(round_) -> dict:
    names = round_.items.values_list("item__external_id", flat=True)
    return {
        "name": round_.name,
        "items": "\n".join(names),
        "who": EVERYBODY if round_.takes_everybody else CHOSEN,
        "labelers": list(round_.members.values_list("labeler_id", flat=True)),
        "deadline": round_.deadline,
        "shows_names": round_.shows_names,
    }
