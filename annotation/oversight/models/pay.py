"""What an hour of a labeler's work costs."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Pay(models.Model):
    """A project's hourly rate, and how long one item can count."""

    project = models.OneToOneField(
        "projects.Project", on_delete=models.PROTECT, related_name="pay"
    )
    currency = models.CharField(max_length=3)
    hourly_rate = models.DecimalField(max_digits=8, decimal_places=2)
    # What lies above it on a single item is taken for time away from the desk.
    cap_minutes = models.PositiveSmallIntegerField(default=15)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="pay_currency_in_iso_4217"
            ),
            models.CheckConstraint(condition=Q(hourly_rate__gte=0), name="pay_rate_from_0"),
            models.CheckConstraint(
                condition=Q(cap_minutes__range=(1, 240)), name="pay_cap_1_to_240_minutes"
            ),
        ]

    def __str__(self):
        return f"{self.hourly_rate} {self.currency} an hour"


class MemberRate(models.Model):
    """Another rate for one member."""

    membership = models.OneToOneField(
        "projects.Membership", on_delete=models.PROTECT, related_name="own_rate"
    )
    hourly_rate = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(hourly_rate__gte=0), name="member_rate_from_0")
        ]

    def __str__(self):
        return f"{self.hourly_rate} an hour for member {self.membership_id}"
