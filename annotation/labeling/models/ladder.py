"""What happened to somebody on the qualification ladder: stages, attempts, appeals, notes."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from annotation.projects.models import Membership

Stage = Membership.Stage


class StageChange(models.Model):
    """A step on the ladder, by a rule or by a person. Append-only (a trigger refuses UPDATE and
    DELETE). The stage somebody began with has no row."""

    class Rule(models.TextChoices):
        """What made the step. Only people suspend."""

        TRAINING_DONE = "training_done", _("the training was done")
        TRAINING_REPEATED = "training_repeated", _("the training was begun again")
        TEST_PASSED = "test_passed", _("the test was passed")
        PROBATION_MET = "probation_met", _("the probation was passed")
        DECIDED = "decided", _("a lead decided")
        RETAKE = "retake", _("a lead allowed another attempt")
        SUSPENDED = "suspended", _("a lead suspended")
        LIFTED = "lifted", _("a lead lifted the suspension")

    BY_A_PERSON = [Rule.DECIDED, Rule.RETAKE, Rule.SUSPENDED, Rule.LIFTED]

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="stage_changes"
    )
    from_stage = models.CharField(max_length=10, choices=Stage)
    to_stage = models.CharField(max_length=10, choices=Stage)
    rule = models.CharField(max_length=20, choices=Rule)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.TextField(blank=True)
    # What was known at that moment, in numbers: shown to the labeler as it is kept.
    evidence = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_stage=F("to_stage")) | Q(rule="retake"),
                name="stage_change_changes",
            ),
            models.CheckConstraint(
                condition=~Q(rule__in=["decided", "retake", "suspended", "lifted"])
                | (Q(changed_by__isnull=False) & ~Q(reason="")),
                name="stage_change_says_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(rule="suspended", to_stage="suspended")
                | (~Q(rule="suspended") & ~Q(to_stage="suspended")),
                name="stage_change_only_people_suspend",
            ),
            models.CheckConstraint(
                condition=Q(rule="lifted", from_stage="suspended")
                | (~Q(rule="lifted") & ~Q(from_stage="suspended")),
                name="stage_change_suspension_is_lifted",
            ),
        ]
        indexes = [models.Index(fields=["membership", "-id"], name="stage_change_of_member")]

    def __str__(self):
        return f"{self.from_stage} to {self.to_stage} ({self.rule})"


class TestAttempt(models.Model):
    """One go at the test. Nothing of the test is lent without one."""

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="test_attempts"
    )
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    is_passed = models.BooleanField(null=True)
    # [{"section", "name", "pass_percent", "right", "asked", "kept_away", "passed", "items": [
    # {"item", "judgment", "is_right"}]}, …] as it was when the attempt ended.
    sections = models.JSONField(default=list)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "number"], name="test_attempt_number_once"
            ),
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(ended_at=None),
                name="test_attempt_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, is_passed=None)
                | Q(ended_at__isnull=False, is_passed__isnull=False),
                name="test_attempt_ends_with_a_result",
            ),
        ]

    def __str__(self):
        return f"attempt {self.number} of {self.membership_id}"


class Appeal(models.Model):
    """What a suspended labeler says against it, once, and what a lead answers."""

    suspension = models.OneToOneField(StageChange, on_delete=models.PROTECT, related_name="appeal")
    text = models.TextField()
    made_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    is_lifted = models.BooleanField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="appeal_says_something"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, is_lifted=None, answer="")
                | (
                    Q(answered_at__isnull=False, answered_by__isnull=False)
                    & Q(is_lifted__isnull=False)
                    & ~Q(answer="")
                ),
                name="appeal_answered_in_words",
            ),
        ]

    def __str__(self):
        return f"appeal against {self.suspension_id}"


class StageNoteQuerySet(models.QuerySet):
    def open(self):
        return self.filter(settled_at=None)


class StageNote(models.Model):
    """Something on the ladder that waits for a lead's decision. Any step settles it."""

    class Kind(models.TextChoices):
        PROBATION_MET = "probation_met", _("Has passed the probation")
        PROBATION_MISSED = "probation_missed", _("Is below the mark after the probation")
        NO_RETAKES = "no_retakes", _("Has failed the test and used all attempts")

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="stage_notes"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    evidence = models.JSONField(default=dict)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects = StageNoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(settled_at=None),
                name="stage_note_one_open",
            ),
        ]

    def __str__(self):
        return f"{self.kind} of {self.membership_id}"
