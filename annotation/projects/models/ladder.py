"""How somebody comes to work in a project: the rules of its qualification ladder."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.projects.models.members import Membership
from annotation.projects.models.projects import Project


class LadderSettings(models.Model):
    """A project without a row has no ladder: whoever joins it works at once."""

    class First(models.TextChoices):
        """Where new labelers begin."""

        TRAINING = Membership.Stage.TRAINING.value, _("With the training")
        TEST = Membership.Stage.TEST.value, _("With the test")
        FULL = Membership.Stage.FULL.value, _("With the work: there is no ladder")

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="ladder")
    first_stage = models.CharField(max_length=10, choices=First, default=First.FULL)
    # After a failed test: how often again without asking, and after how many hours.
    retakes = models.PositiveSmallIntegerField(default=1)
    retake_wait_hours = models.PositiveSmallIntegerField(default=24)
    # May a labeler see afterwards which items of the test went wrong?
    shows_test_items = models.BooleanField(default=False)
    # 0 = no probation: whoever passes the test is full.
    probation_items = models.PositiveIntegerField(default=50)
    probation_percent = models.PositiveSmallIntegerField(default=80)
    # Becomes full whoever has done so, without a lead who says it.
    promotes = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(probation_percent__lte=100), name="ladder_percent_to_100"
            ),
            models.CheckConstraint(condition=Q(retakes__lte=20), name="ladder_retakes_to_20"),
        ]

    def __str__(self):
        return f"ladder of {self.project_id}"
