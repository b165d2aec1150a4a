"""What a lead tells the people of a project, and what labelers ask about an item."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotation.labeling.models.items import Item


class AnnouncementQuerySet(models.QuerySet):
    def shown(self, on=None):
        """Those that are still told: not withdrawn, and up to their last day."""
        today = on or timezone.localdate()
        return self.filter(Q(until=None) | Q(until__gte=today), withdrawn_at=None)


class Announcement(models.Model):
    """What a lead tells everybody in a project, in Markdown."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="announcements"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField()
    # Stays above the queue after it was read, until it is withdrawn or its last day is over.
    is_pinned = models.BooleanField(default=False)
    until = models.DateField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="announcement_says_something")
        ]
        indexes = [models.Index(fields=["project", "-id"], name="announcement_by_project")]

    def __str__(self):
        return f"announcement {self.pk} in {self.project_id}"


class AnnouncementRead(models.Model):
    """Somebody has read an announcement."""

    announcement = models.ForeignKey(
        Announcement, on_delete=models.PROTECT, related_name="readings"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["announcement", "user"], name="announcement_read_once")
        ]

    def __str__(self):
        return f"announcement {self.announcement_id} read by {self.user_id}"


class QuestionQuerySet(models.QuerySet):
    def open(self):
        return self.filter(answered_at=None)

    def unread(self):
        """Answered, and the asker has not seen it yet."""
        return self.filter(answered_at__isnull=False, read_at=None)


class Question(models.Model):
    """What a labeler asks about an item, and what a reviewer or a lead answers. Once."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="questions"
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="questions")
    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="questions"
    )
    text = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)
    # The answer went to everybody, as this announcement.
    announcement = models.OneToOneField(
        Announcement, on_delete=models.PROTECT, null=True, related_name="question"
    )
    read_at = models.DateTimeField(null=True)
    # The answer went into the draft of the rubric's guideline.
    noted_at = models.DateTimeField(null=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="question_asks_something"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answer="", read_at=None)
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="question_answered_whole_or_open",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=False) | Q(announcement=None, noted_at=None),
                name="question_only_answers_go_on",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="question_by_project"),
            models.Index(fields=["asker", "-id"], name="question_by_asker"),
        ]

    def __str__(self):
        return f"question {self.pk} on {self.item_id}"
