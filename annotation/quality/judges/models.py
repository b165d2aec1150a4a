"""Judges, the runs in which they are asked, and what they said.

Nothing here is a judgment: consensus, agreement of labelers and datasets read other tables, so
what a model says cannot get among what people say by mistake.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, FilteredRelation, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MOST_TOKENS = 32_768
MOST_PRINCIPLES = 50


class Judge(models.Model):
    """A model behind an endpoint, with the words it is asked in, or a reward model of ours. It
    never changes: what it said was an answer to just these words, so other words are another
    judge."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="judges"
    )
    endpoint = models.ForeignKey(
        "candidates.Endpoint", on_delete=models.PROTECT, null=True, related_name="judges"
    )
    # The model version of this name, which no other of the project ever has; `runs` knows it.
    reward_model = models.CharField(max_length=100, blank=True, default="", db_default="")
    # Of a reward model: two rewards that lie nearer to each other are a tie.
    tie_below = models.FloatField(null=True)
    name = models.CharField(max_length=80)
    # Beside the rubric: what else it is to heed.
    instructions = models.TextField(blank=True)
    # What it judges by; none where a project has published nothing yet.
    rubric_version = models.ForeignKey(
        "projects.RubricVersion", on_delete=models.PROTECT, null=True, related_name="judges"
    )
    # Of one answer. A model that thinks before it answers needs many.
    max_tokens = models.PositiveIntegerField(default=1024)
    # Asks the server to answer with JSON only. Some servers do not know that.
    is_json_demanded = models.BooleanField(default=True)
    # Labelers may read its critiques of an item, once their own judgment of it is final.
    is_read_by_labelers = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("project", Lower("name"), name="judge_name_once"),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(is_read_by_labelers=True),
                name="judge_read_by_labelers_once",
            ),
            models.CheckConstraint(
                condition=Q(endpoint__isnull=False, reward_model="", tie_below=None)
                | (
                    Q(
                        endpoint=None,
                        # A comparison with NULL is NULL, and a CHECK lets that pass.
                        tie_below__isnull=False,
                        tie_below__gte=0,
                        tie_below__lt=1e9,
                        is_read_by_labelers=False,
                    )
                    & ~Q(reward_model="")
                ),
                name="judge_endpoint_or_reward_model",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="judge_has_name"),
            models.CheckConstraint(
                condition=Q(max_tokens__range=(16, MOST_TOKENS)), name="judge_tokens_bounded"
            ),
        ]

    def __str__(self):
        return f"judge {self.pk}"

    @property
    def model(self) -> str:
        return self.reward_model or self.endpoint.model

    @property
    def orders(self) -> int:
        """How many answers make a comparison. A reward model reads each response alone, so which
        of two comes first is nothing to it."""
        return 1 if self.reward_model else 2


class PrincipleList(models.Model):
    """The principles of a judge from some day on. Never edited: a changed list is the next
    number, and what was said by an older one stays by it. An empty list takes them away."""

    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="principle_lists")
    number = models.PositiveIntegerField()
    principles = ArrayField(models.TextField())
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["judge", "number"], name="principle_list_numbered_once"
            ),
            models.CheckConstraint(
                condition=Q(principles__len__lte=MOST_PRINCIPLES), name="principle_list_bounded"
            ),
        ]

    def __str__(self):
        return f"principles {self.number} of judge {self.judge_id}"


class JudgeRun(models.Model):
    """A judge is asked about these items: every two responses of each, in both orders; a reward
    model in the one order that is all orders to it."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.PROTECT, related_name="judge_runs"
    )
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="runs")
    # One of these is drawn for each question; none where the judge had none.
    principle_list = models.ForeignKey(
        PrincipleList, on_delete=models.PROTECT, null=True, related_name="runs"
    )
    item_ids = ArrayField(models.BigIntegerField())
    question_count = models.PositiveIntegerField()
    # The model and its prices as they were: {"model", "price_in", "price_out", "currency"}. Of a
    # reward model {"model", "left_out": how many items it had learned from, "learned": the ids of
    # those that were asked about all the same}.
    terms = models.JSONField(default=dict)
    job = models.ForeignKey("core.Job", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # What failed before is asked once more.
    resumed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(item_ids__len__gte=1, question_count__gte=1),
                name="judge_run_asks_something",
            )
        ]
        indexes = [models.Index(fields=["project", "-id"], name="judge_run_newest")]

    def __str__(self):
        return f"judge run {self.pk}"


class JudgeFindings(models.Model):
    """What a run found, as it was computed of one state of its answers and of people's judgments.
    A copy for reading: it is replaced when the state is another, and may be deleted any time."""

    run = models.OneToOneField(JudgeRun, on_delete=models.CASCADE, related_name="stored_findings")
    # Of what it was computed, and by which code; see `stored.state_of`.
    state = models.CharField(max_length=200)
    found = models.JSONField()
    computed_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"findings of judge run {self.run_id}"


class OpinionQuerySet(models.QuerySet):
    def answered(self):
        return self.filter(fault="")

    def failed(self):
        return self.exclude(fault="")

    def with_places(self):
        """With `first` and `second`: the positions that its two responses have in the item as it
        is now, None for one that has left it."""
        found = self
        for name in ("first", "second"):
            places = f"{name}_response__item_responses"
            of_item = Q(**{f"{places}__item": F("item")})
            found = found.annotate(
                **{
                    f"{name}_place": FilteredRelation(places, condition=of_item),
                    name: F(f"{name}_place__position"),
                }
            )
        return found

    def placed(self):
        """Those whose two responses stand in the item, with their positions."""
        return self.with_places().filter(first__isnull=False, second__isnull=False)

    def left(self):
        """Those of a response that has left the item."""
        return self.with_places().filter(Q(first=None) | Q(second=None))


class Opinion(models.Model):
    """What came of one question: a choice, or why there is none. Never edited.

    It is of two responses, whatever places they have in the item. While one of them has left the
    item it counts for nothing: `placed` leaves it out."""

    class Choice(models.TextChoices):
        FIRST = "first", _("the first one")
        SECOND = "second", _("the second one")
        TIE = "tie", _("a tie")

    run = models.ForeignKey(JudgeRun, on_delete=models.PROTECT, related_name="opinions")
    item = models.ForeignKey("labeling.Item", on_delete=models.PROTECT, related_name="opinions")
    # The responses that it was shown as A and as B. A critique may quote them: whoever deletes a
    # response has to say first what becomes of what was said of it.
    first_response = models.ForeignKey(
        "prompts.Response", on_delete=models.PROTECT, related_name="+"
    )
    second_response = models.ForeignKey(
        "prompts.Response", on_delete=models.PROTECT, related_name="+"
    )
    # Which principle of the run's list stood in the question, counted from 1.
    principle = models.PositiveSmallIntegerField(null=True)
    preferred = models.CharField(max_length=6, choices=Choice, blank=True)
    # {"helpfulness": [4, null]} by criterion, then of the first one and the second one.
    ratings = models.JSONField(default=dict)
    critique = models.TextField(blank=True)
    # Of a reward model: the reward of the first one less that of the second one.
    margin = models.FloatField(null=True)
    # What went wrong: a name of `faults.sentence_of`, and what it was in particular.
    fault = models.CharField(max_length=20, blank=True)
    detail = models.TextField(blank=True)
    # As the server says it.
    model = models.CharField(max_length=200, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    try_count = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)

    objects = OpinionQuerySet.as_manager()

    # The positions of the two, where it was read by `placed`.
    first: int
    second: int

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "item", "first_response", "second_response"],
                condition=Q(fault=""),
                name="opinion_answered_once",
            ),
            models.CheckConstraint(
                condition=~Q(first_response=F("second_response")), name="opinion_of_two"
            ),
            models.CheckConstraint(
                condition=Q(fault="", preferred__in=["first", "second", "tie"])
                | (~Q(fault="") & Q(preferred="", ratings={}, critique="")),
                name="opinion_or_fault",
            ),
        ]

    def __str__(self):
        return f"opinion {self.pk} of judge run {self.run_id}"

    @property
    def better(self) -> int | None:
        """The id of the response that it prefers; None where it prefers neither."""
        return {
            self.Choice.FIRST: self.first_response_id,
            self.Choice.SECOND: self.second_response_id,
        }.get(self.preferred)

    @property
    def pair(self) -> tuple[int, int]:
        """The two positions, the lower one first."""
        return min(self.first, self.second), max(self.first, self.second)

    @property
    def responses(self) -> tuple[int, int]:
        """The ids of those at these positions."""
        shown = (self.first_response_id, self.second_response_id)
        return shown if self.first < self.second else shown[::-1]

    @property
    def sign(self) -> int:
        return sign_of(self.first, self.second, self.preferred)


def sign_of(first: int, second: int, preferred: str) -> int:
    """-1 the response at the lower of the two positions is better, 0 a tie, 1 the other one."""
    if preferred == Opinion.Choice.TIE:
        return 0
    is_first = preferred == Opinion.Choice.FIRST
    return -1 if is_first == (first < second) else 1
