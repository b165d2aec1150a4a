"""Beginning a round, saying what belongs to it, and seeding the next one from it."""

from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.labeling.models import Item
from annotation.projects.models import Project
from annotation.runs.models import ModelVersion, Round
from annotation.runs.services import find_base

MOST_BATCHES = 50


def begin_round(
    *,
    project,
    base=None,
    batches=(),
    previous: Round | None = None,
    key: UUID | None = None,
    actor=None,
) -> Round:
    """The project's next round. `base`: the policy that it starts from, a version, its name or
    id; `batches` of items whose judgments it collects. The same `key` again is the same round."""
    base = find_base(project=project, name=base)
    _check_base(base)
    batches = _known_batches(project, batches)
    with transaction.atomic():
        # Two who begin one at the same time get two numbers.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        if key and (begun := project.rounds.filter(key=key).first()):
            return begun
        last = project.rounds.aggregate(last=Max("number"))["last"] or 0
        found = Round.objects.create(
            project=project,
            number=last + 1,
            base=base,
            batches=batches,
            previous=previous,
            key=key,
            created_by=actor,
        )
        audit.record("round.started", actor=actor, project=project, target=f"round:{found.number}")
    return found


def next_round(*, found: Round, key: UUID | None = None, actor=None) -> Round:
    """A round after this one: from the promoted policy, or from this one's base. The same `key`
    again is the same round."""
    promoted = found.project.model_versions.filter(
        kind=ModelVersion.Kind.POLICY, stage=ModelVersion.Stage.PROMOTED
    ).first()
    return begin_round(
        project=found.project,
        base=promoted or found.base,
        previous=found,
        key=key,
        actor=actor,
    )


def tie(*, found: Round, batches, dataset=None, base=None, actor=None) -> Round:
    """Say what the round collects, which dataset was frozen of it, and what it starts from."""
    batches = _known_batches(found.project, batches)
    base = find_base(project=found.project, name=base)
    _check_base(base)
    if dataset is not None and dataset.project_id != found.project_id:
        raise DomainError(_("The dataset belongs to another project."))
    with transaction.atomic():
        held = Round.objects.select_for_update().get(pk=found.pk)
        held.batches, held.dataset, held.base = batches, dataset, base
        held.save(update_fields=["batches", "dataset", "base"])
        audit.record(
            "round.changed",
            actor=actor,
            project=held.project,
            target=f"round:{held.number}",
            batches=batches,
            dataset=dataset.hash if dataset else "",
            base=base.name if base else "",
        )
    found.refresh_from_db()
    return found


def _check_base(base):
    if base is not None and base.kind != ModelVersion.Kind.POLICY:
        raise DomainError(
            _("“%(name)s” is a reward model: a round starts from a policy.") % {"name": base.name}
        )


def _known_batches(project, batches) -> list[str]:
    batches = list(dict.fromkeys(batches))
    if len(batches) > MOST_BATCHES:
        raise DomainError(_("A round has at most %(count)d batches.") % {"count": MOST_BATCHES})
    rows = Item.objects.filter(project=project, batch__in=batches)
    known = set(rows.values_list("batch", flat=True).distinct())
    for batch in batches:
        if batch not in known:
            raise DomainError(_("There is no batch “%(name)s” of items.") % {"name": batch})
    return batches
