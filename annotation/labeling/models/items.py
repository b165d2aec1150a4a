"""What is judged: a prompt with the responses that are compared."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, TextField, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext_lazy as _

from annotation.labeling.batches import batch_label


class ItemQuerySet(models.QuerySet):
    def open(self):
        """Items that can still be lent to somebody."""
        return self.filter(state=Item.State.OPEN, taken__lt=F("overlap"))

    def untouched_by(self, labeler):
        return self.exclude(assignments__labeler=labeler)


class Item(models.Model):
    """One prompt and the responses to be judged together: 2 to 9 where they are put in order, one
    or none where a project asks for ratings or for a demonstration."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        # Kept for the ladder, for gold or for a calibration round: never lent as work.
        RESERVED = "reserved", _("Reserved")

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="items")
    prompt = models.ForeignKey("prompts.Prompt", on_delete=models.PROTECT, related_name="items")
    external_id = models.CharField(max_length=200)
    # Of the canonical content: the same id with another content is refused at import.
    content_sha256 = models.CharField(max_length=64)
    # What it was made for, such as "import:3" or "round:2:compare". Not shown to labelers.
    batch = models.CharField(max_length=60, blank=True)
    metadata = models.JSONField(default=dict)
    # Kinds of harmful content, such as "violence": labelers may keep away from some.
    warnings = ArrayField(models.CharField(max_length=20), default=list, db_default=[])
    response_count = models.PositiveSmallIntegerField()
    # The first slice of the project that it matches: only its pools are lent it.
    slice = models.ForeignKey(
        "projects.Slice", on_delete=models.PROTECT, null=True, related_name="items"
    )
    # The same for the queue's indexes, where null cannot be looked up.
    lane = models.GeneratedField(
        expression=Coalesce("slice", Value(0), output_field=models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    priority = models.SmallIntegerField(default=0)
    overlap = models.PositiveSmallIntegerField()
    # Live and submitted assignments that are work. Changed only under this row's lock: counting
    # the assignments instead lets two labelers past the limit, for each sees an old snapshot.
    taken = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    responses = models.ManyToManyField(
        "prompts.Response", through="ItemResponse", related_name="items"
    )

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "external_id"], name="item_id_once"),
            models.CheckConstraint(
                condition=Q(taken__lte=F("overlap")), name="item_within_overlap"
            ),
            models.CheckConstraint(
                condition=Q(response_count__lte=9), name="item_has_at_most_9_responses"
            ),
        ]
        indexes = [
            # The queue: what can be lent, nearest to completion first.
            models.Index(
                F("project"),
                F("lane"),
                F("priority").desc(),
                F("taken").desc(),
                F("id"),
                condition=Q(state="open", taken__lt=F("overlap")),
                name="item_queue",
            ),
            # Items nobody has begun: found at once, however many begun ones lie before them.
            models.Index(
                F("project"),
                F("lane"),
                F("priority").desc(),
                F("id"),
                condition=Q(state="open", taken=0),
                name="item_fresh",
            ),
            models.Index(fields=["project", "batch"], name="item_by_batch"),
        ]

    def __str__(self):
        return self.external_id

    @property
    def batch_label(self) -> str:
        return batch_label(self.batch)


class ItemResponse(models.Model):
    """A response's place in an item."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="item_responses")
    response = models.ForeignKey(
        "prompts.Response", on_delete=models.PROTECT, related_name="item_responses"
    )
    position = models.PositiveSmallIntegerField()
    # The name of the response in files, such as "a".
    key = models.CharField(max_length=100)
    # The first position with the very same text, where there is one.
    equal_to = models.PositiveSmallIntegerField(null=True)
    # What labelers see in this place instead of the response's text, where a part of that is
    # masked. Here and not with the response: what was judged once stays as it was judged.
    shown_text = models.TextField(blank=True, default="", db_default="")
    shown_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["item", "position"], name="item_response_position"),
            models.UniqueConstraint(fields=["item", "key"], name="item_response_key"),
            models.UniqueConstraint(fields=["item", "response"], name="item_response_once"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=9), name="item_response_1_to_9"
            ),
            models.CheckConstraint(
                condition=Q(equal_to=None) | Q(equal_to__lt=F("position")),
                name="item_response_equal_to_earlier",
            ),
            models.CheckConstraint(
                condition=Q(shown_text="", shown_sha256="")
                | ~(Q(shown_text="") | Q(shown_sha256="")),
                name="item_response_shown_with_its_hash",
            ),
        ]

    def __str__(self):
        return f"{self.key} of {self.item_id}"

    @property
    def shown(self) -> str:
        """What a labeler reads in this place."""
        return self.shown_text or self.response.text


class RemovedPlaceQuerySet(models.QuerySet):
    def of_items_withdrawn_for_it(self):
        """Those whose response still stands in its item: the item was withdrawn whole."""
        placed = ItemResponse.objects.filter(item=OuterRef("item"), response=OuterRef("response"))
        return self.filter(Exists(placed))


class RemovedPlace(models.Model):
    """A place that a decision on its response took from an item, or for which the item was
    withdrawn with all it has: what is put back when the decision is taken back."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="removed_places")
    response = models.ForeignKey(
        "prompts.Response", on_delete=models.PROTECT, related_name="removed_places"
    )
    # Among all places the item ever had.
    number = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=100)
    removed_at = models.DateTimeField(auto_now_add=True)

    objects = RemovedPlaceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "response"], name="removed_place_once"),
            models.UniqueConstraint(fields=["item", "number"], name="removed_place_number"),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=9), name="removed_place_1_to_9"
            ),
        ]

    def __str__(self):
        return f"{self.key}, once of {self.item_id}"


# The same in a query of places, and the hash of it.
SHOWN = Coalesce(NullIf("shown_text", Value("")), "response__text", output_field=TextField())
SHOWN_SHA256 = Coalesce(
    NullIf("shown_sha256", Value("")), "response__text_sha256", output_field=TextField()
)
