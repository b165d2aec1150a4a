"""Projects, who is in them as what, and the versions of what they judge by."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Project(models.Model):
    """One body of work: prompts, people, a rubric, and what came of them."""

    class Rationale(models.TextChoices):
        OFF = "off", "Not asked"
        OPTIONAL = "optional", "Optional"
        REQUIRED = "required", "Required"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    overlap = models.PositiveSmallIntegerField(default=3)
    rationale = models.CharField(max_length=10, choices=Rationale, default=Rationale.OPTIONAL)
    asks_strength = models.BooleanField(default=True)
    has_floor = models.BooleanField(default=True)
    lease_minutes = models.PositiveSmallIntegerField(default=15)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(overlap__gte=1, overlap__lte=50), name="project_overlap_1_to_50"
            ),
            models.CheckConstraint(
                condition=Q(lease_minutes__gte=1), name="project_lease_at_least_a_minute"
            ),
        ]

    def __str__(self):
        return self.name


class MembershipQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)


class Membership(models.Model):
    """A user's place in a project: one role, and the handle that exports show for a name."""

    class Role(models.TextChoices):
        LABELER = "labeler", "Labeler"
        REVIEWER = "reviewer", "Reviewer"
        LEAD = "lead", "Lead"
        ENGINEER = "engineer", "Engineer"
        ADMIN = "admin", "Admin"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role, default=Role.LABELER)
    handle = models.CharField(max_length=150)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_once"),
            models.UniqueConstraint(fields=["project", "handle"], name="membership_handle_once"),
            models.CheckConstraint(condition=~Q(handle=""), name="membership_has_handle"),
        ]

    def __str__(self):
        return f"{self.handle}, {self.role} of {self.project}"


class RubricVersionQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published_at__isnull=False)


class RubricVersion(models.Model):
    """What to judge by: a guideline and its criteria. Once published it never changes."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="rubric_versions")
    number = models.PositiveIntegerField()
    guideline = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = RubricVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="rubric_version_once"),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(published_at=None),
                name="rubric_version_one_draft",
            ),
        ]

    def __str__(self):
        return f"rubric v{self.number} of {self.project}"


class Criterion(models.Model):
    """One scale of a rubric version, with words for its points."""

    rubric_version = models.ForeignKey(
        RubricVersion, on_delete=models.PROTECT, related_name="criteria"
    )
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    scale_min = models.SmallIntegerField(default=1)
    scale_max = models.SmallIntegerField(default=5)
    # The words for points of the scale: {"1": "The main answer is wrong.", …}
    anchors = models.JSONField(default=dict)
    is_required = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rubric_version", "key"], name="criterion_key_once"),
            models.UniqueConstraint(
                fields=["rubric_version", "position"], name="criterion_position_once"
            ),
            models.CheckConstraint(
                condition=Q(scale_min__lt=F("scale_max")), name="criterion_scale_grows"
            ),
            models.CheckConstraint(
                condition=Q(scale_min__gte=-10, scale_max__lte=10), name="criterion_scale_small"
            ),
        ]

    def __str__(self):
        return self.label

    @property
    def points(self):
        return range(self.scale_min, self.scale_max + 1)

    @property
    def points_with_anchors(self):
        """[{"value": 1, "words": "…"}, …] for every point of the scale."""
        return [
            {"value": point, "words": self.anchors.get(str(point), "")} for point in self.points
        ]
