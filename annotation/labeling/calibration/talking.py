"""The discussion of an item: posts, replies one level deep, and who has read how far."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, NotFound
from annotation.labeling.calibration.drafts import locked
from annotation.labeling.feedback import checked_text
from annotation.labeling.models import (
    CalibrationItem,
    CalibrationPost,
    CalibrationReading,
    CalibrationRound,
)

EDIT_WITHIN = timedelta(minutes=15)


def say(*, found: CalibrationItem, author, text: str, parent_id: int | None = None):
    """A post, or a reply to one. While the round is being discussed."""
    text = checked_text(text, _("Write something first."))
    with transaction.atomic():
        _refuse_unless_discussed(found.round)
        parent = None
        if parent_id is not None:
            parent = found.posts.filter(pk=parent_id).first()
            if parent is None:
                raise NotFound(_("There is no such post."))
            parent = parent.parent or parent  # to a reply: beside it
        post = CalibrationPost.objects.create(item=found, author=author, parent=parent, text=text)
        _tell("calibration.post_written", post, author)
    return post


def edit_post(*, post: CalibrationPost, author, text: str) -> None:
    """Whoever wrote it may change it for a quarter of an hour: what was answered stays."""
    text = checked_text(text, _("Write something first."))
    if post.author_id != author.pk:
        raise NotFound(_("There is no such post."))
    with transaction.atomic():
        _refuse_unless_discussed(post.item.round)
        mine = CalibrationPost.objects.filter(pk=post.pk, removed_at=None)
        fresh = mine.filter(created_at__gt=timezone.now() - EDIT_WITHIN)
        if not fresh.update(text=text, edited_at=timezone.now()):
            raise Conflict(_("A post can be changed for 15 minutes. Write another one beside it."))
        _tell("calibration.post_edited", post, author)


def remove_post(*, post: CalibrationPost, actor, may_manage: bool = False) -> None:
    """Take the words away; that there was a post stays. One's own, or any for who leads."""
    if post.author_id != actor.pk and not may_manage:
        raise NotFound(_("There is no such post."))
    with transaction.atomic():
        there = CalibrationPost.objects.filter(pk=post.pk, removed_at=None)
        if there.update(text="", removed_at=timezone.now()):
            _tell("calibration.post_removed", post, actor)


def note_read(*, found: CalibrationItem, reader) -> int:
    """Remember how far somebody has read; returns how far it was before."""
    before = found.readings.filter(reader=reader).values_list("last_post", flat=True).first() or 0
    last = found.posts.values_list("pk", flat=True).last() or 0
    if last > before:
        CalibrationReading.objects.update_or_create(
            item=found, reader=reader, defaults={"last_post": last}
        )
    return before


def unread_by_item(items, reader) -> dict[int, int]:
    """How many posts of others are new to the reader, by calibration item."""
    read = CalibrationReading.objects.filter(item=OuterRef("item"), reader=reader)
    new = (
        CalibrationPost.objects.filter(item__in=items, removed_at=None)
        .exclude(author=reader)
        .annotate(read=Coalesce(Subquery(read.values("last_post")[:1]), Value(0)))
        .filter(pk__gt=F("read"))
    )
    return dict(new.order_by().values_list("item").annotate(count=Count("pk")))


def with_post_counts(items):
    return items.annotate(post_count=Count("posts", filter=Q(posts__removed_at=None)))


def _refuse_unless_discussed(round_: CalibrationRound) -> None:
    if not locked(round_).is_discussed:
        raise Conflict(_("This round is over: what was said stays as it is."))


def _tell(kind: str, post: CalibrationPost, actor) -> None:
    audit.record(
        kind,
        actor=actor,
        project=post.item.round.project,
        target=f"calibration:{post.item.round_id}",
        post=post.pk,
    )
