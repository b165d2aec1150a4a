"""What the page of a run reads of its events: so many rows at most, however long it trains."""

from django.db.models import F, Max, Min, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Left

from annotation.runs.models import RunEvent, TrainingRun

MAX_POINTS = 240  # what a chart of 560 px can show
MAX_STAGES = 20
MAX_WARNINGS = 20
MAX_SAMPLES = 24  # of what it writes: the newest looks at a few prompts
MAX_ATTEMPTS = 4  # of a step that was repeated
PROMPT_CHARACTERS, TEXT_CHARACTERS = 400, 1000
# A line about training has a loss; one about an evaluation names its figures eval_….
OF_TRAINING = Q(data__has_key="loss")


def metrics(run: TrainingRun) -> list[RunEvent]:
    """Lines of numbers, thinned evenly over the steps by the database: of training and of
    evaluations so many each; the first and the last of both are among them."""
    lines = run.events.filter(type="metric", step__isnull=False)
    farthest = lines.aggregate(farthest=Max("step"))["farthest"]
    if farthest is None:
        return []
    width = farthest // MAX_POINTS + 1
    found: dict[int, RunEvent] = {}
    for part in (lines.filter(OF_TRAINING), lines.exclude(OF_TRAINING)):
        # Where an attempt repeats the steps of an earlier one, the later one counts.
        thinned = part.annotate(place=F("step") / width).distinct("place")
        thinned = thinned.order_by("place", "-token", "step", "-line")
        newest = part.order_by("-step", "-token", "-line")[:1]
        # After a resume inside the first stretch the later attempt's line stands for it.
        first = part.order_by("step", "-token", "-line")[:1]
        found |= {event.pk: event for event in [*thinned, *first, *newest]}
    return list(found.values())


def stages(run: TrainingRun) -> list[RunEvent]:
    """The first and the last sign of each stage in the latest attempt, in their order."""
    token = run.events.aggregate(latest=Max("token"))["latest"]
    told = run.events.filter(token=token, type="progress")
    ends = told.values("data__stage").order_by().annotate(first=Min("line"), last=Max("line"))
    lines = {line for one in ends[:MAX_STAGES] for line in (one["first"], one["last"])}
    return list(told.filter(line__in=lines).order_by("line"))


def warnings(run: TrainingRun) -> list[str]:
    """The newest, in their order."""
    newest = run.events.filter(type="warning").order_by("-token", "-line")[:MAX_WARNINGS]
    return [str(event.data.get("message", "")) for event in reversed(newest)]


def samples(run: TrainingRun) -> list[RunEvent]:
    """The newest of what it wrote, newest first, each with the beginnings of `prompt` and `text`
    and its `reward`; a step that was repeated is there once."""
    told = run.events.filter(type="sample", step__isnull=False).defer("data")
    told = told.annotate(
        prompt=Left(KT("data__prompt"), PROMPT_CHARACTERS),
        text=Left(KT("data__text"), TEXT_CHARACTERS),
        reward=F("data__reward"),
    )
    newest: dict[tuple, RunEvent] = {}
    for event in told.order_by("-step", "-token", "-line")[: MAX_SAMPLES * MAX_ATTEMPTS]:
        newest.setdefault((event.step, event.prompt), event)
    found = sorted(newest.values(), key=lambda event: (-event.step, event.line))
    return found[:MAX_SAMPLES]


def last_checkpoint(run: TrainingRun) -> int | None:
    """What a resumed run would go on from; nothing after a good end: none is left."""
    if run.state == "done":
        return None
    return run.events.filter(type="checkpoint").aggregate(step=Max("step"))["step"]
