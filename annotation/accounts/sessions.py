"""Who sends a request: the session and its user, read anew for each request, so that a signed-out
session and a deactivated user are out at once. Two statements that are planned once: composed by
the ORM they were a fifth of the judging loop's work.

A session lasts twelve hours at most, and two without a request.
"""

from datetime import datetime, timedelta
from functools import cache

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.utils import timezone

from annotation.core.prepared import Prepared, columns_of, instance_of

ABSOLUTE = timedelta(hours=12)
IDLE = timedelta(hours=2)
SEEN_GRAIN = timedelta(minutes=5)  # a busy session is written down this often, not per request
AGENT_LENGTH = 200
# Whoever holds one of these anywhere, or may make projects, needs a second factor.
ROLES_WITH_RIGHTS = ("lead", "engineer", "admin")

SESSION = Prepared(
    "SELECT session_data, began_at, seen_at, must_rotate FROM accounts_session"
    " WHERE session_key = %(key)s AND expire_date > %(now)s"
)
SEEN = Prepared(
    "UPDATE accounts_session SET seen_at = %(now)s, expire_date ="
    " LEAST(%(idle)s::timestamptz, %(absolute)s::timestamptz)"
    " WHERE session_key = %(key)s RETURNING session_key"
)


class SessionStore(db.SessionStore):
    """Django's sessions in a table of ours, with a faster way to read one."""

    agent = ""
    must_rotate = False
    began_at: datetime | None = None  # known once the session is read

    @classmethod
    def get_model_class(cls):
        from annotation.accounts.models import Session  # settings name this module, before models

        return Session

    def load(self) -> dict:
        now = timezone.now()
        row = SESSION.row({"key": self.session_key, "now": now})
        if row is None:
            self._session_key = None
            return {}
        data, self.began_at, seen_at, self.must_rotate = row
        if now - seen_at > SEEN_GRAIN:
            SEEN.row({"key": self.session_key, "now": now, **self._ends(now)})
        return self.decode(data)

    def _ends(self, now: datetime) -> dict:
        return {"idle": now + IDLE, "absolute": self.began_at + ABSOLUTE}

    def __setitem__(self, key, value):
        if key == SESSION_KEY:  # a sign-in is complete: its twelve hours begin
            self.began_at = timezone.now()
        super().__setitem__(key, value)

    def cycle_key(self):
        self.must_rotate = False
        super().cycle_key()

    def flush(self):
        self.began_at, self.must_rotate = None, False
        super().flush()

    def create_model_instance(self, data):
        now = timezone.now()
        self.began_at = self.began_at or now
        return self.model(
            session_key=self._get_or_create_session_key(),
            session_data=self.encode(data),
            expire_date=min(self._ends(now).values()),
            user_id=data.get(SESSION_KEY),
            began_at=self.began_at,
            seen_at=now,
            agent=self.agent,
            must_rotate=self.must_rotate,
        )


class SessionUsers(ModelBackend):
    """Signs in by a user name or an e-mail address, and reads who is signed in."""

    def authenticate(self, request, username=None, password=None, email=None, **credentials):
        name = username or email
        if not name or not password:
            return None
        user = _user().called(name)
        if user is None:
            _user()().set_password(password)  # as much work as for somebody there is
            return None
        # One check of one password, whether the name or the password is wrong.
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int):
        row = _user_by_id().row({"id": user_id})
        if row is None:
            return None
        values = iter(row)
        user = instance_of(_user(), values)
        user.holds_rights, user.has_second_factor = values
        return user if self.user_can_authenticate(user) else None


def _user():
    from annotation.accounts.models import User  # Django imports backends before models are ready

    return User


@cache
def _user_by_id() -> Prepared:
    """The user, and beside it whether a second factor is wanted and whether one is there: asked
    with each request, so that a changed role counts with the next one."""
    columns = ", ".join(columns_of(_user(), "u"))
    memberships = _user()._meta.get_field("memberships").related_model._meta.db_table
    roles = ", ".join(f"'{role}'" for role in ROLES_WITH_RIGHTS)
    return Prepared(f"""SELECT {columns},
  u.is_superuser OR u.may_create_projects OR EXISTS (SELECT 1 FROM {memberships} m
    WHERE m.user_id = u.id AND m.is_active AND m.role IN ({roles})),
  EXISTS (SELECT 1 FROM mfa_authenticator a
    WHERE a.user_id = u.id AND a.type IN ('totp', 'webauthn'))
FROM accounts_user u WHERE u.id = %(id)s""")  # noqa: S608  written in code
