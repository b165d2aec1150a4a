"""The audit trail: one call beside each change, in the same transaction."""

from annotation.core.models import Event


def record(kind, *, actor=None, project=None, target="", **payload):
    """Append an event. Ids and numbers only: no judged text, no secret."""
    return Event.objects.create(
        kind=kind, actor=actor, project=project, target=target, payload=payload
    )
