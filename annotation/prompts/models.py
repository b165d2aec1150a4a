"""What models were asked, what was answered and by whom, and how it came in."""

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _


class Prompt(models.Model):
    """What a model was asked: messages of {"role", "content"}, the last one the user's, each with
    {"attachments": [{"sha256", "transcript"}, …]} where it has some."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="prompts"
    )
    messages = models.JSONField()
    # Of the canonical JSON of the messages: equal prompts are one row.
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "sha256"], name="prompt_once")]

    def __str__(self):
        return f"prompt {self.pk}"

    @property
    def last_message(self):
        return self.messages[-1]["content"]


class Generator(models.Model):
    """What wrote a response: a model with its revision, or a person. Hidden from labelers."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="generators"
    )
    name = models.CharField(max_length=200)
    revision = models.CharField(max_length=100, blank=True)
    # Where a model of our own lies, relative to the data directory, and the hash of its manifest.
    artifact = models.CharField(max_length=300, blank=True)
    artifact_sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name", "revision"], name="generator_once"),
            models.CheckConstraint(condition=~Q(name=""), name="generator_has_name"),
        ]

    def __str__(self):
        return self.name


class Response(models.Model):
    """One candidate answer to a prompt. An empty text is a response too."""

    class Kind(models.TextChoices):
        CANDIDATE = "candidate", _("Candidate")
        DEMONSTRATION = "demonstration", _("Demonstration")
        CORRECTION = "correction", _("Correction")

    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, related_name="responses")
    kind = models.CharField(max_length=15, choices=Kind, default=Kind.CANDIDATE)
    text = models.TextField(blank=True)
    text_sha256 = models.CharField(max_length=64)
    generator = models.ForeignKey(
        Generator, on_delete=models.PROTECT, null=True, related_name="responses"
    )
    # The person who wrote it at the desk, and the response that a correction corrects.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="corrections"
    )
    # [{"sha256", "transcript"}, …], as in the prompt's messages; see `attachments/references.py`.
    attachments = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    params = models.JSONField(default=dict)
    finish_reason = models.CharField(max_length=20, blank=True)
    token_count = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="correction", corrects__isnull=False)
                | (~Q(kind="correction") & Q(corrects=None)),
                name="response_correction_corrects",
            ),
            models.CheckConstraint(
                condition=Q(author=None) | Q(generator=None), name="response_written_by_one"
            ),
        ]

    def __str__(self):
        return f"response {self.pk}"


class Attachment(models.Model):
    """A file beside prompts and responses, or what a labeler said. The media type is read from
    its bytes."""

    class Purpose(models.TextChoices):
        CONTENT = "content", _("Content")
        RECORDING = "recording", _("Spoken rationale")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="attachments"
    )
    purpose = models.CharField(max_length=9, choices=Purpose, default=Purpose.CONTENT)
    sha256 = models.CharField(max_length=64)
    # As files of items may refer to it. Labelers never see it: it could tell who wrote a response.
    name = models.CharField(max_length=200, blank=True)
    media_type = models.CharField(max_length=40)
    byte_count = models.BigIntegerField()
    # Of a picture, in pixels: pages keep its room before it is there.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "name"], name="attachment_by_name")]
        constraints = [
            models.UniqueConstraint(fields=["project", "sha256"], name="attachment_once"),
            models.CheckConstraint(condition=Q(byte_count__gt=0), name="attachment_has_bytes"),
            models.CheckConstraint(
                condition=Q(width=None, height=None) | Q(width__gt=0, height__gt=0),
                name="attachment_has_both_sides",
            ),
        ]

    def __str__(self):
        return f"attachment {self.sha256[:12]} ({self.media_type})"


class Import(models.Model):
    """A file that came in, or was refused: what it was and what became of it."""

    class Kind(models.TextChoices):
        ITEMS = "items", _("Items")
        JUDGMENTS = "judgments", _("Judgments")

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Imported")
        REFUSED = "refused", _("Refused")
        UNCHANGED = "unchanged", _("Already there")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="imports"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    file_name = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    byte_count = models.BigIntegerField(default=0)
    line_count = models.BigIntegerField(default=0)
    error_count = models.BigIntegerField(default=0)
    options = models.JSONField(default=dict)
    # What came of it, such as {"items": 999, "prompts": 170, "responses": 1998}.
    counts = models.JSONField(default=dict)
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-id"], name="import_by_project")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(error_count=0), name="import_all_or_nothing"
            ),
        ]

    def __str__(self):
        return f"import {self.pk} ({self.kind}, {self.state})"


class LineError(models.Model):
    """Why a line was refused. The first 1,000 of an import are kept, all are counted."""

    imported = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="errors")
    line = models.BigIntegerField()
    field = models.CharField(max_length=200, blank=True)
    reason = models.TextField()

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return f"line {self.line}: {self.field}: {self.reason}"
