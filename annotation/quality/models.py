"""What was found out about the judgments: computed, kept, never edited."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# Django finds an app's models here, whichever room they stand in.
from annotation.quality.judges.models import (
    Judge,
    JudgeFindings,
    JudgeRun,
    Opinion,
    PrincipleList,
)

__all__ = [
    "AdaptiveWork",
    "Choice",
    "Choosing",
    "Judge",
    "JudgeFindings",
    "JudgeRun",
    "Lift",
    "Opinion",
    "PrincipleList",
    "Refill",
    "Report",
    "ResponseStyle",
    "gold_states",
    "judgment_state",
    "state_of",
]


class ReportQuerySet(models.QuerySet):
    def newest_first(self):
        return self.order_by("-computed_at", "-pk")


class Report(models.Model):
    """What an analysis found over one state of a project's judgments. The same state by the same
    code is one row, so computing twice is harmless."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="reports"
    )
    # The name of the analysis; see `analyses.ANALYSES`.
    kind = models.CharField(max_length=20)
    # Of the arrays the figures were computed from, and of which code computed them.
    input_sha256 = models.CharField(max_length=64)
    code_version = models.CharField(max_length=20)
    # Judgments are append-only: how many there were and the last one name that state cheaply.
    judgment_count = models.BigIntegerField()
    last_judgment = models.BigIntegerField()
    # Known answers are corrected and struck out in place; see `gold_state`.
    gold_state = models.CharField(max_length=32, default="", db_default="")
    result = models.JSONField()
    computed_at = models.DateTimeField()
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "input_sha256", "code_version"], name="report_once"
            ),
            models.CheckConstraint(condition=~models.Q(kind=""), name="report_has_kind"),
        ]
        indexes = [models.Index(fields=["project", "kind", "-computed_at"], name="report_newest")]

    def __str__(self):
        return f"{self.kind} of {self.project_id} at {self.computed_at:%Y-%m-%d %H:%M}"

    @property
    def state(self) -> tuple[int, int, str]:
        return self.judgment_count, self.last_judgment, self.gold_state


def state_of(project) -> tuple[int, int, str]:
    """What a report of now would have for its `state`: what figures rest on, told cheaply."""
    return *judgment_state(project), gold_states([project.pk]).get(project.pk, "")


def judgment_state(project) -> tuple[int, int]:
    """How many judgments a project has, and the id of the last: changes whenever they do."""
    found = project.judgments.aggregate(count=Count("pk"), last=Max("pk"))
    return found["count"], found["last"] or 0


GOLD_STATES = """
SELECT project_id, md5(string_agg(
         concat_ws('|', item_id, is_counted, ranks, unacceptable, rest_below), ';'
         ORDER BY item_id))
  FROM labeling_golditem
 WHERE %(all)s OR project_id = ANY(%(projects)s)
 GROUP BY project_id
"""


def gold_states(project_ids: list[int] | None = None) -> dict[int, str]:
    """{project: a digest of its known answers}, of these or of all that have some."""
    with connection.cursor() as cursor:
        all_of_them = {"all": project_ids is None, "projects": project_ids or []}
        cursor.execute(GOLD_STATES, all_of_them)
        return dict(cursor.fetchall())


class ResponseStyle(models.Model):
    """How a response is written, counted once: its text never changes. Rows come with the first
    figures that need them; see `snapshot.style`."""

    response = models.OneToOneField(
        "prompts.Response", on_delete=models.CASCADE, primary_key=True, related_name="style"
    )
    # Of the rules by which it was counted.
    version = models.PositiveSmallIntegerField()
    characters = models.PositiveIntegerField()
    headers = models.PositiveIntegerField()
    lists = models.PositiveIntegerField()
    bold = models.PositiveIntegerField()

    def __str__(self):
        return f"style of response {self.response_id}"


class AdaptiveWork(models.Model):
    """How a project decides that an item has been judged often enough."""

    project = models.OneToOneField(
        "projects.Project",
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="adaptive_work",
    )
    is_on = models.BooleanField(default=False)
    # An answer is sure from this posterior on, in percent.
    sure_percent = models.PositiveSmallIntegerField(default=90)
    # Every item is for so many labelers at first, and for so many at most.
    least = models.PositiveSmallIntegerField(default=2)
    most = models.PositiveSmallIntegerField(default=5)
    # The overlap that every item of the project had when this was turned on: what is saved is
    # saved against it.
    fixed_overlap = models.PositiveSmallIntegerField(null=True)
    # What the last look at the judgments found; see `adaptive.rule`.
    standing = models.JSONField(default=dict)
    looked_at = models.DateTimeField(null=True)
    # The judgments it looked at; see `judgment_state`.
    judgment_count = models.BigIntegerField(default=0)
    last_judgment = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sure_percent__gte=60, sure_percent__lte=99),
                name="adaptive_sure_60_to_99",
            ),
            models.CheckConstraint(
                condition=models.Q(least__gte=1, least__lte=models.F("most"), most__lte=50),
                name="adaptive_least_to_most",
            ),
            models.CheckConstraint(
                condition=models.Q(is_on=False) | models.Q(fixed_overlap__isnull=False),
                name="adaptive_knows_the_fixed_overlap",
            ),
        ]

    def __str__(self):
        return f"adaptive work of {self.project_id}"


class Refill(models.Model):
    """Items that were given to one labeler more each: by the rule, or from a budget of judgments
    that a lead granted. Proposed first; granted or dropped then; taken back where nobody began."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        GRANTED = "granted", _("Granted")
        DROPPED = "dropped", _("Dropped")
        TAKEN_BACK = "taken_back", _("Taken back")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="refills"
    )
    # None: the rule did it.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State)
    # How many judgments were to be spent.
    budget = models.PositiveIntegerField()
    # The items, the worthiest first, and the overlap each has from it; while it is only proposed,
    # the overlap that it would have. Of a granted one those alone that were raised.
    item_ids = ArrayField(models.BigIntegerField())
    overlaps = ArrayField(models.PositiveSmallIntegerField())
    # What the first judgment of each is expected to teach together, in nats, and how many items
    # were unsure in all.
    gain = models.FloatField(default=0.0)
    unsure_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(item_ids__len=models.F("overlaps__len")),
                name="refill_arrays_match",
            ),
            models.CheckConstraint(
                condition=models.Q(item_ids__len__lte=models.F("budget")),
                name="refill_within_its_budget",
            ),
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(state="proposed"),
                name="refill_one_proposal",
            ),
        ]
        indexes = [models.Index(fields=["project", "-id"], name="refill_newest")]

    def __str__(self):
        return f"refill {self.pk} ({self.state})"

    @property
    def raised(self) -> list[tuple[int, int]]:
        return list(zip(self.item_ids, self.overlaps, strict=True))


class Choosing(models.Model):
    """Whether a project's next items are chosen by what they teach; see `adaptive.choosing`."""

    LEAST_CONTROL, MOST_CONTROL = 10, 90

    project = models.OneToOneField(
        "projects.Project", on_delete=models.PROTECT, primary_key=True, related_name="choosing"
    )
    is_on = models.BooleanField(default=False)
    # The share of the control arm, drawn at random: without it nobody could say what choosing is
    # worth, nor ever find out that it was wrong.
    control_percent = models.PositiveSmallIntegerField(default=20)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(control_percent__gte=10, control_percent__lte=90),
                name="choosing_control_10_to_90",
            ),
        ]

    def __str__(self):
        return f"choosing of {self.project_id}"


class Choice(models.Model):
    """An item that was drawn to be judged next, and how likely that was. Never edited: without it
    what was chosen could not be weighed against what was not."""

    class Arm(models.TextChoices):
        CONTROL = "control", _("drawn at random")
        INFORMATION = "information", _("chosen")

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="choices"
    )
    item = models.ForeignKey("labeling.Item", on_delete=models.PROTECT, related_name="choices")
    arm = models.CharField(max_length=11, choices=Arm)
    # That this item would be drawn at this place, over both arms, given all drawn before it.
    probability = models.FloatField()
    # What it was worth then, and among how many items of its lane it was drawn.
    gain = models.FloatField()
    candidate_count = models.PositiveIntegerField()
    control_percent = models.PositiveSmallIntegerField()
    # Of the comparisons behind the fit that said what items are worth.
    input_sha256 = models.CharField(max_length=64)
    chosen_at = models.DateTimeField(default=timezone.now)
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    # Where choosing was turned off before anybody began on it: it may be drawn anew.
    put_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=models.Q(put_back_at=None), name="choice_once_an_item"
            ),
            models.CheckConstraint(
                condition=models.Q(probability__lte=1), name="choice_probability_to_1"
            ),
            # Above 0 for every item, for the control arm alone could have drawn it. The last
            # factor leaves room for rounding.
            models.CheckConstraint(
                condition=models.Q(
                    probability__gte=models.F("control_percent")
                    / (models.F("candidate_count") * 100.000001)
                ),
                name="choice_control_could_draw_it",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    candidate_count__gte=1, control_percent__gte=10, control_percent__lte=90
                ),
                name="choice_among_some",
            ),
            models.CheckConstraint(
                condition=models.Q(arm__in=["control", "information"]), name="choice_has_an_arm"
            ),
        ]
        indexes = [models.Index(fields=["project", "id"], name="choice_of_project")]

    def __str__(self):
        return f"choice {self.pk} of item {self.item_id} ({self.arm})"


class Lift(models.Model):
    """An item that is lent before the rest while choosing is on, and the priority it gets back."""

    item = models.OneToOneField(
        "labeling.Item", on_delete=models.PROTECT, primary_key=True, related_name="lift"
    )
    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, related_name="lifts")
    before = models.SmallIntegerField()
    now = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(now__gt=models.F("before")), name="lift_goes_up"
            ),
        ]

    def __str__(self):
        return f"item {self.item_id} from {self.before} to {self.now}"
