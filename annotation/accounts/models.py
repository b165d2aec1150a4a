"""People and the tokens of their programs."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.accounts.browsers import browser_name

TOKEN_PREFIX = "concord_"  # noqa: S105  a fixed prefix lets secret scanners find a leaked one
MAX_TOKEN_AGE = timedelta(days=366)


class User(AbstractUser):
    """Somebody whose work has a name: a person, a simulated labeler, or a labeler elsewhere."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        SIMULATED = "simulated", _("Simulated")
        IMPORTED = "imported", _("Imported")

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PERSON)
    # How this person likes to work: layout, density, keys, breaks, texts not to be shown.
    preferences = models.JSONField(default=dict, blank=True)
    # A site admin allowed it; whoever makes a project leads it.
    may_create_projects = models.BooleanField(default=False, db_default=False)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="imported") | Q(is_active=False),
                name="user_imported_cannot_sign_in",
            ),
            models.CheckConstraint(
                condition=Q(may_create_projects=False) | Q(kind="person"),
                name="user_creators_are_people",
            ),
        ]

    # Read beside the user on each request, by accounts/sessions.py.
    holds_rights = False
    has_second_factor = False
    # What a program asks by, set by its sign-in: permissions.py then looks at its scope, too.
    api_token = None

    @classmethod
    def called(cls, name: str):
        """The one person with this user name or e-mail address, or nobody."""
        if user := cls.objects.filter(username=name).first():
            return user
        found = cls.objects.filter(email__iexact=name, kind=cls.Kind.PERSON) if "@" in name else []
        return found[0] if len(found) == 1 else None

    @property
    def display_name(self):
        return self.get_full_name() or self.username


class ApiTokenQuerySet(models.QuerySet):
    def usable(self):
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


class ApiToken(models.Model):
    """A program's key. Only its sha256 is kept; the key itself is shown once.

    What it opens is what its owner may do now, and of that only what is named here.
    """

    class Right(models.TextChoices):
        """Which of a person's actions each one stands for: RIGHTS in projects/permissions.py."""

        READ = "read", _("Read what the project has")
        JUDGE = "judge", _("Judge items")
        IMPORT = "import", _("Bring in items and judgments")
        EXPORT = "export", _("Take judgments out")
        TRAIN = "train", _("Freeze datasets and train")
        MANAGE = "manage", _("Manage the project")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    rights = ArrayField(models.CharField(max_length=10, choices=Right))
    # All that the owner is in, now and later; else those of `projects`.
    is_for_all_projects = models.BooleanField(default=False)
    projects = models.ManyToManyField("projects.Project", related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__lte=F("created_at") + MAX_TOKEN_AGE),
                name="api_token_ends_within_a_year",
            ),
            models.CheckConstraint(
                condition=Q(rights__len__gt=0)
                & Q(rights__contained_by=["read", "judge", "import", "export", "train", "manage"]),
                name="api_token_has_known_rights",
            ),
        ]

    def __str__(self):
        return f"{self.name} of {self.user}"

    @staticmethod
    def new_key() -> str:
        return TOKEN_PREFIX + secrets.token_urlsafe(32)

    @staticmethod
    def digest_of(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()


class Session(AbstractBaseSession):
    """Somebody's sign-in in one browser. What ends it is in its columns, not in its cookie."""

    # Nobody until the sign-in is complete: a half-done one, or a visitor's language.
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # to within SEEN_GRAIN of sessions.py
    agent = models.CharField(max_length=200, blank=True)  # so that the person knows which it is
    # The person may do other things now than when this key was given out: they get a new one.
    must_rotate = models.BooleanField(default=False)

    class Meta(AbstractBaseSession.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(expire_date__lte=F("began_at") + timedelta(hours=12)),
                name="session_ends_after_12_hours",
            ),
            models.CheckConstraint(
                condition=Q(expire_date__lte=F("seen_at") + timedelta(hours=2)),
                name="session_ends_after_2_idle_hours",
            ),
        ]

    @property
    def browser(self) -> str:
        return browser_name(self.agent)

    @classmethod
    def get_session_store_class(cls):
        from annotation.accounts.sessions import SessionStore  # which reads this model

        return SessionStore

    @property
    def public_id(self) -> str:
        """Names a session on a page. Its key would let whoever reads it sign in with it."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:16]


class Limit(models.Model):
    """What the limits of signing in remember, for all web processes: accounts/limits.py."""

    key = models.CharField(max_length=255, primary_key=True)
    value = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self):
        return self.key


class RefusedSignIns(models.Model):
    """How many sign-ins were refused in an hour, until the audit trail tells it: a line for each
    would let anybody fill the trail. Not by whom: people type passwords where a name belongs."""

    hour = models.DateTimeField(primary_key=True)
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "refused sign-ins"

    def __str__(self):
        return f"{self.count} from {self.hour:%Y-%m-%d %H:%M}"


class SelfDescription(models.Model):
    """What somebody said about themself, in an envelope, under a name that is not theirs. No
    foreign key, no time, no order of arrival: accounts/self_description says what this is for."""

    name = models.CharField(max_length=64, primary_key=True)
    envelope = models.TextField()

    def __str__(self):
        return self.name[:12]
