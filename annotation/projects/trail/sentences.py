"""Events as sentences: “ada made bob a reviewer”. Plain text; a template escapes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotation.accounts.models import User
from annotation.core.models import Event
from annotation.projects.models import Membership, Project
from annotation.projects.trail.kinds import A_ROLE, KINDS, TARGETS


@dataclass(frozen=True)
class Told:
    """An event beside its words."""

    event: Event
    who: str
    label: str
    target: str
    sentence: str

    @property
    def details(self) -> list[tuple[str, Any]]:
        return self.event.details


class _Values(dict):
    """What a sentence may name. What an older event does not hold is a dash, not an error."""

    def __missing__(self, name):
        return "–"


def tell(events: Iterable[Event], project: Project | None) -> list[Told]:
    """The events in words, with two statements for all the names in them."""
    events = list(events)
    names = names_of(_people_in(events), project)
    return [_told(event, names) for event in events]


def names_of(people: set[int], project: Project | None) -> dict[int, str]:
    """{user id: handle in the project}; the user name of those without one, and site-wide."""
    found = dict(User.objects.filter(pk__in=people).values_list("pk", "username"))
    if project is not None:
        members = Membership.objects.filter(project=project, user__in=people)
        found |= dict(members.values_list("user_id", "handle"))
    return found


def _people_in(events) -> set[int]:
    people = {event.actor_id for event in events if event.actor_id}
    about = {_split(event.target) for event in events}
    return people | {int(name) for what, name in about if what == "user" and name.isdecimal()}


def _told(event: Event, names: dict[int, str]) -> Told:
    who = names.get(event.actor_id, "") if event.actor_id else ""
    target = _target(event.target, names)
    role = event.payload.get("role", "")
    values = _Values(event.payload) | {
        "who": who or "Concord",
        "target": target or "–",
        "role": Membership.Role(role).label if role in Membership.Role else role,
        "a_role": A_ROLE.get(role, role),
        "from_stage": _stage(event.payload.get("from_stage", "–")),
        "to_stage": _stage(event.payload.get("to_stage", "–")),
    }
    words = KINDS.get(event.kind)
    if words is None:
        sentence = _("%(who)s: %(kind)s") % {"who": values["who"], "kind": event.kind}
        return Told(event, values["who"], event.kind, target, sentence)
    sentence = str(words.sentence) % _Values(values)
    return Told(event, values["who"], str(words.label), target, sentence)


def _stage(stage: str) -> str:
    return f"“{Membership.Stage(stage).label}”" if stage in Membership.Stage else stage


def _target(target: str, names: dict[int, str]) -> str:
    what, name = _split(target)
    if what == "user" and name.isdecimal() and int(name) in names:
        return names[int(name)]
    return str(TARGETS[what]) % {"id": name} if what in TARGETS else target


def _split(target: str) -> tuple[str, str]:
    what, _colon, name = target.partition(":")
    return (what, name) if name else ("", target)
