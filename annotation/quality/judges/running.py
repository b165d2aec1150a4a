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
    return {"judge_run": run.pk, "answered": answered, "failed": run.question_count - answered}


class _Turn(Turn):
    def __init__(self, claim: Claim, run: JudgeRun):
        self.run, self.judge = run, run.judge
        self.principles = principles_of(run.principle_list)
        self.systems = [system_of(self.judge, one) for one in self.principles or [""]]
        rubric_id = self.judge.rubric_version_id
        self.scales = scales_of(rubric_by_id(rubric_id).criteria_list if rubric_id else ())
        # Answered, or failed since somebody last asked for all of it.
        self.settled = set(
            run.opinions.answered().values_list("item_id", "first", "second")
        ) | set(
            run.opinions.failed()
            .filter(created_at__gte=run.resumed_at)
            .values_list("item_id", "first", "second")
        )
        # The responses that stood in the places a question under way speaks of.
        self.shown: dict[tuple[int, int, int], tuple[int, int]] = {}
        endpoint, total = run.judge.endpoint, run.question_count
        super().__init__(claim, endpoint, done=len(self.settled), total=total)

    def asks(self) -> Iterator[Ask]:
        for start in range(0, len(self.run.item_ids), READ_AT_ONCE):
            some = Item.objects.filter(pk__in=self.run.item_ids[start : start + READ_AT_ONCE])
            some = some.select_related("prompt").prefetch_related("item_responses__response")
            for item in some.order_by("pk"):
                yield from self._of_item(item)

    def _of_item(self, item: Item, only: tuple[int, int, int] | None = None) -> Iterator[Ask]:
        texts = {place.position: place.shown for place in item.item_responses.all()}
        responses = {place.position: place.response_id for place in item.item_responses.all()}
        for first, second in permutations(sorted(texts), 2):
            label = (item.pk, first, second)
            if label in self.settled or only not in (None, label):
                continue
            system = self.systems[(self._principle(label) or 1) - 1]
            messages = messages_for(system, item.prompt.messages, texts[first], texts[second])
            read = sum(tokens_of(message["content"]) for message in messages)
            self.shown[label] = (responses[first], responses[second])
            yield Ask(label, messages, self._params(label), read + self.judge.max_tokens)

    def _principle(self, label: tuple[int, int, int]) -> int | None:
        return draw(len(self.principles), self.run.pk, *label)

    def _params(self, label: tuple[int, int, int]) -> dict:
        first, second = self.shown[label]
        # Temperature 0: asked twice, it should say the same of the same.
        params = {
            "temperature": 0.0,
            "max_tokens": self.judge.max_tokens,
            # Asked once more after a useless answer, or of other responses in these places, it
            # must not be given the same one again.
            "idempotency_key": f"concord-judge-{self.run.pk}-{label[0]}-{first}-{second}"
            f"-{self.run.resumed_at:%Y%m%d%H%M%S%f}",
        }
        if self.judge.is_json_demanded:
            params["response_format"] = {"type": "json_object"}
        return params

    def settle(self, ask: Ask, outcome: Outcome, tries: int) -> list[Ask]:
        """Stores what came. Where a decision gave the places to other responses meanwhile, the
        answer speaks of none of them: the question is asked again, if there is one still."""
        item, first, second = ask.label
        opinion = Opinion(run=self.run, item_id=item, first=first, second=second, try_count=tries)
        opinion.principle = self._principle(ask.label)
        if isinstance(outcome, Fault):
            opinion.fault, opinion.detail = outcome.name, outcome.detail
        else:
            self._fill(opinion, outcome)
        with transaction.atomic():
            self.claim.fence()
            now = self._locked(item)
            placed = {place.position: place.response_id for place in now.item_responses.all()}
            if (placed.get(first), placed.get(second)) != self.shown.pop(ask.label):
                return list(self._of_item(now, only=ask.label))
            opinion.save(force_insert=True)
        self.settled.add(ask.label)
        self.done = len(self.settled)
        return []

    def _locked(self, item: int) -> Item:
        """With its places, which no decision changes until this transaction ends."""
        Item.objects.select_for_update(of=("self",)).get(pk=item)
        read = Item.objects.select_related("prompt")
        return read.prefetch_related("item_responses__response").get(pk=item)

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
