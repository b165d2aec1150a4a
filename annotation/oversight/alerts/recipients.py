"""Who can get an alert's mail, and who gets it."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q

from annotation.accounts.models import User
from annotation.oversight.models import Alert
from annotation.projects.models import Membership, Project
from annotation.projects.permissions import STAFF, roles_for

Role = Membership.Role


@dataclass(frozen=True)
class Candidate:
    """Somebody with an address who sees the project's overview. `role` as it is there, empty for
    an admin of the site who is no member."""

    user: User
    name: str
    role: str

    @property
    def leads(self) -> bool:
        return self.role in roles_for("manage")


def candidates(project: Project) -> list[Candidate]:
    """Members who are no labelers, and the site's admins. Never a labeler: an alert tells of gold
    and of agreement."""
    place = Membership.objects.active().filter(project=project)
    is_staff = Q(pk__in=place.filter(role__in=STAFF).values("user"))
    people = User.objects.filter(is_staff | Q(is_superuser=True), is_active=True)
    people = people.filter(kind=User.Kind.PERSON).exclude(email="").order_by("pk")
    places = Prefetch("memberships", queryset=place, to_attr="places")
    return [_candidate(user) for user in people.prefetch_related(places)]


def recipients(alert: Alert) -> list[User]:
    """Those whom a lead chose, as long as they may; leads and admins of the project where nobody
    was chosen, or none of the chosen is left: an alert is never told to nobody by accident."""
    able = candidates(alert.project)
    chosen = set(alert.mail_to.values_list("pk", flat=True))
    found = [one.user for one in able if one.user.pk in chosen]
    return found or [one.user for one in able if one.leads]


def _candidate(user: User) -> Candidate:
    [place] = user.places or [None]
    if place is None:
        return Candidate(user, user.display_name, "")
    return Candidate(user, place.handle, place.role)
