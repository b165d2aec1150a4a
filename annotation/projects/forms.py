"""The project's settings as forms."""

from django import forms
from django.db import models
from django.utils.translation import gettext, gettext_lazy

from annotation.core.errors import DomainError
from annotation.core.text import clean
from annotation.projects.judging import FIELDS
from annotation.projects.models import Membership, Project
from annotation.projects.services import MAX_OVERLAP, RESERVED_SLUGS, SLUG
from annotation.projects.starting import MAX_SLUG, STANDARD, STARTS, free_slug, slug_of
from annotation.projects.tags import lines_of, tags_in


class JudgingForm(forms.ModelForm):
    """What is asked of labelers. `flags` and `error_labels` are TagSpecs once cleaned."""

    top_k = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=9,
        label=gettext_lazy("How many at least"),
        help_text=gettext_lazy("For ranking the best ones. What is left out lies below them."),
    )
    scale_points = forms.TypedChoiceField(
        choices=[(points, str(points)) for points in (4, 7, 9)],
        coerce=int,
        label=gettext_lazy("Points of the scale"),
    )
    lease_minutes = forms.IntegerField(
        min_value=1,
        max_value=24 * 60,
        label=gettext_lazy("Minutes an item stays with a labeler who does nothing"),
    )
    flags = forms.CharField(
        required=False,
        label=gettext_lazy("Flags for a response"),
        help_text=gettext_lazy("One a line: “Label: what it means”. Empty: no flags."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    error_labels = forms.CharField(
        required=False,
        label=gettext_lazy("Names of errors marked in a text"),
        help_text=gettext_lazy("One a line. Empty: labelers mark no errors."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    class Meta:
        model = Project
        fields = FIELDS
        labels = {
            "ordering": gettext_lazy("Order"),
            "has_both": gettext_lazy("“Both good” and “both bad” beside the scale"),
            "asks_strength": gettext_lazy("How far apart neighbouring places are"),
            "has_floor": gettext_lazy("“Unacceptable”, below all places"),
            "rationale": gettext_lazy("Rationale"),
            "allows_recording": gettext_lazy("The rationale may be spoken"),
            "confidence": gettext_lazy("Confidence, from a guess to certain"),
            "demonstration": gettext_lazy("A response of the labeler's own"),
            "allows_corrections": gettext_lazy("Labelers may correct a response"),
        }
        help_texts = {
            "allows_recording": gettext_lazy(
                "Recorded in the browser. Only the labeler and the staff can hear it."
            ),
            "allows_corrections": gettext_lazy(
                "Each becomes a comparison, corrected over original, and a demonstration."
            ),
        }
        widgets = {"ordering": forms.RadioSelect}

    def __init__(self, *args, rubric=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["flags"] = lines_of(rubric.flags if rubric else [])
        self.initial["error_labels"] = lines_of(rubric.error_labels if rubric else [])

    def clean_flags(self):
        return tags_in(self._text("flags"))

    def clean_error_labels(self):
        return tags_in(self._text("error_labels"))

    def _text(self, name):
        try:
            return clean(self.cleaned_data[name], field=name)
        except DomainError as error:
            raise forms.ValidationError(str(error)) from None


class MemberForm(forms.Form):
    """What is to become of somebody in a project."""

    class Do(models.TextChoices):
        CHANGE = "change"
        REMOVE = "remove"
        TAKE_BACK = "take_back"

    do = forms.ChoiceField(choices=Do)
    role = forms.ChoiceField(choices=Membership.Role)


class NewProjectForm(forms.Form):
    """A project as somebody begins it. Without a short name it gets one made from its name."""

    name = forms.CharField(
        max_length=200,
        label=gettext_lazy("Name"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    slug = forms.CharField(
        required=False,
        max_length=MAX_SLUG,
        label=gettext_lazy("Short name"),
        help_text=gettext_lazy("Part of its address: lower-case letters, digits and hyphens."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "data-suggested-by": "id_name"}
        ),
    )
    description = forms.CharField(
        required=False,
        max_length=2000,
        label=gettext_lazy("What it is about"),
        help_text=gettext_lazy("Labelers read it beside their queue."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    start = forms.ChoiceField(
        choices=[(key, start.label) for key, start in STARTS.items()],
        initial=STANDARD,
        label=gettext_lazy("Start from"),
    )
    overlap = forms.IntegerField(
        min_value=1,
        max_value=MAX_OVERLAP,
        initial=3,
        label=gettext_lazy("Judgments for each item"),
        help_text=gettext_lazy("From so many different labelers. Agreement needs two or more."),
    )

    def clean_slug(self):
        given = self.cleaned_data["slug"]
        slug = given or slug_of(self.cleaned_data.get("name", ""))
        if not given and not slug:
            if "name" not in self.cleaned_data:
                return slug  # the name is what needs another look
            raise forms.ValidationError(
                gettext("The name has no letters for an address: write a short name.")
            )
        if not SLUG.fullmatch(slug) or slug in RESERVED_SLUGS:
            raise forms.ValidationError(
                gettext(
                    "“%(slug)s” cannot be a short name: use lower-case letters, digits and "
                    "hyphens, and another word than “new”."
                )
                % {"slug": slug}
            )
        free = free_slug(slug)
        if free != slug:
            raise forms.ValidationError(
                gettext("A project is called “%(slug)s” already. “%(free)s” is free.")
                % {"slug": slug, "free": free}
            )
        return slug
