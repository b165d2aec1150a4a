"""Building items by an order, and taking a batch back that nobody has begun on."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.candidates.marks.lock import lock_marking
from annotation.candidates.models import ResponseDecision
from annotation.core import audit
from annotation.core.database import named_once
from annotation.core.errors import Conflict, DomainError
from annotation.core.numbers import grouped
from annotation.labeling.building.pairing import Pair
from annotation.labeling.building.planning import Plan, plan_items
from annotation.labeling.building.policy import Policy
from annotation.labeling.building.warnings import warn_of_marks
from annotation.labeling.items import create_items_from_responses
from annotation.labeling.models import BuiltBatch, Item, RemovedPlace
from annotation.labeling.prerender import request_rendering
from annotation.labeling.responses.places import lock_untouched, show_as
from annotation.labeling.slices.services import assign_new
from annotation.prompts.models import Response

# Made while somebody waits: more is several orders.
MOST_ITEMS = 20_000
TAKEN = gettext_noop("There is a batch of this name already: choose another.")


def build_items(
    *, project, policy: Policy, actor=None, gains: Mapping[Pair, float] | None = None
) -> BuiltBatch:
    """Make the items that the order's plan has; all or none."""
    with named_once("built_batch_once", _(TAKEN)):
        lock_marking(project)  # nobody decides on a response between the plan and its items
        batch = _build(project, policy, gains, actor)
    request_rendering(project=project, actor=actor)
    return batch


def _build(project, policy: Policy, gains: Mapping[Pair, float] | None, actor) -> BuiltBatch:
    plan = plan_items(project, policy, gains=gains)
    if not plan.items:
        raise DomainError(_("No prompt gives an item by these choices."))
    if len(plan.items) > MOST_ITEMS:
        raise DomainError(
            _("At most %(most)s items are built at once: set a limit.")
            % {"most": grouped(MOST_ITEMS)}
        )
    if Item.objects.filter(project=project, batch=policy.batch).exists():
        raise Conflict(_(TAKEN))
    batch = BuiltBatch.objects.create(
        project=project,
        name=policy.batch,
        policy=policy.as_json(),
        counts=plan.as_json(),
        created_by=actor,
    )
    _create(project, policy, plan, actor)
    audit.record(
        "items.built",
        actor=actor,
        project=project,
        target=policy.batch,
        count=len(plan.items),
        rule=policy.rule,
        seed=policy.seed,
    )
    return batch


def _create(project, policy: Policy, plan: Plan, actor) -> None:
    places = [pk for some in plan.items.values() for pk in some]
    responses = Response.objects.in_bulk(places)
    create_items_from_responses(
        project=project,
        responses=[responses[pk] for pk in places],
        batch=policy.batch,
        overlap=policy.overlap,
        priority=policy.priority,
        actor=actor,
    )
    masked = ResponseDecision.objects.filter(response__in=places, choice="masked")
    show_as(dict(masked.values_list("response", "masked_text")), batch=policy.batch)
    warn_of_marks(project, policy.batch)
    assign_new(project, batch=policy.batch)


def withdraw_batch(*, batch: BuiltBatch, actor) -> int:
    """Take all items of a batch out of the queue, while nobody was lent one of them."""
    with transaction.atomic():
        held = BuiltBatch.objects.select_for_update().get(pk=batch.pk)
        if held.withdrawn_at:
            raise Conflict(_("This batch is withdrawn already."))
        items = Item.objects.filter(project=held.project_id, batch=held.name)
        free, begun = lock_untouched(items)
        if begun:
            raise Conflict(
                _("Somebody has begun on %(count)s of its items: withdraw single ones instead.")
                % {"count": grouped(begun)}
            )
        Item.objects.filter(pk__in=[item.pk for item in free]).update(state=Item.State.WITHDRAWN)
        RemovedPlace.objects.filter(item__in=free).of_items_withdrawn_for_it().delete()
        held.withdrawn_at = timezone.now()
        held.save(update_fields=["withdrawn_at"])
        audit.record(
            "items.unbuilt",
            actor=actor,
            project=held.project,
            target=held.name,
            count=len(free),
        )
    return len(free)
