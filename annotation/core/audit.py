"""The audit trail: one call beside each change, in the same transaction."""

from annotation.core.models import Event
from annotation.core.strict_json import canonical


def record(kind, *, actor=None, project=None, target="", **payload):
    """Append an event. Ids and numbers only: no judged text, no secret."""
    return Event.objects.create(
        kind=kind, actor=actor, project=project, target=target, payload=payload
    )


def record_all(kind, said, *, actor=None, project=None):
    """An event for each (target, payload)."""
    Event.objects.bulk_create(
        Event(kind=kind, actor=actor, project=project, target=target, payload=payload)
        for target, payload in said
    )


def insert_from(rows: str, *, target: str) -> str:
    """The statement of `record` as a part of a larger one: an event for each of `rows`, with the
    SQL expression `target`. It takes the parameters of `values`."""
    return f"""INSERT INTO core_event (project_id, actor_id, kind, target, payload, at)
  SELECT %(event_project)s, %(event_actor)s, %(event_kind)s, {target},
         %(event_payload)s::jsonb, clock_timestamp() FROM {rows}"""  # noqa: S608  written in code


def values(kind, *, actor=None, project=None, **payload) -> dict:
    """The parameters of `insert_from`."""
    return {
        "event_project": project.pk if project else None,
        "event_actor": actor.pk if actor else None,
        "event_kind": kind,
        "event_payload": canonical(payload).decode(),
    }
