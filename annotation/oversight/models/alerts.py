"""What a lead wants to be told of, whether it holds now, and when it began and ended."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.oversight.models.webhooks import AlertKind


class Alert(models.Model):
    """One kind of alert of a project, with its limit and its state."""

    class State(models.TextChoices):
        CALM = "calm", _("All right")
        RAISED = "raised", _("Alert")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="alerts"
    )
    kind = models.CharField(max_length=10, choices=AlertKind)
    is_on = models.BooleanField(default=True)
    threshold = models.FloatField()
    by_mail = models.BooleanField(default=True)
    # Whom a lead chose for its mail; nobody: the leads and admins that the project has then.
    mail_to = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.CALM)
    # What was measured last; null = there was too little to measure.
    value = models.FloatField(null=True)
    checked_at = models.DateTimeField(null=True)
    # How the lead who set it reaches Concord: a mail from a job must lead there, too.
    base_url = models.CharField(max_length=300, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "kind"], name="alert_kind_once"),
            models.CheckConstraint(
                condition=Q(is_on=True) | Q(state="calm"), name="alert_off_is_calm"
            ),
            models.CheckConstraint(
                condition=Q(state="calm") | Q(value__isnull=False), name="alert_raised_by_a_value"
            ),
        ]

    def __str__(self):
        return f"alert {self.kind} of {self.project_id} ({self.state})"


class AlertTurn(models.Model):
    """An alert went off, or was over. Each is told once."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="turns")
    is_raised = models.BooleanField()
    value = models.FloatField()
    threshold = models.FloatField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["alert", "-id"], name="alert_turn_newest")]

    def __str__(self):
        return f"alert {self.alert_id} {'raised' if self.is_raised else 'over'} at {self.value}"
