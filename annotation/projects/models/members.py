"""Who is in a project as what, and how far they have come."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from annotation.projects.models.projects import Project


class MembershipQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)

    def paused(self):
        """Those to whom nothing is lent just now by somebody's word."""
        begun = Q(paused_at__isnull=False)
        return self.filter(begun & (Q(paused_until=None) | Q(paused_until__gt=Now())))

    def not_paused(self):
        return self.filter(Q(paused_at=None) | Q(paused_until__lte=Now()))

    def lendable(self):
        """Labelers who would be lent work now, quotas and daily caps aside: `lending.py` says the
        same in SQL. Reviewers and leads may judge, too, but nobody counts on it."""
        here = self.active().not_paused().filter(user__is_active=True)
        return here.filter(role=Membership.Role.LABELER, stage__in=Membership.JUDGING)


class Membership(models.Model):
    """A user's place in a project: one role, and the handle that exports show for a name."""

    class Role(models.TextChoices):
        LABELER = "labeler", _("Labeler")
        REVIEWER = "reviewer", _("Reviewer")
        LEAD = "lead", _("Lead")
        ENGINEER = "engineer", _("Engineer")
        ADMIN = "admin", _("Admin")

    class Stage(models.TextChoices):
        """How far somebody has come on the way to the work."""

        TRAINING = "training", pgettext_lazy("of a labeler", "Training")
        TEST = "test", _("Test")
        PROBATION = "probation", _("Probation")
        FULL = "full", _("Full")
        SUSPENDED = "suspended", _("Suspended")

    # On these stages somebody is lent work.
    JUDGING = (Stage.PROBATION, Stage.FULL)

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role, default=Role.LABELER)
    handle = models.CharField(max_length=150)
    is_active = models.BooleanField(default=True)
    stage = models.CharField(
        max_length=10, choices=Stage, default=Stage.FULL, db_default=Stage.FULL
    )
    # Nothing is lent to who is paused, until that time if it is said.
    paused_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    pause_reason = models.TextField(blank=True, default="", db_default="")
    # How many items they may judge here, in all and on one day; null = as many as there are.
    quota = models.PositiveIntegerField(null=True)
    daily_cap = models.PositiveIntegerField(null=True)
    # The rubric version shown to this person last; a newer one comes before their next item.
    seen_rubric = models.ForeignKey(
        "projects.RubricVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_once"),
            models.UniqueConstraint(fields=["project", "handle"], name="membership_handle_once"),
            models.CheckConstraint(condition=~Q(handle=""), name="membership_has_handle"),
            models.CheckConstraint(
                condition=Q(daily_cap=None) | Q(daily_cap__gte=1), name="membership_cap_from_1"
            ),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=False) | Q(paused_until=None, pause_reason=""),
                name="membership_pause_has_begun",
            ),
        ]

    def __str__(self):
        return f"{self.handle}, {self.role} of {self.project}"

    @property
    def is_paused(self) -> bool:
        is_over = self.paused_until is not None and self.paused_until <= timezone.now()
        return self.paused_at is not None and not is_over
