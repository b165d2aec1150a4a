"""Asking an endpoint what is harmful in a project's responses: a job that stores each verdict, and
its marks, as it comes. After a kill, or the next time, only what has no verdict is asked."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop

from annotation.candidates import tasks
from annotation.candidates.endpoints.asking import Ask, ask_all
from annotation.candidates.endpoints.costs import tokens_of
from annotation.candidates.endpoints.faults import Fault
from annotation.candidates.endpoints.turns import Turn
from annotation.candidates.marks.candidates import candidates_of
from annotation.candidates.marks.found import SAFETY
from annotation.candidates.marks.guards import PROTOCOLS
from annotation.candidates.marks.lock import lock_marking
from annotation.candidates.marks.models import Marking, ResponseMark, SafetyVerdict
from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.core.jobs import Claim, Deferred
from annotation.core.models import Job
from annotation.prompts.models import Response

ENDPOINT = "endpoint"  # as a project's classifier
READ_AT_ONCE = 200
REMOVED = gettext_noop("The endpoint of the classifier was removed: choose another.")


def classifier_of(kept: Marking) -> str:
    """Name and version, as they stand with verdicts and marks: the model as it is asked for."""
    return f"{kept.endpoint.model}/{PROTOCOLS[kept.protocol].version}"


def lacking(project, classifier: str):
    """The responses of which this classifier has said nothing."""
    return candidates_of(project).exclude(safety_verdicts__classifier=classifier)


def unclassified(project):
    """The responses of which the project's classifier has given no verdict: not asked yet, or
    failed. None where it is no endpoint, for then the marks themselves are all there is."""
    kept = Marking.objects.filter(project=project).select_related("endpoint").first()
    if kept is None or kept.classifier != ENDPOINT:
        return candidates_of(project).none()
    said = SafetyVerdict.objects.filter(
        response=OuterRef("pk"), classifier=classifier_of(kept), fault=""
    )
    return candidates_of(project).filter(~Exists(said))


def request_classifying(project, actor=None) -> Job:
    """Queue it, in the transaction that found a reason to."""
    job, _created = jobs.enqueue(
        kind=tasks.CLASSIFY_KIND, project=project, actor=actor, target=f"project:{project.pk}"
    )
    return job


def forget_failures(project, classifier: str) -> None:
    """What failed is asked again."""
    SafetyVerdict.objects.filter(response__prompt__project=project, classifier=classifier).exclude(
        fault=""
    ).delete()


def failures_of(project, classifier: str):
    """(fault, how many responses), the most common first."""
    counts: dict[str, tuple[Fault, int]] = {}
    failed = SafetyVerdict.objects.filter(
        response__prompt__project=project, classifier=classifier
    ).exclude(fault="")
    for name, detail in failed.order_by("-pk").values_list("fault", "detail"):
        fault, count = counts.get(name, (Fault(name, detail), 0))
        counts[name] = (fault, count + 1)
    return sorted(counts.values(), key=lambda pair: -pair[1])


def classify_in_job(claim: Claim) -> None:
    """One turn of it."""
    project = claim.job.project
    kept = Marking.objects.select_related("endpoint").get(project=project)
    if kept.classifier != ENDPOINT:  # another was chosen meanwhile
        claim.finish({"classified": 0, "failed": 0})
        return
    if kept.endpoint.removed_at is not None:
        raise DomainError(REMOVED)
    turn = _Turn(claim, kept)
    is_over = ask_all(
        kept.endpoint,
        turn.asks(),
        settle=turn.settle,
        tick=turn.tick,
        wants_rest=turn.wants_rest,
        call=PROTOCOLS[kept.protocol].call,
    )
    if not is_over:
        raise Deferred(1)
    _finish(claim)


@transaction.atomic
def _finish(claim: Claim) -> None:
    """Unless somebody rang meanwhile, who found this job under way: what came, and what another
    classifier lacks that was chosen since, is asked in the next turn."""
    project = claim.job.project
    claim.fence()
    kept = lock_marking(project)
    if kept.classifier != ENDPOINT:
        claim.finish({"classified": 0, "failed": 0})
        return
    classifier = classifier_of(kept)
    if lacking(project, classifier).exists():
        raise Deferred(1)
    said = SafetyVerdict.objects.filter(response__prompt__project=project, classifier=classifier)
    failed = said.exclude(fault="").count()
    claim.finish({"classified": said.count() - failed, "failed": failed})


def _is_asked(kept: Marking, classifier: str) -> bool:
    return kept.classifier == ENDPOINT and classifier_of(kept) == classifier


class _Turn(Turn):
    def __init__(self, claim: Claim, kept: Marking):
        self.project, self.classifier = claim.job.project, classifier_of(kept)
        self.is_outdated = False
        self.wanted = list(
            lacking(self.project, self.classifier).order_by("pk").values_list("pk", flat=True)
        )
        total = candidates_of(self.project).count()
        super().__init__(claim, kept.endpoint, done=total - len(self.wanted), total=total)
        claim.progress(note=gettext_noop("Asking the classifier"))

    def asks(self) -> Iterator[Ask]:
        for start in range(0, len(self.wanted), READ_AT_ONCE):
            some = self.wanted[start : start + READ_AT_ONCE]
            for response in Response.objects.filter(pk__in=some).select_related("prompt"):
                yield _ask(response)

    def settle(self, ask: Ask, outcome: Any, tries: int) -> None:
        """The verdict and its marks, together. Marks are made anew under the same lock."""
        with transaction.atomic():
            self.claim.fence()
            kept = lock_marking(self.project)
            is_fault = isinstance(outcome, Fault)
            verdict = SafetyVerdict(
                response_id=ask.label,
                classifier=self.classifier,
                harms=[] if is_fault else list(outcome),
                fault=outcome.name if is_fault else "",
                detail=outcome.detail if is_fault else "",
            )
            SafetyVerdict.objects.bulk_create([verdict], ignore_conflicts=True)
            self.is_outdated = not _is_asked(kept, self.classifier)
            if not self.is_outdated:
                # Those of another may still be there, until marks are made anew.
                ResponseMark.objects.filter(response=ask.label, kind=SAFETY).delete()
                ResponseMark.objects.bulk_create(marks_of(verdict))
        self.done += 1

    def wants_rest(self) -> bool:
        """Also where another classifier was chosen: what is under way is paid, and kept."""
        return self.is_outdated or super().wants_rest()


def marks_of(verdict: SafetyVerdict) -> list[ResponseMark]:
    """A classifier names no place."""
    return [
        ResponseMark(
            response_id=verdict.response_id,
            kind=SAFETY,
            detail=harm,
            version=verdict.classifier,
        )
        for harm in verdict.harms
    ]


def _ask(response: Response) -> Ask:
    last = response.prompt.messages[-1]["content"]
    messages = [
        {"role": "user", "content": last},
        {"role": "assistant", "content": response.text},
    ]
    return Ask(
        label=response.pk, messages=messages, tokens=tokens_of(last) + tokens_of(response.text)
    )
