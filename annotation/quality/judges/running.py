"""The job of a judge run: asks what has no answer yet, and stores what comes, one at a time.

Each answer is stored in a short transaction of its own under the job's token. So what was stored
stays, and after a kill only what was under way is asked once more.
"""

from collections.abc import Iterator
from itertools import permutations

from django.db import transaction
from django.utils.translation import gettext_noop

from annotation.candidates.endpoints.asking import Ask, Outcome, ask_all
from annotation.candidates.endpoints.costs import tokens_of
from annotation.candidates.endpoints.faults import Fault
from annotation.candidates.endpoints.reading import Completion
from annotation.candidates.endpoints.turns import Turn
from annotation.core.errors import DomainError
from annotation.core.jobs import Claim, Deferred
from annotation.labeling.models import Item
from annotation.projects.services import rubric_by_id
from annotation.quality.judges.asking import messages_for, scales_of
from annotation.quality.judges.items import system_of
from annotation.quality.judges.models import JudgeRun, Opinion
from annotation.quality.judges.principles import draw, principles_of
from annotation.quality.judges.reading import Unusable, read_answer

READ_AT_ONCE = 100

REMOVED = gettext_noop("The endpoint of this judge was removed.")
NOTHING = gettext_noop("Not one question was answered as it was asked for.")


def ask_in_job(claim: Claim) -> dict:
    """One turn of a run."""
    run = JudgeRun.objects.select_related("project", "judge__endpoint", "principle_list").get(
        pk=claim.job.payload["judge_run"]
    )
    if run.judge.endpoint.removed_at is not None:
        raise DomainError(REMOVED)
    turn = _Turn(claim, run)
    is_over = ask_all(
        run.judge.endpoint,
        turn.asks(),
        settle=turn.settle,
        tick=turn.tick,
        wants_rest=turn.wants_rest,
    )
    if not is_over:
        raise Deferred(1)
    answered = run.opinions.answered().count()
    if not answered:
        raise DomainError(NOTHING)
    failed = max(run.question_count - answered, 0)
    return {"judge_run": run.pk, "answered": answered, "failed": failed}


class _Turn(Turn):
    def __init__(self, claim: Claim, run: JudgeRun):
        self.run, self.judge = run, run.judge
        self.principles = principles_of(run.principle_list)
        self.systems = [system_of(self.judge, one) for one in self.principles or [""]]
        rubric_id = self.judge.rubric_version_id
        self.scales = scales_of(rubric_by_id(rubric_id).criteria_list if rubric_id else ())
        # By item and the two responses: answered, or failed since somebody last asked for all.
        label = ("item_id", "first_response_id", "second_response_id")
        failed = run.opinions.failed().filter(created_at__gte=run.resumed_at)
        self.settled = set(run.opinions.answered().values_list(*label)) | set(
            failed.values_list(*label)
        )
        endpoint, total = run.judge.endpoint, run.question_count
        super().__init__(claim, endpoint, done=len(self.settled), total=total)

    def asks(self) -> Iterator[Ask]:
        for start in range(0, len(self.run.item_ids), READ_AT_ONCE):
            some = Item.objects.filter(pk__in=self.run.item_ids[start : start + READ_AT_ONCE])
            some = some.select_related("prompt").prefetch_related("item_responses__response")
            for item in some.order_by("pk"):
                yield from self._of_item(item)

    def _of_item(self, item: Item) -> Iterator[Ask]:
        for one, other in permutations(item.item_responses.all(), 2):
            label = (item.pk, one.response_id, other.response_id)
            if label in self.settled:
                continue
            system = self.systems[(self._principle(label) or 1) - 1]
            messages = messages_for(system, item.prompt.messages, one.shown, other.shown)
            read = sum(tokens_of(message["content"]) for message in messages)
            yield Ask(label, messages, self._params(label), read + self.judge.max_tokens)

    def _principle(self, label: tuple[int, int, int]) -> int | None:
        return draw(len(self.principles), self.run.pk, *label)

    def _params(self, label: tuple[int, int, int]) -> dict:
        item, first, second = label
        # Temperature 0: asked twice, it should say the same of the same.
        params = {
            "temperature": 0.0,
            "max_tokens": self.judge.max_tokens,
            # Asked once more after a useless answer, it must not be given the same one again.
            "idempotency_key": f"concord-judge-{self.run.pk}-{item}-{first}-{second}"
            f"-{self.run.resumed_at:%Y%m%d%H%M%S%f}",
        }
        if self.judge.is_json_demanded:
            params["response_format"] = {"type": "json_object"}
        return params

    def settle(self, ask: Ask, outcome: Outcome, tries: int) -> list[Ask]:
        """Stores what came, also of a response that has left the item meanwhile: it may come
        back."""
        item, first, second = ask.label
        opinion = Opinion(
            run=self.run,
            item_id=item,
            first_response_id=first,
            second_response_id=second,
            try_count=tries,
        )
        opinion.principle = self._principle(ask.label)
        if isinstance(outcome, Fault):
            opinion.fault, opinion.detail = outcome.name, outcome.detail
        else:
            self._fill(opinion, outcome)
        with transaction.atomic():
            self.claim.fence()
            opinion.save(force_insert=True)
        self.settled.add(ask.label)
        self.done = len(self.settled)
        return []

    def _fill(self, opinion: Opinion, said: Completion) -> None:
        opinion.model = said.model
        opinion.prompt_tokens = said.usage.prompt_tokens
        opinion.completion_tokens = said.usage.completion_tokens
        opinion.milliseconds = round(said.latency * 1000)
        try:
            if said.finish_reasons[0] == "length":
                raise Unusable("cut_short", str(self.judge.max_tokens))
            answer = read_answer(said.texts[0], self.scales)
        except Unusable as error:
            opinion.fault, opinion.detail = error.fault, error.detail
            return
        opinion.preferred, opinion.ratings = answer.preferred, answer.ratings
        opinion.critique = answer.critique
