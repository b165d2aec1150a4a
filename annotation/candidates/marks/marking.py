"""Looking at a project's responses: a job that replaces the marks of each prompt's responses.

Safe to run any number of times: marks are what the rules of this version find in the texts as
they are, and no row of a person's decision is touched.
"""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.candidates import tasks
from annotation.candidates.marks import marker
from annotation.candidates.marks.candidates import candidates_of
from annotation.candidates.marks.classifying import (
    ENDPOINT,
    classifier_of,
    forget_failures,
    lacking,
    marks_of,
    request_classifying,
)
from annotation.candidates.marks.duplicates import HIGHEST, LOWEST, Pair
from annotation.candidates.marks.found import EQUAL, NEAR, SAFETY, Found
from annotation.candidates.marks.guards import PROTOCOLS
from annotation.candidates.marks.lock import lock_marking
from annotation.candidates.marks.marker import Candidate, Looked
from annotation.candidates.marks.models import Marking, ResponseMark, SafetyVerdict
from annotation.candidates.marks.safety import CLASSIFIERS, SafetyClassifier
from annotation.core import audit, jobs
from annotation.core.errors import DomainError
from annotation.core.jobs import Claim
from annotation.prompts.models import Generator, Prompt

# What a person may set.
SETTINGS = ("threshold", "classifier", "endpoint", "protocol", "is_automatic")
# So many prompts at a time: their marks change together, and the job says how far it is.
BATCH = 200


def marking_of(project) -> Marking:
    """The project's settings; unsaved defaults where nobody has looked yet."""
    kept = Marking.objects.filter(project=project).select_related("endpoint").first()
    return kept or Marking(project=project)


def request_marking(*, project, actor=None, **settings) -> jobs.Job:
    """Queue it; one that is under way already is enough. `settings` (SETTINGS) are remembered;
    None leaves one as it is."""
    with transaction.atomic():
        kept = lock_marking(project)
        before = _settings(kept)
        for name in SETTINGS:
            if settings.get(name) is not None:
                setattr(kept, name, settings[name])
        _check(kept)
        job, created = _queue(project, actor)
        is_widened = not created and _widen(job)
        if before != _settings(kept) or (not created and job.payload.get("only_new")):
            kept.version = ""  # whatever was looked at, or is just now, is not what was asked for
        kept.save(update_fields=[*SETTINGS, "version"])
        if created or is_widened:
            audit.record(
                "marking.started",
                actor=actor,
                project=project,
                target=f"project:{project.pk}",
                threshold=kept.threshold,
                classifier=kept.classifier,
            )
        elif before != _settings(kept):
            raise DomainError(
                _("The responses are being looked at just now: change it when that is done.")
            )
        if kept.classifier == ENDPOINT:
            forget_failures(project, classifier_of(kept))
    return job


def _widen(job: jobs.Job) -> bool:
    """Let a look at what is new that waits for a worker be one at everything. One that runs finds
    the version gone at its end, and queues another."""
    waiting = jobs.Job.objects.filter(pk=job.pk, state=jobs.Job.State.QUEUED)
    return bool(waiting.update(payload={}))


def ring_marking(*, project, actor=None) -> None:
    """Responses came in: have them looked at, where the project wants that by itself. Rings once,
    however often it is pulled. In the transaction that stored them."""
    kept = lock_marking(project)
    if kept.is_automatic:
        _queue(project, actor, only_new=True)


def _queue(project, actor, **payload) -> tuple[jobs.Job, bool]:
    return jobs.enqueue(
        kind=tasks.MARK_KIND,
        project=project,
        actor=actor,
        target=f"project:{project.pk}",
        payload=payload,
    )


def _settings(kept: Marking) -> tuple:
    """Those that change what is found."""
    return tuple(getattr(kept, name) for name in SETTINGS if name != "is_automatic")


def _check(kept: Marking) -> None:
    if not LOWEST <= kept.threshold <= HIGHEST:
        raise DomainError(_("The threshold is from 50 % to 100 %."))
    if kept.classifier not in CLASSIFIERS:
        raise DomainError(_("There is no such classifier."))
    if kept.protocol not in PROTOCOLS:
        raise DomainError(_("There is no such kind of classifier."))
    endpoint = kept.endpoint
    if endpoint is not None and endpoint.project_id != kept.project_id:
        raise DomainError(_("There is no such endpoint in this project."))
    if kept.classifier == ENDPOINT and (endpoint is None or endpoint.removed_at is not None):
        raise DomainError(_("Choose the endpoint that is asked what is harmful."))


def mark_in_job(claim: Claim) -> dict:
    """Look at every prompt of the job's project; of one that rang by itself, at those with new
    responses, where the rest was looked at by the rules as they are."""
    project = claim.job.project
    kept = marking_of(project)
    known = candidates_of(project).aggregate(newest=Max("pk"), count=Count("pk"))
    only_new = claim.job.payload.get("only_new", False) and _is_rest_as_it_was(kept)
    prompts = _prompts(project, after=kept.newest if only_new else 0)
    claim.progress(0, len(prompts), gettext_noop("Looking at the responses"))
    seen = 0
    for start in range(0, len(prompts), BATCH):
        seen += mark_prompts(kept, prompts[start : start + BATCH])
        claim.progress(min(start + BATCH, len(prompts)))
    with transaction.atomic():
        claim.fence()
        held = lock_marking(project)
        is_asked_anew = held.version != kept.version  # by somebody, while we looked
        held.version = "" if is_asked_anew else marker.VERSION
        held.marked_at = timezone.now()
        held.newest, held.response_count = known["newest"] or 0, known["count"]
        held.save(update_fields=["version", "marked_at", "newest", "response_count"])
        counts = {"responses": seen, "marked": marked_count(project)}
        claim.finish(counts)
        _go_on(held, claim.job.created_by, is_asked_anew)
    return counts


def _go_on(kept: Marking, actor, is_asked_anew: bool) -> None:
    """What came in while we looked is looked at next; then a classifier behind an endpoint is
    asked about what it has not seen."""
    came = candidates_of(kept.project).filter(pk__gt=kept.newest).exists()
    if is_asked_anew:
        _queue(kept.project, actor)
    elif kept.is_automatic and (came or not _is_rest_as_it_was(kept)):
        _queue(kept.project, actor, only_new=True)
    elif kept.classifier == ENDPOINT and lacking(kept.project, classifier_of(kept)).exists():
        request_classifying(kept.project, actor)


def _is_rest_as_it_was(kept: Marking) -> bool:
    """A response may be committed after one with a higher id: then the count is another."""
    older = candidates_of(kept.project).filter(pk__lte=kept.newest)
    return kept.version == marker.VERSION and older.count() == kept.response_count


def _prompts(project, *, after: int) -> list[int]:
    """Those with a candidate, one that is newer than this."""
    candidates = candidates_of(project).filter(prompt=OuterRef("pk"), pk__gt=after)
    prompts = Prompt.objects.filter(Exists(candidates), project=project).order_by("pk")
    return list(prompts.values_list("pk", flat=True))


def marked_count(project) -> int:
    marks = ResponseMark.objects.filter(response__prompt__project=project)
    return marks.values("response").distinct().count()


def mark_prompts(kept: Marking, prompts: Sequence[int]) -> int:
    """Replace the marks of these prompts' responses; how many responses were looked at."""
    project, classifier = kept.project, CLASSIFIERS[kept.classifier]()
    asked = dict(Prompt.objects.filter(pk__in=prompts).values_list("pk", "messages"))
    by_prompt: dict[int, list[Candidate]] = {}
    rows = candidates_of(project).filter(prompt__in=prompts).order_by("pk")
    for row in rows.values_list("pk", "prompt", "text", "finish_reason", "attachments"):
        pk, prompt, text, reason, files = row
        hashes = tuple(reference["sha256"] for reference in files)
        by_prompt.setdefault(prompt, []).append(Candidate(pk, text, reason, hashes))
    every = [one for some in by_prompt.values() for one in some]
    harms = classifier.classify([one.text for one in every])
    safety = {one.pk: found for one, found in zip(every, harms, strict=True)}
    names = list(Generator.objects.filter(project=project).values_list("name", flat=True))
    looked = [
        marker.look(
            some,
            prompt="\n".join(message["content"] for message in asked[prompt]),
            names=names,
            threshold=kept.threshold,
            safety=safety,
        )
        for prompt, some in by_prompt.items()
    ]
    ids = [one.pk for one in every]
    with transaction.atomic():
        lock_marking(project)  # a verdict may come in just now
        ResponseMark.objects.filter(response__in=ids).delete()
        ResponseMark.objects.bulk_create(_rows(looked, classifier), batch_size=1_000)
        ResponseMark.objects.bulk_create(_said_by_endpoint(kept, ids), batch_size=1_000)
    return len(every)


def _said_by_endpoint(kept: Marking, responses: Sequence[int]) -> list[ResponseMark]:
    """From the verdicts there are: an endpoint is asked by a job of its own."""
    if kept.classifier != ENDPOINT:
        return []
    said = SafetyVerdict.objects.filter(
        response__in=responses, classifier=classifier_of(kept), fault=""
    )
    return [mark for verdict in said.order_by("pk") for mark in marks_of(verdict)]


def _rows(looked: Iterable[Looked], classifier: SafetyClassifier) -> Iterable[ResponseMark]:
    by_classifier = f"{classifier.name}/{classifier.version}"
    for one in looked:
        for response, found in one.found.items():
            for each in dict.fromkeys(found):
                version = by_classifier if each.kind == SAFETY else marker.VERSION
                yield _mark(response, each, version)
        for pair in one.pairs:
            yield _repeat(pair)


def _mark(response: int, found: Found, version: str) -> ResponseMark:
    return ResponseMark(
        response_id=response,
        kind=found.kind,
        detail=found.detail,
        start=found.start,
        end=found.end,
        version=version,
    )


def _repeat(pair: Pair) -> ResponseMark:
    return ResponseMark(
        response_id=pair.later,
        kind=EQUAL if pair.is_equal else NEAR,
        other_id=pair.first,
        similarity=pair.similarity,
        version=marker.VERSION,
    )
