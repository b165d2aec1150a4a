"""Writes about slices: their conditions, their pools, their order, and which items are theirs."""

from django.db import IntegrityError, connection, transaction
from django.db.models import BigIntegerField as Big
from django.db.models import Case, F, Max, Q, Value, When
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.jobs import enqueue
from annotation.core.text import clean
from annotation.labeling.models import Item
from annotation.labeling.slices.conditions import BATCH, WARNING, Condition, items_meeting, written
from annotation.labeling.tasks import SLICES_KIND
from annotation.projects.models import Project, Slice

# Up to here a page waits for the items to be sorted; beyond it a job does it.
AT_ONCE = 20_000
MOST_SLICES = 30
# Metadata is looked at in so many items to know which fields there are.
SAMPLE = 5_000


def fields_of(project) -> list[str]:
    """What conditions may speak of: the metadata that items have, then batch and warnings."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT jsonb_object_keys(metadata) FROM ("
            "  SELECT metadata FROM labeling_item WHERE project_id = %s"
            "    AND jsonb_typeof(metadata) = 'object' ORDER BY id DESC LIMIT %s) AS sample "
            "ORDER BY 1 LIMIT 200",
            [project.pk, SAMPLE],
        )
        return [name for (name,) in cursor.fetchall()] + [BATCH, WARNING]


def count_meeting(project, conditions: list[Condition]) -> int:
    """How many items of the project meet them, whatever other slices take before."""
    return Item.objects.filter(items_meeting(conditions), project=project).count()


def save_slice(*, project, name, conditions, pools, actor, edited: Slice | None = None) -> Slice:
    """Make a slice, or change one, and sort the items anew."""
    name = clean(name, field="name").strip()
    if not name:
        raise DomainError(_("A slice needs a name."))
    try:
        with transaction.atomic():
            hold(project)
            if edited is None:
                if project.slices.count() >= MOST_SLICES:
                    raise DomainError(
                        _("A project has at most %(most)d slices.") % {"most": MOST_SLICES}
                    )
                last = project.slices.aggregate(last=Max("position"))["last"] or 0
                edited = Slice(project=project, position=last + 1)
            edited.name = name
            edited.conditions = [one.as_json() for one in conditions]
            edited.save()
            edited.pools.set(pools)
            _changed(project, actor, "slice.saved", edited, pools=[pool.pk for pool in pools])
    except IntegrityError as error:
        raise Conflict(
            _("There is a slice called “%(name)s” already.") % {"name": name}
        ) from error
    return edited


@transaction.atomic
def move_slice(*, moved: Slice, up: bool, actor) -> None:
    """One place up or down: an item belongs to the first slice it fits. At the end: nothing."""
    hold(moved.project)
    order = list(moved.project.slices.order_by("position"))
    here = order.index(moved)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return
    one, other = order[here], order[there]
    one.position, other.position = other.position, one.position
    one.save(update_fields=["position"])
    other.save(update_fields=["position"])
    # Neighbours: only what one of both has may change hands.
    among = [one.pk, other.pk]
    _changed(moved.project, actor, "slice.moved", moved, among=among, position=one.position)


@transaction.atomic
def delete_slice(*, deleted: Slice, actor) -> None:
    """Its items go to the next slice that takes them, or to everybody. A slice of many items goes
    with the last of them, by a job."""
    project = deleted.project
    hold(project)
    if deleted.items.count() > AT_ONCE:
        enqueue(
            kind=SLICES_KIND,
            project=project,
            actor=actor,
            target=f"slice:{deleted.pk}",
            payload={"deletes": deleted.pk},
        )
        return
    assign_items(project, among=[deleted.pk], without=[deleted.pk])
    remove_emptied(deleted, actor)


def remove_emptied(deleted: Slice, actor) -> None:
    """Inside a transaction that holds the project, of a slice without items."""
    pk = deleted.pk
    deleted.pools.clear()
    deleted.delete()
    audit.record("slice.deleted", actor=actor, project=deleted.project, target=f"slice:{pk}")


def leaving(project) -> list[int]:
    """The slices that a job is about to delete: they take no more items."""
    jobs = project.jobs.active().filter(kind=SLICES_KIND, payload__has_key="deletes")
    return list(jobs.values_list("payload__deletes", flat=True))


def hold(project) -> None:
    """Until the transaction ends: slices change one after the other."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _changed(project, actor, kind, changed, *, among=None, **payload) -> None:
    audit.record(kind, actor=actor, project=project, target=f"slice:{changed.pk}", **payload)
    items = project.items.all() if among is None else project.items.filter(slice__in=among)
    if items.count() > AT_ONCE:
        enqueue(kind=SLICES_KIND, project=project, actor=actor, target=f"slices:{project.pk}")
    else:
        assign_items(project, among=among)


def assign_items(project, *, batch=None, among=None, pks=None, without=()) -> int:
    """Give every item the first slice that it fits: every one of a batch, of the slices `among`,
    from one of `pks` to the other. In a transaction that holds the project. Returns how many
    changed. Who is judging an item just now goes on."""
    without = {*without, *leaving(project)}
    slices = [one for one in project.slices.order_by("position") if one.pk not in without]
    if not slices and not without:
        return 0
    first = Case(
        *(When(items_meeting(written(one.conditions)), then=Value(one.pk)) for one in slices),
        default=Value(None),
        output_field=Big(null=True),
    )
    items = Item.objects.filter(project=project)
    if batch is not None:
        items = items.filter(batch=batch)
    if among is not None:
        items = items.filter(slice__in=among)
    if pks is not None:
        items = items.filter(pk__range=pks)
    moved = items.annotate(first=first).filter(
        Q(first__isnull=True, slice__isnull=False)
        | Q(first__isnull=False, slice__isnull=True)
        | Q(first__isnull=False, slice__isnull=False) & ~Q(first=F("slice_id"))
    )
    # In one order, as everybody locks several items: two at a time must not wait for each other.
    locked = moved.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True)
    count = sum(1 for _pk in locked.iterator())
    moved.update(slice=first)
    return count


@transaction.atomic
def assign_new(project, *, batch: str) -> int:
    """The same for items that have just been added, in the transaction that adds them: whoever
    changes the slices meanwhile comes before or after, never in between."""
    hold(project)
    return assign_items(project, batch=batch)
