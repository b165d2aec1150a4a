"""What a reviewer says about a judgment."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.labeling.models.judgments import Judgment
from annotation.labeling.models.review import Adjudication


class FeedbackQuerySet(models.QuerySet):
    def waiting(self):
        """What its labeler is asked to answer."""
        return self.filter(state=Feedback.State.NEW)

    def in_words(self):
        """What a reviewer wrote; without what only tells of a decision."""
        return self.exclude(text="")


class Feedback(models.Model):
    """What a reviewer says to a labeler about one judgment, and what the labeler answers."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        ACKNOWLEDGED = "acknowledged", _("Read")
        DISPUTED = "disputed", _("Disputed")
        # Of a decision, to be known: nothing is asked of its labeler.
        TOLD = "told", _("Told")

    judgment = models.ForeignKey(Judgment, on_delete=models.PROTECT, related_name="feedback")
    # Whose judgment it is: a labeler's own list is one look into an index.
    labeler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="feedback"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Empty where the decision says it all: the item approved, or a decision taken back.
    text = models.TextField(blank=True)
    # The decision that this tells of, where it does.
    adjudication = models.ForeignKey(
        Adjudication, on_delete=models.PROTECT, null=True, related_name="feedback"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=12, choices=State, default=State.NEW)
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["labeler", "-id"], name="feedback_by_labeler")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text="") | Q(adjudication__isnull=False),
                name="feedback_says_something",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["new", "told"], answered_at=None)
                | (~Q(state__in=["new", "told"]) & Q(answered_at__isnull=False)),
                name="feedback_answered_or_new",
            ),
            models.CheckConstraint(
                condition=~Q(state="told") | Q(adjudication__isnull=False),
                name="feedback_told_of_a_decision",
            ),
            models.UniqueConstraint(
                fields=["adjudication", "judgment"],
                condition=Q(adjudication__isnull=False),
                name="feedback_tells_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="disputed") | ~Q(answer=""), name="feedback_disputed_in_words"
            ),
        ]

    def __str__(self):
        return f"feedback {self.pk} on {self.judgment_id} ({self.state})"
