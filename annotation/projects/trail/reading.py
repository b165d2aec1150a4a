"""Which events, and a page of them.

Pages go by the place of an event in time, never by counting from the start: the last page of a
million costs what the first one does. Every filter has an index that holds this order.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from annotation.core.models import Event
from annotation.projects.models import Project
from annotation.projects.trail.about import targets_about
from annotation.projects.trail.forms import TrailForm
from annotation.projects.trail.kinds import kinds_of

PAGE = 50
NEWEST_FIRST = ("-at", "-pk")
OLDEST_FIRST = ("at", "pk")


@dataclass(frozen=True)
class Page:
    """Newest first. `older` and `newer` are ids to go on from, None at either end."""

    events: list[Event]
    older: int | None = None
    newer: int | None = None


def events_of(project: Project | None) -> QuerySet[Event]:
    """The events of a project, or those that belong to none."""
    return Event.objects.filter(project=project)


def filtered(events: QuerySet[Event], form: TrailForm) -> QuerySet[Event]:
    """Those that a valid form asks for."""
    wanted = form.cleaned_data
    if wanted.get("person"):
        events = events.filter(actor=wanted["person"])
    if wanted.get("kind"):
        events = events.filter(kind__in=kinds_of(wanted["kind"]) or [wanted["kind"]])
    if wanted.get("target"):
        events = events.filter(target__in=targets_about(form.project, wanted["target"]))
    if wanted.get("since"):
        events = events.filter(at__gte=_midnight(wanted["since"]))
    if wanted.get("until"):
        events = events.filter(at__lt=_midnight(wanted["until"] + timedelta(days=1)))
    return events


def page_of(events: QuerySet[Event], *, before: str = "", after: str = "") -> Page:
    """The page before or after the event with that id, else the newest one."""
    if place := _place(after):
        return _page_after(events, place)
    place = _place(before)
    if place:
        events = events.filter(_earlier_than(place))
    found = list(events.order_by(*NEWEST_FIRST)[: PAGE + 1])
    rows = found[:PAGE]
    older = rows[-1].pk if len(found) > PAGE else None
    return Page(rows, older, rows[0].pk if place and rows else None)


def _page_after(events, place: Event) -> Page:
    found = list(events.filter(_later_than(place)).order_by(*OLDEST_FIRST)[: PAGE + 1])
    rows = found[:PAGE][::-1]
    if not rows:
        return Page([])
    return Page(rows, rows[-1].pk, rows[0].pk if len(found) > PAGE else None)


def _midnight(day) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _place(event_id: str) -> Event | None:
    """Where to go on from. What is no id of an event is the beginning."""
    if not event_id.isdecimal() or len(event_id) > 18:
        return None
    return Event.objects.filter(pk=event_id).only("pk", "at").first()


# The first part alone is what an index can begin at; the second one settles what is equal.
def _earlier_than(place: Event) -> Q:
    return Q(at__lte=place.at) & (Q(at__lt=place.at) | Q(pk__lt=place.pk))


def _later_than(place: Event) -> Q:
    return Q(at__gte=place.at) & (Q(at__gt=place.at) | Q(pk__gt=place.pk))


def latest_about(project: Project, target: str, *, most: int) -> tuple[list[Event], bool]:
    """The newest events about an item, a judgment or an assignment, and whether there are more."""
    events = events_of(project).filter(target__in=targets_about(project, target))
    found = list(events.order_by(*NEWEST_FIRST)[: most + 1])
    return found[:most], len(found) > most
