"""Sets of labelers, and the parts of a project that are theirs."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.projects.models.projects import Project


class Pool(models.Model):
    """A named set of labelers of the whole site: who speaks a language, knows a subject, can do
    something."""

    class Kind(models.TextChoices):
        LANGUAGE = "language", _("Language")
        SKILL = "skill", _("Skill")
        DOMAIN = "domain", _("Domain")

    # Once among those that somebody may see: a pool of other leads must not show by its name.
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="pool_has_name"),
            models.UniqueConstraint(fields=["created_by", "name"], name="pool_once_of_its_maker"),
        ]

    def __str__(self):
        return self.name


class PoolMember(models.Model):
    """Somebody in a pool."""

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="pool_memberships"
    )
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "user"], name="pool_member_once")]

    def __str__(self):
        return f"user {self.user_id} in pool {self.pool_id}"


class ProjectPool(models.Model):
    """A pool that works for a project: who is in it is a labeler there, or becomes one."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="project_pools")
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="project_pools")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "pool"], name="project_pool_once")
        ]

    def __str__(self):
        return f"pool {self.pool_id} for project {self.project_id}"


class Slice(models.Model):
    """A part of a project's items, by their metadata, that is lent to some pools only. An item
    belongs to the first slice whose conditions it meets."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="slices")
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField()
    # [{"field": "language", "operator": "is", "values": ["de"]}, …], all of which hold.
    conditions = models.JSONField(default=list)
    pools = models.ManyToManyField(Pool, related_name="slices")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="slice_name_once"),
            models.UniqueConstraint(
                fields=["project", "position"],
                name="slice_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=~Q(name=""), name="slice_has_name"),
        ]

    def __str__(self):
        return self.name
