"""A round in the hands of its job: what is made once, what is waited for, what a stage says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from annotation.core.errors import DomainError
from annotation.core.jobs import Claim, Deferred
from annotation.core.models import Job
from annotation.demo.options import DEFAULTS
from annotation.demo.sentences import say
from annotation.prompts.models import Prompt
from annotation.runs.models import ModelVersion, Round

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Outcome:
    """What a finished stage says: a sentence with its values, and where to look."""

    text: str
    link: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def as_row(self) -> dict:
        return {**sentence(self.text, **self.values), "link": self.link}


def sentence(text: str, **values) -> dict:
    """For a stage's row: the English words, and what any other language is made from."""
    with translation.override("en"):
        return {"detail": say(text, values), "text": text, "values": values}


class Work:
    """A round in the hands of its job."""

    def __init__(self, claim: Claim, found: Round):
        self.claim = claim
        self.round = found
        self.project = found.project
        self.options = {**DEFAULTS, **found.options}
        self.made = found.result.setdefault("made", {})

    @property
    def seed(self) -> int:
        return self.options["seed"] + self.round.number

    def batch(self, name: str) -> str:
        return f"round:{self.round.number}:{name}"

    def save(self) -> None:
        with transaction.atomic():
            self.claim.fence()
            self.round.save(update_fields=["stages", "result"])

    def once(self, key: str, make: Callable):
        """`make()` the first time, with its value kept in the same transaction; later the kept
        value. The value goes into JSON."""
        if key not in self.made:
            try:
                with transaction.atomic():
                    self.claim.fence()
                    self.made[key] = make()
                    self.round.save(update_fields=["result"])
            except BaseException:
                self.made.pop(key, None)
                raise
        return self.made[key]

    def wait_for(self, job: Job, what: str) -> None:
        """Come back when the job is done. DomainError with its cause when it failed."""
        row = next(row for row in self.round.stages if row["state"] == "running")
        if job.state == Job.State.DONE:
            if row.pop("job", None):
                self.save()
            return
        if not job.is_active:
            raise DomainError(f"{what} {job.state}: {job.error or 'somebody ended it'}")
        if row.get("job") != job.pk:
            row["job"] = job.pk
            self.save()
        raise Deferred(POLL_SECONDS)

    def prompts(self, key: str) -> list[Prompt]:
        found = Prompt.objects.in_bulk(self.made[key])
        return [found[pk] for pk in self.made[key]]

    def version(self, key: str) -> ModelVersion:
        return ModelVersion.objects.select_related("generator").get(run=self.made[key])


def link(name: str, *args) -> str:
    """An address where there is such a page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
