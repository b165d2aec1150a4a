"""Judgments that their labelers may not change any more."""

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef

from annotation.labeling.models.items import Item
from annotation.labeling.models.judgments import Judgment


class FinalJudgment(models.Model):
    """From here on what a labeler said of an item stands, in all its revisions: they have looked
    at what others say of it, so nothing they say of it later would be their own."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="final_judgments")
    labeler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="final_judgments"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "labeler"], name="judgment_final_once")
        ]

    def __str__(self):
        return f"item {self.item_id} for {self.labeler_id}"


def is_final_for_its_labeler() -> Exists:
    """Of the judgment of an outer query."""
    return Exists(FinalJudgment.objects.filter(item=OuterRef("item"), labeler=OuterRef("labeler")))


def is_final(judgment: Judgment) -> bool:
    return FinalJudgment.objects.filter(
        item=judgment.item_id, labeler=judgment.labeler_id
    ).exists()
