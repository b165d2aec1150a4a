"""What a run's page and the API say of it: how far it is, what came, what failed, what it cost."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import translation

from annotation.candidates.endpoints.costs import cost_of
from annotation.candidates.endpoints.faults import Fault
from annotation.candidates.models import GeneratedResponse, GenerationRun
from annotation.candidates.models.endpoints import MOST_AT_A_TIME
from annotation.core.models import Job

WRITING = "generate"  # the stage of training/generate.py that counts responses
SHOWN_FAILURES = 50
# Of the responses: while they come in, and on a page once the run has ended.
SHOWN_SAMPLES, ON_A_PAGE = 5, 20


@dataclass(frozen=True)
class Figures:
    """Of the whole run, so far."""

    wanted: int
    stored: int
    written: int  # with what a model of ours has written and we have not stored yet
    failed: int  # prompts
    endings: list[tuple[str, int]]  # (finish reason or "", responses)
    models: list[tuple[str, int]]  # (as answered, requests)
    tokens_in: int
    tokens_out: int
    uncounted: int  # answered requests of which the endpoint did not say how many
    seconds: float | None  # of a request, in the middle
    cost: Decimal | None
    tries: int
    speed: float | None  # tokens a second of a model of ours, once it is done

    @property
    def percent(self) -> int:
        return 100 * self.written // self.wanted if self.wanted else 0


def figures_of(run: GenerationRun) -> Figures:
    generated = GeneratedResponse.objects.filter(generation_run=run)
    endings = Counter(
        dict(generated.values_list("response__finish_reason").annotate(Count("pk")).order_by())
    )
    answered = run.requests.filter(fault="")
    told = run.requests.aggregate(
        tokens_in=Sum("prompt_tokens"),
        tokens_out=Sum("completion_tokens"),
        tries=Sum("try_count"),
        failed=Count("pk", filter=~Q(fault="")),
        uncounted=Count(
            "pk",
            filter=Q(fault="") & (Q(prompt_tokens=None) | Q(completion_tokens=None)),
        ),
    )
    models = answered.values_list("model").annotate(count=Count("pk")).order_by("-count")
    tokens_in, tokens_out = told["tokens_in"] or 0, told["tokens_out"] or 0
    if run.generator_id:  # each of its responses knows its own
        tokens_out = generated.aggregate(sum=Sum("response__token_count"))["sum"] or 0
    return Figures(
        wanted=run.prompts.count() * run.params["n"],
        stored=sum(endings.values()),
        written=_written(run, sum(endings.values())),
        failed=told["failed"],
        endings=endings.most_common(),
        models=list(models),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        uncounted=told["uncounted"],
        seconds=_middle(answered),
        cost=cost_of(run.terms, tokens_in, tokens_out) if run.endpoint_id else None,
        tries=told["tries"] or 0,
        speed=_speed(run, tokens_out),
    )


def _speed(run: GenerationRun, tokens: int) -> float | None:
    """Of one that ran through: one that was taken up again, whose token tells, waited in
    between."""
    job = run.job
    if run.generator_id is None or job is None or job.state != Job.State.DONE or job.token > 1:
        return None
    seconds = (job.finished_at - job.started_at).total_seconds()
    return tokens / seconds if seconds > 0 else None


def _written(run: GenerationRun, stored: int) -> int:
    """A child of ours says how far it is with what it was asked for in this attempt, which is all
    that is not stored."""
    if run.generator_id is None or run.job is None or run.job.state != Job.State.RUNNING:
        return stored
    return stored + (run.job.progress_done if run.job.progress_note == WRITING else 0)


def _middle(answered) -> float | None:
    """The median: one that hung for a minute says nothing of the others."""
    count = answered.count()
    if not count:
        return None
    row = answered.order_by("milliseconds").values_list("milliseconds", flat=True)
    return row[count // 2] / 1000


def failures_of(run: GenerationRun):
    """(prompt, what went wrong) of the first prompts that came to nothing."""
    failed = run.requests.exclude(fault="").select_related("prompt").order_by("pk")
    return [
        (request.prompt, Fault(request.fault, request.detail), request.try_count)
        for request in failed[:SHOWN_FAILURES]
    ]


def stopped_by(run: GenerationRun) -> Fault | None:
    """The fault that ended a run, in the reader's language; None where it was something else."""
    if run.job is None or run.job.state != Job.State.FAILED:
        return None
    failed = run.requests.exclude(fault="").order_by("-pk").values_list("fault", "detail")
    for name, said in failed[:MOST_AT_A_TIME]:
        fault = Fault(name, said)
        with translation.override("en"):  # as the job keeps it
            is_it = fault.sentence == run.job.error
        if is_it:
            return fault
    return None


def samples_of(
    run: GenerationRun, number: str | None = None
) -> Page | QuerySet[GeneratedResponse]:
    """The newest responses; once it has ended a page of all of them, the newest first."""
    newest = GeneratedResponse.objects.filter(generation_run=run).order_by("-pk")
    rows = newest.select_related("response", "prompt")
    if run.job is not None and run.job.is_active:
        return rows[:SHOWN_SAMPLES]
    return Paginator(rows, ON_A_PAGE).get_page(number)


@dataclass(frozen=True)
class Placed:
    """How many of a run's responses stand in items, where alone they are judged."""

    total: int
    in_items: int
    # The generators that the rest names: an endpoint may answer under several names.
    rest_by: list[int]


def placed_of(run: GenerationRun) -> Placed:
    found = GeneratedResponse.objects.filter(generation_run=run).order_by("response__generator")
    rows = found.values_list("response__generator").annotate(
        total=Count("pk", distinct=True),
        placed=Count("pk", distinct=True, filter=Q(response__item_responses__isnull=False)),
    )
    told = list(rows)
    return Placed(
        total=sum(total for _pk, total, _placed in told),
        in_items=sum(placed for _pk, _total, placed in told),
        rest_by=[pk for pk, total, placed in told if pk is not None and placed < total],
    )
