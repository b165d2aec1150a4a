"""How far each step of a round is, read from the rows that it ties together."""

from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.models import Job
from annotation.core.numbers import grouped
from annotation.labeling.models import Item, ItemResponse, Judgment
from annotation.runs.models import Evaluation, ModelVersion, Round, TrainingRun

COLLECTING = ("prompts", "candidates", "judgments")


@dataclass(frozen=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True)
class Step:
    """`state`: done, now (it is under way), or nothing; `action`: what to do about it."""

    key: str
    title: str
    state: str
    detail: str
    action: Link | None = None
    links: list[Link] = field(default_factory=list)


@dataclass(frozen=True)
class Steps:
    steps: list[Step]
    evaluations: list[Evaluation]

    @property
    def open(self) -> list[Step]:
        """The steps that are not done. Once a dataset is frozen nothing is left to collect."""
        left = [step for step in self.steps if step.state != "done"]
        if any(step.key == "dataset" for step in left):
            return left
        return [step for step in left if step.key not in COLLECTING]

    @property
    def next(self) -> Step | None:
        """The first step that is not done and has something to do."""
        return next((step for step in self.open if step.action), None)

    @property
    def is_over(self) -> bool:
        return self.steps[-1].state == "done"


def steps_of(found: Round) -> Steps:
    runs = _runs(found)
    policies = _policies(runs)
    evaluations = list(
        Evaluation.objects.filter(project=found.project, new__in=policies)
        .select_related("new", "old", "judge", "job")
        .order_by("pk")
    )
    steps = [
        *_collecting(found),
        _dataset(found),
        _training(found, runs, policies),
        _evaluation(found, policies, evaluations),
        _decision(found, evaluations),
    ]
    told = Steps(steps, evaluations)
    return _watched(found, told) if found.job and found.job.is_active else told


def _watched(found: Round, told: Steps) -> Steps:
    """While a job carries the round, people have nothing to do but look: what they made besides
    would be a second one of what the job is about to make."""
    here = next(iter(told.open), None)
    steps = []
    for step in told.steps:
        # What these two say until they are done is what a person would have to do.
        is_hint = step.state != "done" and step.key in ("prompts", "dataset")
        step = replace(step, action=None, detail="" if is_hint else step.detail)
        if here is not None and step.key == here.key:
            look = Link(_("See how far it is"), _job_page(found))
            detail = step.detail or _("The job that carries the round is at it.")
            step = replace(step, state="now", action=look, detail=detail)
        steps.append(step)
    return Steps(steps, told.evaluations)


def _job_page(found: Round) -> str:
    return reverse("demo:show-round", args=[found.pk])


def _url(name, found, *args, **query) -> str:
    address = reverse(name, args=[found.project.slug, *args])
    return f"{address}?{urlencode(query, doseq=True)}" if query else address


def _collecting(found: Round) -> list[Step]:
    items = Item.objects.filter(project=found.project, batch__in=found.batches)
    counts = items.aggregate(items=Count("pk"), prompts=Count("prompt", distinct=True))
    wanted = items.exclude(state=Item.State.WITHDRAWN).aggregate(n=Sum("overlap"))["n"] or 0
    # Surplus beyond what was wanted fills no place.
    made = (
        Judgment.objects.filter(project=found.project, item__batch__in=found.batches)
        .current()
        .work()
        .filter(is_surplus=False)
        .count()
    )
    written = ItemResponse.objects.filter(item__in=items).aggregate(
        responses=Count("response", distinct=True),
        generators=Count("response__generator", distinct=True),
    )
    has_items, is_frozen = bool(counts["items"]), found.dataset_id is not None
    return [
        Step(
            "prompts",
            _("Prompts"),
            "done" if has_items else "",
            ngettext("%(count)s prompt", "%(count)s prompts", counts["prompts"])
            % {"count": grouped(counts["prompts"])}
            if has_items
            else _no_items(found),
            None if is_frozen else _bring(found),
        ),
        Step(
            "candidates",
            _("Candidates"),
            "done" if written["responses"] else "",
            _written(**written) if written["responses"] else "",
        ),
        Step(
            "judgments",
            _("Judgments"),
            _judging(made, wanted, is_frozen),
            _judged(made, wanted, is_frozen) if has_items else "",
            None
            if is_frozen or not has_items
            else Link(
                _("To the items"),
                _url("labeling:list-items", found),
            ),
        ),
    ]


def _has_stopped(found: Round) -> bool:
    return found.job is not None and found.job.state in (Job.State.FAILED, Job.State.CANCELLED)


def _no_items(found: Round) -> str:
    if found.dataset_id is not None:
        return _("None of its own: the dataset holds what it takes.")
    if not _has_stopped(found):
        return _("Say below which batches of items it collects, or import some.")
    if found.job.state == Job.State.FAILED:
        return _("The job that carried the round failed before there were any.")
    return _("The job that carried the round was cancelled before there were any.")


def _bring(found: Round) -> Link:
    if _has_stopped(found):
        return Link(_("See where it stopped"), _job_page(found))
    return Link(_("Import items"), _url("labeling:import", found))


def _written(*, responses: int, generators: int) -> str:
    """Of responses that were imported without one nobody knows the generator."""
    said = ngettext("%(count)s response", "%(count)s responses", responses)
    parts = [said % {"count": grouped(responses)}]
    if generators:
        said = ngettext("%(count)s generator", "%(count)s generators", generators)
        parts.append(said % {"count": grouped(generators)})
    return ", ".join(parts)


def _judged(made: int, wanted: int, is_frozen: bool) -> str:
    numbers = {"made": grouped(made), "wanted": grouped(wanted)}
    if not is_frozen or not 0 < made < wanted:
        return _("%(made)s of %(wanted)s judgments") % numbers
    said = ngettext(
        "%(made)s judgment; frozen before all %(wanted)s were in",
        "%(made)s judgments; frozen before all %(wanted)s were in",
        made,
    )
    return said % numbers


def _judging(made: int, wanted: int, is_frozen: bool) -> str:
    """Once the dataset is frozen, what was judged by then is all it wanted."""
    if made and (made >= wanted or is_frozen):
        return "done"
    return "now" if made else ""


def _dataset(found: Round) -> Step:
    dataset = found.dataset
    if dataset is None:
        freeze = Link(
            _("Freeze a dataset"),
            _url("datasets:new-dataset", found, batches=found.batches),
        )
        return Step("dataset", _("Dataset"), "", _("Freeze it, then name it below."), freeze)
    kept = dataset.counts.get("comparisons", {}).get("kept")
    detail = dataset.short_hash
    if kept is not None:
        detail += ", " + ngettext("%(count)s comparison", "%(count)s comparisons", kept) % {
            "count": grouped(kept)
        }
    link = Link(str(dataset), _url("datasets:show-dataset", found, dataset.hash))
    return Step("dataset", _("Dataset"), "done", detail, None, [link])


def _runs(found: Round) -> list[TrainingRun]:
    if found.dataset_id is None:
        return []
    runs = TrainingRun.objects.filter(project=found.project, dataset=found.dataset_id)
    # Rounds that share a dataset have the runs of their own time.
    same = Round.objects.filter(project=found.project, dataset=found.dataset_id)
    if same.filter(number__lt=found.number).exists():
        runs = runs.filter(created_at__gte=found.created_at)
    later = same.filter(number__gt=found.number).order_by("number").first()
    if later is not None:
        runs = runs.filter(created_at__lt=later.created_at)
    return list(runs.select_related("job", "model_version").order_by("pk"))


def _policies(runs: list[TrainingRun]) -> list[ModelVersion]:
    versions = [run.model_version for run in runs if hasattr(run, "model_version")]
    return [one for one in versions if one.kind == ModelVersion.Kind.POLICY]


def newest_policy(found: Round) -> ModelVersion | None:
    """Of the runs that are the round's."""
    return next(reversed(_policies(_runs(found))), None)


def _training(found: Round, runs, policies) -> Step:
    query = {"kind": "dpo", "dataset": found.dataset.hash} if found.dataset else {}
    if query and found.base_id:
        query["base"] = found.base_id
    action = Link(_("Start a training"), _url("runs:start-run", found, **query)) if query else None
    active = sum(bool(run.job and run.job.is_active) for run in runs)
    detail = ""
    if runs:
        detail = ngettext("%(count)s run", "%(count)s runs", len(runs)) % {"count": len(runs)}
        detail += ", " + ngettext(
            "%(count)s policy made", "%(count)s policies made", len(policies)
        ) % {"count": len(policies)}
    state = "now" if active else "done" if policies else ""
    links = [Link(run.name, _url("runs:show-run", found, run.pk)) for run in runs]
    return Step("runs", _("Training"), state, detail, action, links)


def _evaluation(found: Round, policies, evaluations) -> Step:
    action = None
    if policies:
        query = {"new": policies[-1].pk}
        if found.base is not None:
            query["old"] = found.base.generator_id
        action = Link(_("Evaluate it blind"), _url("runs:start-evaluation", found, **query))
    links = [
        Link(
            f"{_('%(new)s against %(old)s') % {'new': one.new.name, 'old': one.old.name}}"
            f" ({one.get_kind_display()})",
            _url("runs:show-evaluation", found, one.pk),
        )
        for one in evaluations
    ]
    is_active = any(one.job and one.job.is_active for one in evaluations)
    state = "now" if is_active else "done" if evaluations else ""
    return Step("evaluation", _("Evaluation"), state, "", action, links)


def _decision(found: Round, evaluations) -> Step:
    decided = [one for one in evaluations if one.decision]
    if not decided:
        action = None
        if evaluations:
            action = Link(_("Decide"), _url("runs:show-evaluation", found, evaluations[-1].pk))
        return Step("decision", _("Decision"), "", "", action)
    last = max(decided, key=lambda one: one.decided_at)
    is_open = last.decision == Evaluation.Decision.GO_ON
    detail = f"{last.get_decision_display()}: {last.reason}"
    link = Link(str(last.new), _url("runs:show-evaluation", found, last.pk))
    action = link if is_open else None
    return Step("decision", _("Decision"), "now" if is_open else "done", detail, action, [link])
