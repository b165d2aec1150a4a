"""What the people of a round are called on its pages: numbers, or handles where it shows names.

The numbers are shuffled by a hash, the same on every page: neither the order in which people were
added nor the alphabet tells who is who.
"""

import hashlib
from dataclasses import dataclass

from django.utils.translation import gettext as _

from annotation.labeling.models import CalibrationRound
from annotation.projects.models import Membership
from annotation.projects.permissions import roles_for

REVIEWING = roles_for("review")


@dataclass(frozen=True)
class Person:
    name: str
    is_own: bool = False


class People:
    """Names for the members of a round, and for those who lead or review it."""

    def __init__(self, round_: CalibrationRound, reader):
        labelers = list(round_.members.values_list("labeler_id", flat=True))
        shuffled = sorted(labelers, key=lambda pk: _shuffled(round_.pk, pk))
        self._numbers = {pk: number for number, pk in enumerate(shuffled, start=1)}
        self._reader = reader
        members = round_.project.memberships.values_list("user_id", "handle", "role")
        self._handles = {pk: handle for pk, handle, _role in members}
        self._roles = {pk: role for pk, _handle, role in members}
        self._shows_names = round_.shows_names

    def __getitem__(self, user_id: int) -> Person:
        return Person(self._name(user_id), user_id == self._reader.pk)

    def in_order(self) -> list[int]:
        return list(self._numbers)

    def _name(self, user_id: int) -> str:
        if self._shows_names and user_id in self._handles:
            return self._handles[user_id]
        if user_id in self._numbers:
            return _("Labeler %(number)d") % {"number": self._numbers[user_id]}
        role = self._roles.get(user_id)
        return str(Membership.Role(role).label) if role in REVIEWING else _("Admin")


def _shuffled(round_id: int, user_id: int) -> bytes:
    return hashlib.sha256(f"calibration:{round_id}:{user_id}".encode()).digest()
