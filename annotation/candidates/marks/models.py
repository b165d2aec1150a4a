"""Rows about responses that nobody has judged yet: what was found, and what was decided."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.candidates.marks.duplicates import THRESHOLD
from annotation.candidates.marks.found import (
    EMPTY,
    EQUAL,
    IDENTITY,
    NEAR,
    PERSONAL,
    REFUSAL,
    SAFETY,
    TRUNCATED,
)

LONGEST_VERSION = 240


class Marking(models.Model):
    """How a project's responses are looked at, and when that was done last."""

    project = models.OneToOneField(
        "projects.Project", on_delete=models.PROTECT, related_name="marking"
    )
    # From this share of common runs of characters on two responses are nearly the same.
    threshold = models.FloatField(default=THRESHOLD)
    # A key of safety.CLASSIFIERS.
    classifier = models.CharField(max_length=40, default="words")
    # Whom the classifier "endpoint" asks, and how: a key of guards.PROTOCOLS.
    endpoint = models.ForeignKey(
        "candidates.Endpoint", on_delete=models.PROTECT, null=True, related_name="+"
    )
    protocol = models.CharField(max_length=12, default="guard")
    # Whether what an import or a run brings is looked at by itself.
    is_automatic = models.BooleanField(default=True)
    # Of the rules that found the marks; empty before the first time.
    version = models.CharField(max_length=40, blank=True)
    marked_at = models.DateTimeField(null=True)
    response_count = models.PositiveIntegerField(default=0)
    # The newest response that was looked at: later ones are new.
    newest = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold__gte=0.5, threshold__lte=1), name="marking_threshold"
            ),
            models.CheckConstraint(
                condition=~Q(classifier="endpoint") | Q(endpoint__isnull=False),
                name="marking_endpoint_is_named",
            ),
        ]

    def __str__(self):
        return f"marking of project {self.project_id}"


class ResponseMark(models.Model):
    """Something found in a response. Rows are made anew whenever the rules run: nothing that a
    person decided is kept here."""

    class Kind(models.TextChoices):
        EMPTY = EMPTY, _("Empty")
        TRUNCATED = TRUNCATED, _("Ends too early")
        REFUSAL = REFUSAL, _("Refuses")
        IDENTITY = IDENTITY, _("Says who wrote it")
        PERSONAL = PERSONAL, _("Personal data")
        SAFETY = SAFETY, _("Harmful content")
        EQUAL = EQUAL, _("Repeats another")
        NEAR = NEAR, _("Nearly repeats another")

    response = models.ForeignKey(
        "prompts.Response", on_delete=models.CASCADE, related_name="marks"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    # Which of its kind: a rule, a kind of personal data, a category of harm.
    detail = models.CharField(max_length=40, blank=True)
    # Where in the text, in characters; the words themselves are not copied.
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    # The earlier response to the same prompt that this one repeats, and how far.
    other = models.ForeignKey(
        "prompts.Response", on_delete=models.CASCADE, null=True, related_name="repeated_by"
    )
    similarity = models.FloatField(null=True)
    # Of the rules, or a classifier's name and version.
    version = models.CharField(max_length=LONGEST_VERSION)

    class Meta:
        ordering = ["response", "start", "pk"]
        indexes = [models.Index(fields=["kind", "response"], name="response_mark_by_kind")]
        constraints = [
            models.UniqueConstraint(
                fields=["response", "kind", "detail", "start", "other"],
                name="response_mark_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                # Both are named: a comparison with nothing is no refusal to PostgreSQL.
                condition=Q(start=None, end=None)
                | Q(start__isnull=False, end__isnull=False, end__gt=models.F("start")),
                name="response_mark_has_a_place",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[EQUAL, NEAR], other__isnull=False, similarity__isnull=False)
                | (~Q(kind__in=[EQUAL, NEAR]) & Q(other=None, similarity=None)),
                name="response_mark_other_of_repeats",
            ),
            models.CheckConstraint(
                condition=Q(similarity=None) | Q(similarity__gte=0, similarity__lte=1),
                name="response_mark_similarity",
            ),
        ]

    def __str__(self):
        return f"{self.kind} ({self.detail}) in response {self.response_id}"


class ResponseDecision(models.Model):
    """What a person decided on a response, whatever the rules find later."""

    class Choice(models.TextChoices):
        LEFT = "left", _("Left as it is")
        MASKED = "masked", _("Masked for labelers")
        WITHHELD = "withheld", _("Kept out of items")
        MERGED = "merged", _("Merged into another")

    response = models.OneToOneField(
        "prompts.Response", on_delete=models.PROTECT, related_name="decision"
    )
    choice = models.CharField(max_length=8, choices=Choice)
    # What labelers see instead. The response itself stays as it was written.
    masked_text = models.TextField(blank=True)
    merged_into = models.ForeignKey(
        "prompts.Response", on_delete=models.PROTECT, null=True, related_name="merged"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(choice="masked") & ~Q(masked_text=""))
                | (~Q(choice="masked") & Q(masked_text="")),
                name="response_decision_masked_text",
            ),
            models.CheckConstraint(
                condition=Q(choice="merged", merged_into__isnull=False)
                | (~Q(choice="merged") & Q(merged_into=None)),
                name="response_decision_merged_into",
            ),
        ]

    def __str__(self):
        return f"response {self.response_id}: {self.choice}"


class SafetyVerdict(models.Model):
    """What an endpoint said of a response, or why it said nothing. Kept apart from the marks,
    which are made anew: nobody pays twice for the same answer."""

    response = models.ForeignKey(
        "prompts.Response", on_delete=models.CASCADE, related_name="safety_verdicts"
    )
    # Its name and version, which stand with the marks as well.
    classifier = models.CharField(max_length=LONGEST_VERSION)
    # Keys of core/harms.py, or "other"; empty: harmless, or not answered.
    harms = ArrayField(models.CharField(max_length=40), default=list)
    # A key of endpoints/faults.py and what it was in particular; empty where it was answered.
    fault = models.CharField(max_length=20, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["response", "classifier"], name="safety_verdict_once"),
            models.CheckConstraint(
                condition=Q(fault="") | Q(harms=[]), name="safety_verdict_or_fault"
            ),
        ]

    def __str__(self):
        return f"{self.classifier} on response {self.response_id}"
