"""A turn of a long job that asks an endpoint: it says how far it is, and lets others first."""

import time

from django.utils import timezone

from annotation.candidates.models import Endpoint
from annotation.core.jobs import Claim, Deferred
from annotation.core.models import Job

# Other work of the same worker is let before it, once this one has had its turn.
LEAST_TURN, LONGEST_TURN = 15.0, 900.0
LOOK_EVERY = 2.0
TOLD_EVERY = 1.0


class Turn:
    """`tick` and `wants_rest` as `asking.ask_all` takes them. Whoever settles counts in `done`."""

    def __init__(self, claim: Claim, endpoint: Endpoint, *, done: int, total: int):
        self.claim, self.endpoint, self.done = claim, endpoint, done
        self._told = done
        self._begun_at = self._looked_at = self._told_at = self._met_at = time.monotonic()
        claim.progress(done=done, total=total)

    def tick(self) -> None:
        now = time.monotonic()
        if self.done != self._told and now - self._told_at >= TOLD_EVERY:
            self._told, self._told_at = self.done, now
            self.claim.progress(done=self.done)
        else:
            self.claim.alive()
        if now - self._met_at >= LOOK_EVERY:
            self._met_at = now
            self._meet_endpoint()

    def _meet_endpoint(self) -> None:
        """One that was removed, or has another key or address by now, is not asked any more as it
        was: the next turn reads what it is, and says so where it is gone."""
        now = Endpoint.objects.values_list("removed_at", "sealed_key", "base_url")
        asked = self.endpoint
        if now.get(pk=asked.pk) != (asked.removed_at, asked.sealed_key, asked.base_url):
            raise Deferred(0)

    def wants_rest(self) -> bool:
        """Whether somebody else's job waits for this worker, and this one has had its turn."""
        now = time.monotonic()
        if now - self._begun_at > LONGEST_TURN:
            return True
        if now - self._begun_at < LEAST_TURN or now - self._looked_at < LOOK_EVERY:
            return False
        self._looked_at = now
        waiting = Job.objects.filter(
            queue=self.claim.job.queue, state=Job.State.QUEUED, not_before__lte=timezone.now()
        )
        return waiting.exists()
