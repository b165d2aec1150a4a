"""Who sends a request: the session and its user, read anew for each request, so that a signed-out
session and a deactivated user are out at once. Two statements that are planned once: composed by
the ORM they were a fifth of the judging loop's work.
"""

from functools import cache

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.utils import timezone

from annotation.core.prepared import Prepared, columns_of, instance_of

SESSION = Prepared(
    "SELECT session_data FROM django_session WHERE session_key = %(key)s AND expire_date > %(now)s"
)


class SessionStore(db.SessionStore):
    """Django's sessions in the database, with a faster way to read one."""

    def load(self) -> dict:
        row = SESSION.row({"key": self.session_key, "now": timezone.now()})
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])


class SessionUsers(ModelBackend):
    """Django's way to sign in, with a faster way to read who is signed in."""

    def get_user(self, user_id: int):
        row = _user_by_id().row({"id": user_id})
        if row is None:
            return None
        user = instance_of(_user(), iter(row))
        return user if self.user_can_authenticate(user) else None


def _user():
    from annotation.accounts.models import User  # Django imports backends before models are ready

    return User


@cache
def _user_by_id() -> Prepared:
    columns = ", ".join(columns_of(_user(), "u"))
    return Prepared(f"SELECT {columns} FROM accounts_user u WHERE u.id = %(id)s")  # noqa: S608
