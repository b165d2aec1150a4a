"""Many questions to one endpoint: as many at a time as it takes, at its pace, with patience.

Threads talk to the endpoint and know no database; everything else happens in the thread that
called. Anything that has questions may use it: candidates, judges.
"""

import heapq
import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from annotation.candidates.endpoints.client import complete
from annotation.candidates.endpoints.faults import EndpointFailed, Fault, Then
from annotation.candidates.endpoints.pace import hold, take_moment
from annotation.candidates.endpoints.reading import Completion
from annotation.candidates.models import Endpoint
from annotation.core.jobs import Cancelled, Deferred

TRIES = 6
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds; doubled after each try
MOST_WAIT = 120.0  # that an endpoint may ask for
# So many questions in a row that came to nothing: the next ones would, too.
HOPELESS_AFTER = 10
# So many for each that it takes at a time: one that is busy gets no further questions while as
# many wait to be asked again.
WAITING_MOST = 2
TICK = 0.5
GRACE = 5.0  # for answers under way, when the work is called off


@dataclass(frozen=True)
class Ask:
    """One question. `label` is the caller's; `params` as `complete` takes them."""

    label: Any
    messages: Sequence[Mapping[str, str]]
    params: Mapping[str, Any] = field(default_factory=dict)
    tokens: int = 0  # read and written, about: what a limit of tokens counts before the answer


Outcome = Completion | Fault
# (endpoint, messages, **params) → what was answered; raises EndpointFailed. Knows no database.
Call = Callable[..., Any]
# (question, what came of it, tries) → further questions that follow from it.
Settle = Callable[[Ask, Any, int], Iterable[Ask] | None]


def ask_all(
    endpoint: Endpoint,
    asks: Iterable[Ask],
    *,
    settle: Settle,
    tick: Callable[[], None] = lambda: None,
    wants_rest: Callable[[], bool] = lambda: False,
    call: Call = complete,
) -> bool:
    """Ask them all, each by `call`, whose answer `settle` gets in place of a Completion. `settle`
    is called once for each, as the answers come; `tick` at least every half second, and what it
    raises ends the work. When `wants_rest` is true nothing new is begun.

    Returns whether all were asked. Raises EndpointFailed where no question can be answered.
    """
    return _Asking(endpoint, iter(asks), settle, tick, wants_rest, call).run()


class _Asking:
    def __init__(self, endpoint, asks: Iterator[Ask], settle: Settle, tick, wants_rest, call):
        self.endpoint, self.asks, self.settle, self.call = endpoint, asks, settle, call
        self.tick, self.wants_rest = tick, wants_rest
        self.numbers = itertools.count()
        # (when, number, question, tries so far): asked again, or waiting for its moment.
        self.later: list[tuple[float, int, Ask, int]] = []
        self.next_one: tuple[float, Ask, int] | None = None
        self.under_way: dict[Future, tuple[Ask, int]] = {}
        self.failed_in_a_row, self.has_answered = 0, False
        self.stopped_by: Fault | None = None
        self.is_resting = self.is_exhausted = False

    def run(self) -> bool:
        self.pool = ThreadPoolExecutor(self.endpoint.concurrency, thread_name_prefix="ask")
        try:
            while True:
                self.tick()
                self._begin()
                if not (self.under_way or self.later or self.next_one):
                    break  # exhausted, resting or stopped
                self._await(min(TICK, self._until_due()))
        except (Cancelled, Deferred):
            self._keep_what_comes()
            raise
        finally:
            self.pool.shutdown(wait=False, cancel_futures=True)
        if self.stopped_by is not None:
            raise EndpointFailed(self.stopped_by.name, self.stopped_by.detail)
        return self.is_exhausted

    def _begin(self) -> None:
        """Send what may go now."""
        self.is_resting = self.is_resting or self.wants_rest()
        while len(self.under_way) < self.endpoint.concurrency and self.stopped_by is None:
            self.next_one = self.next_one or self._choose()
            if self.next_one is None or self.next_one[0] > time.monotonic():
                return
            _, ask, tries = self.next_one
            self.next_one = None
            future = self.pool.submit(self.call, self.endpoint, ask.messages, **ask.params)
            self.under_way[future] = (ask, tries + 1)

    def _choose(self) -> tuple[float, Ask, int] | None:
        """The next question gets its moment: one that is due again before a new one."""
        if self.later and self.later[0][0] <= time.monotonic():
            _, _, ask, tries = heapq.heappop(self.later)
        elif self.is_resting or len(self.later) >= WAITING_MOST * self.endpoint.concurrency:
            return None
        else:
            found = next(self.asks, None)
            if found is None:
                self.is_exhausted = True
                return None
            ask, tries = found, 0
        wait_for = take_moment(self.endpoint, tokens=ask.tokens)
        return time.monotonic() + wait_for, ask, tries

    def _until_due(self) -> float:
        moments = [self.later[0][0]] if self.later else []
        if self.next_one is not None:
            moments.append(self.next_one[0])
        return max(0.005, min(moments) - time.monotonic()) if moments else TICK

    def _await(self, seconds: float) -> None:
        if not self.under_way:
            time.sleep(seconds)
            return
        done, _ = wait(self.under_way, timeout=seconds, return_when=FIRST_COMPLETED)
        for future in done:
            self._take(future)

    def _take(self, future: Future) -> None:
        ask, tries = self.under_way.pop(future)
        try:
            outcome: Any = future.result()
        except EndpointFailed as error:
            outcome = self._fault(error)
            if outcome.then is Then.AGAIN and tries < TRIES and self.stopped_by is None:
                self._ask_later(ask, tries, error.wait_seconds)
                return
        self._settle(ask, outcome, tries)

    def _fault(self, error: EndpointFailed) -> Fault:
        wait_for = error.wait_seconds
        if wait_for is not None and wait_for > MOST_WAIT:
            return Fault("long_wait", f"{wait_for:.0f}")
        return error.fault

    def _ask_later(self, ask: Ask, tries: int, wait_for: float | None) -> None:
        """After a pause that grows, and is never the same for two that failed together."""
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)) * random.uniform(0.5, 1.5)  # noqa: S311  no secret
        if wait_for:
            hold(self.endpoint, seconds=wait_for)
            pause = max(pause, wait_for)
        heapq.heappush(self.later, (time.monotonic() + pause, next(self.numbers), ask, tries))

    def _settle(self, ask: Ask, outcome: Outcome, tries: int) -> None:
        further = self.settle(ask, outcome, tries) or ()
        if isinstance(outcome, Fault):
            # Once something was answered, what may be the question's own fault is not counted.
            if outcome.then is not Then.NEXT or not self.has_answered:
                self.failed_in_a_row += 1
            if outcome.then is Then.STOP or self.failed_in_a_row >= HOPELESS_AFTER:
                self._stop(outcome)
        else:
            self.failed_in_a_row, self.has_answered = 0, True
            # Once stopped, nothing is begun that could end.
            for one in further if self.stopped_by is None else ():
                heapq.heappush(self.later, (0.0, next(self.numbers), one, 0))

    def _stop(self, fault: Fault) -> None:
        """Nothing more is begun; what is under way may still answer."""
        self.stopped_by = self.stopped_by or fault
        self.later, self.next_one = [], None

    def _keep_what_comes(self) -> None:
        """Called off: answers that are nearly here have been paid for."""
        done, _ = wait(self.under_way, timeout=GRACE)
        for future in done:
            ask, tries = self.under_way.pop(future)
            if future.exception() is None:
                self.settle(ask, future.result(), tries)
