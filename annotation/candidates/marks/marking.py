"""Looking at a project's responses: a job that replaces the marks of each prompt's responses.

Safe to run any number of times: marks are what the rules of this version find in the texts as
they are, and no row of a person's decision is touched.
"""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from annotation.candidates import tasks
from annotation.candidates.marks import marker
from annotation.candidates.marks.duplicates import HIGHEST, LOWEST, Pair
from annotation.candidates.marks.found import EQUAL, NEAR, SAFETY, Found
from annotation.candidates.marks.marker import Candidate, Looked
from annotation.candidates.marks.models import Marking, ResponseMark
from annotation.candidates.marks.safety import CLASSIFIERS, SafetyClassifier
from annotation.core import audit, jobs
from annotation.core.errors import DomainError
from annotation.core.jobs import Claim
from annotation.prompts.models import Generator, Prompt, Response

# So many prompts at a time: their marks change together, and the job says how far it is.
BATCH = 200


def marking_of(project) -> Marking:
    """The project's settings; unsaved defaults where nobody has looked yet."""
    return Marking.objects.filter(project=project).first() or Marking(project=project)


def candidates_of(project):
    """What markers look at: answers that might be judged, not those that people wrote."""
    return Response.objects.filter(prompt__project=project, kind=Response.Kind.CANDIDATE)


def request_marking(
    *, project, actor=None, threshold: float | None = None, classifier: str | None = None
) -> jobs.Job:
    """Queue it; one that is under way already is enough. What is said here is remembered."""
    with transaction.atomic():
        kept, _created = Marking.objects.select_for_update().get_or_create(project=project)
        before = (kept.threshold, kept.classifier)
        kept.threshold = kept.threshold if threshold is None else threshold
        kept.classifier = kept.classifier if classifier is None else classifier
        if not LOWEST <= kept.threshold <= HIGHEST:
            raise DomainError(_("The threshold is from 50 % to 100 %."))
        if kept.classifier not in CLASSIFIERS:
            raise DomainError(_("There is no such classifier."))
        kept.save(update_fields=["threshold", "classifier"])
        job, created = jobs.enqueue(
            kind=tasks.MARK_KIND, project=project, actor=actor, target=f"project:{project.pk}"
        )
        if created:
            audit.record(
                "marking.started",
                actor=actor,
                project=project,
                target=f"project:{project.pk}",
                threshold=kept.threshold,
                classifier=kept.classifier,
            )
        elif before != (kept.threshold, kept.classifier):
            raise DomainError(
                _("The responses are being looked at just now: change it when that is done.")
            )
    return job


def mark_in_job(claim: Claim) -> dict:
    """Look at every prompt of the job's project."""
    project = claim.job.project
    kept = marking_of(project)
    newest = candidates_of(project).aggregate(newest=Max("pk"))["newest"] or 0
    prompts = list(
        Prompt.objects.filter(project=project, responses__kind=Response.Kind.CANDIDATE)
        .distinct()
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    claim.progress(0, len(prompts), gettext_noop("Looking at the responses"))
    seen = 0
    for start in range(0, len(prompts), BATCH):
        seen += mark_prompts(
            project,
            prompts[start : start + BATCH],
            threshold=kept.threshold,
            classifier=CLASSIFIERS[kept.classifier](),
        )
        claim.progress(min(start + BATCH, len(prompts)))
    with transaction.atomic():
        claim.fence()
        Marking.objects.filter(project=project).update(
            version=marker.VERSION,
            marked_at=timezone.now(),
            response_count=seen,
            newest=newest,
        )
        counts = {"responses": seen, "marked": marked_count(project)}
        claim.finish(counts)
    return counts


def marked_count(project) -> int:
    marks = ResponseMark.objects.filter(response__prompt__project=project)
    return marks.values("response").distinct().count()


def mark_prompts(
    project, prompts: Sequence[int], *, threshold: float, classifier: SafetyClassifier
) -> int:
    """Replace the marks of these prompts' responses; how many responses were looked at."""
    asked = dict(Prompt.objects.filter(pk__in=prompts).values_list("pk", "messages"))
    by_prompt: dict[int, list[Candidate]] = {}
    rows = candidates_of(project).filter(prompt__in=prompts).order_by("pk")
    for row in rows.values_list("pk", "prompt", "text", "finish_reason", "attachments"):
        pk, prompt, text, reason, files = row
        hashes = tuple(reference["sha256"] for reference in files)
        by_prompt.setdefault(prompt, []).append(Candidate(pk, text, reason, hashes))
    every = [one for some in by_prompt.values() for one in some]
    # Asked before the transaction: a classifier may be a server far away.
    harms = classifier.classify([one.text for one in every])
    safety = {one.pk: found for one, found in zip(every, harms, strict=True)}
    names = list(Generator.objects.filter(project=project).values_list("name", flat=True))
    looked = [
        marker.look(
            some,
            prompt="\n".join(message["content"] for message in asked[prompt]),
            names=names,
            threshold=threshold,
            safety=safety,
        )
        for prompt, some in by_prompt.items()
    ]
    with transaction.atomic():
        ResponseMark.objects.filter(response__in=[one.pk for one in every]).delete()
        ResponseMark.objects.bulk_create(_rows(looked, classifier), batch_size=1_000)
    return len(every)


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
