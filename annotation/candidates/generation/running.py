"""The job of a run by an endpoint: asks for what is missing, stores what comes, and goes on.

Each answer is stored in a short transaction of its own under the job's token, with what it cost.
So whatever was stored stays, and after a kill only what was under way is asked once more.
"""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from annotation.candidates.endpoints.asking import Ask, Outcome, ask_all
from annotation.candidates.endpoints.costs import tokens_of
from annotation.candidates.endpoints.faults import EndpointFailed, Fault
from annotation.candidates.endpoints.reading import Completion
from annotation.candidates.endpoints.turns import Turn
from annotation.candidates.generation.authors import author_of
from annotation.candidates.generation.framing import frame_of, framed
from annotation.candidates.generation.services import ring
from annotation.candidates.models import GeneratedResponse, GenerationRequest, GenerationRun
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_text
from annotation.core.jobs import Cancelled, Claim, Deferred
from annotation.prompts.models import Generator, Prompt, Response

READ_AT_ONCE = 200

REMOVED = gettext_noop("The endpoint was removed.")
NOTHING = gettext_noop("Not one prompt was answered.")


def generate_by_endpoint(claim: Claim) -> None:
    """One turn of a run."""
    run = GenerationRun.objects.select_related("project", "endpoint").get(
        pk=claim.job.payload["generation_run"]
    )
    if run.endpoint.removed_at is not None:
        ring(run)  # what came before is kept
        raise DomainError(REMOVED)
    # Ordered, priced and named as the author: whatever the endpoint was changed to since.
    run.endpoint.model = run.terms["model"]
    turn = _Turn(claim, run)
    try:
        is_over = ask_all(
            run.endpoint,
            turn.asks(),
            settle=turn.settle,
            tick=turn.tick,
            wants_rest=turn.wants_rest,
        )
    except (EndpointFailed, Cancelled):
        ring(run)  # what came is kept, and looked at
        raise
    if not is_over:
        raise Deferred(1)
    failed = run.requests.exclude(fault="").count()
    stored = run.generated.count()
    if not stored:
        raise DomainError(NOTHING)
    with transaction.atomic():
        claim.finish({"generation_run": run.pk, "responses": stored, "failed": failed})
        ring(run)


class _Turn(Turn):
    def __init__(self, claim: Claim, run: GenerationRun):
        self.run, self.n = run, run.params["n"]
        self.generators: dict[tuple[str, str], Generator] = {}
        # The same after a kill; another for who takes the run up again, and in another house,
        # whose runs have the same numbers: an endpoint may give its first answer again.
        self.key = f"concord-{run.created_at:%Y%m%d%H%M%S%f}-{claim.job.pk}"
        self.stored: dict[int, int] = {}
        for prompt in run.generated.values_list("prompt_id", flat=True):
            self.stored[prompt] = self.stored.get(prompt, 0) + 1
        total = run.prompts.count() * self.n
        super().__init__(claim, run.endpoint, done=sum(self.stored.values()), total=total)

    def asks(self) -> Iterator[Ask]:
        """What is missing, by prompt. What failed in this job is not asked again by itself."""
        failed = set(self.run.requests.exclude(fault="").values_list("prompt_id", flat=True))
        ids = self.run.prompts.order_by("pk").values_list("pk", flat=True)
        wanted = [pk for pk in ids if pk not in failed and self.stored.get(pk, 0) < self.n]
        for start in range(0, len(wanted), READ_AT_ONCE):
            some = Prompt.objects.in_bulk(wanted[start : start + READ_AT_ONCE])
            for pk in wanted[start : start + READ_AT_ONCE]:
                yield self.ask(pk, some[pk].messages, self.stored.get(pk, 0))

    def ask(self, prompt: int, messages: list[dict], first: int) -> Ask:
        params = self.run.params
        messages = framed(messages, **frame_of(params))
        sent = {
            name: params[name]
            for name in ("temperature", "top_p", "max_tokens", "seed")
            if name in params
        }
        if "seed" in sent:  # the same seed again would give the same responses again
            sent["seed"] = (sent["seed"] + first) % 2**31
        count = self.n - first
        read = sum(tokens_of(message["content"]) for message in messages)
        return Ask(
            label=(prompt, first),
            messages=messages,
            params={
                **sent,
                "n": count,
                "idempotency_key": f"{self.key}-{prompt}-{first}",
            },
            tokens=read + count * params["max_tokens"],
        )

    def settle(self, ask: Ask, outcome: Outcome, tries: int) -> list[Ask]:
        """Store what came of it, whole. Where fewer came than were asked for, ask for the rest."""
        (prompt, first), asked = ask.label, ask.params["n"]
        request = GenerationRequest(
            generation_run=self.run,
            prompt_id=prompt,
            first=first,
            asked_count=asked,
            try_count=tries,
        )
        with transaction.atomic():
            self.claim.fence()
            if isinstance(outcome, Fault):
                request.fault, request.detail = outcome.name, outcome.detail
                request.save(force_insert=True)
                return []
            self._store(request, ask, outcome)
        count = len(outcome.texts)
        self.done += count
        if count == asked:
            return []
        messages = Prompt.objects.get(pk=prompt).messages
        return [self.ask(prompt, messages, first + count)]

    def _store(self, request: GenerationRequest, ask: Ask, answer: Completion) -> None:
        request.answered_count = len(answer.texts)
        request.model, request.fingerprint = answer.model, answer.fingerprint
        request.prompt_tokens = answer.usage.prompt_tokens
        request.completion_tokens = answer.usage.completion_tokens
        request.milliseconds = round(answer.latency * 1000)
        request.save(force_insert=True)
        # Of several responses only the sum is told.
        tokens = answer.usage.completion_tokens if len(answer.texts) == 1 else None
        params = self._params(ask)
        responses = Response.objects.bulk_create(
            Response(
                prompt_id=request.prompt_id,
                text=text,
                text_sha256=sha256_of_text(text),
                generator=self._generator(answer),
                params=params,
                finish_reason=reason,
                token_count=tokens,
            )
            for text, reason in zip(answer.texts, answer.finish_reasons, strict=True)
        )
        GeneratedResponse.objects.bulk_create(
            GeneratedResponse(
                generation_run=self.run,
                prompt_id=request.prompt_id,
                index=request.first + place,
                response=response,
                request=request,
            )
            for place, response in enumerate(responses)
        )

    def _params(self, ask: Ask) -> dict[str, Any]:
        """As they were sent, which is what made the response."""
        sent = {name: ask.params[name] for name in ask.params if name != "idempotency_key"}
        return {**sent, **frame_of(self.run.params)}

    def _generator(self, answer: Completion) -> Generator:
        signed = (answer.model, answer.fingerprint)
        if signed not in self.generators:
            self.generators[signed] = author_of(
                self.run.project,
                asked=self.run.terms["model"],
                answered=answer.model,
                fingerprint=answer.fingerprint,
            )
        return self.generators[signed]
