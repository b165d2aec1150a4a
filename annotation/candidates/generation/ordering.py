"""An order as people give it: everybody who is asked, with every set of parameters, each pair of
them a run of its own."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.candidates.generation import options
from annotation.candidates.generation.estimate import Estimate, estimate, estimate_local
from annotation.candidates.generation.framing import FRAME, frame_of, framed
from annotation.candidates.generation.prompts import check_askable, check_count, prompts_for
from annotation.candidates.generation.services import start_generation
from annotation.candidates.models import Endpoint, GenerationOrder, GenerationRun
from annotation.candidates.services import checked_params, generate_responses
from annotation.core.errors import DomainError
from annotation.prompts.models import Generator, Prompt

LOCAL_SEED = 11


@dataclass(frozen=True)
class Line:
    """One run that an order would make, and what it takes."""

    asked: str
    set_number: int
    estimate: Estimate


@dataclass(frozen=True)
class Example:
    """A prompt as one set of parameters would send it."""

    set_number: int
    messages: list[dict[str, str]]


@dataclass(frozen=True)
class Order:
    """Who is asked, what, and how. `sets`: each as generation/options.py has it, as given."""

    project: object
    endpoints: list[Endpoint]
    models: list[Generator]
    sets: list[dict]
    which: str = "all"
    most: int | None = None
    prompt_ids: list[int] | None = None
    # Named by whoever orders, who may say the same twice without ordering twice.
    key: UUID | None = None

    def prompts(self) -> list[int]:
        """The ids; DomainError where one is named that cannot be asked here."""
        if self.prompt_ids is not None:
            ids = sorted(set(self.prompt_ids))
            check_askable(self.project, ids)
            return ids
        return prompts_for(self.project, which=self.which, most=self.most)

    def lines(self) -> list[Line]:
        """What each of its runs takes, before anything is asked."""
        ids = self._checked()
        return [
            Line(
                asked.name,
                number,
                estimate(asked, ids, params)
                if isinstance(asked, Endpoint)
                else estimate_local(asked, ids, params),
            )
            for number, params, asked in self._pairs()
        ]

    def examples(self) -> list[Example]:
        """The newest prompt, filled in for each set that puts something around it."""
        ids = self.prompts()
        if not ids:
            return []
        messages = Prompt.objects.get(pk=ids[-1]).messages
        return [
            Example(number, framed(messages, **frame))
            for number, params in enumerate(options.read_sets(self.sets), start=1)
            if (frame := frame_of(params))
        ]

    @transaction.atomic
    def start(self, *, actor=None) -> GenerationOrder:
        """All of its runs, or none; what was ordered by the same key already is not ordered again.
        Of two at the same moment one waits for the other, and finds it."""
        ids = self._checked()
        by = {"created_by": actor}
        if self.key is None:
            order = GenerationOrder.objects.create(project=self.project, **by)
        else:
            order, is_new = GenerationOrder.objects.get_or_create(
                project=self.project, key=self._own_key(self.key), defaults=by
            )
            if not is_new:
                return order
        for number, params, asked in self._pairs():
            start = self._start if isinstance(asked, Endpoint) else self._start_local
            run = start(asked, ids, params, actor)
            run.order, run.set_number = order, number
            run.save(update_fields=["order", "set_number"])
        return order

    def _own_key(self, key: UUID) -> UUID:
        """Another for whoever goes back, changes what is ordered, and sends the key as it was."""
        said = [
            [endpoint.pk for endpoint in self.endpoints],
            [model.pk for model in self.models],
            options.read_sets(self.sets),
            self.which,
            self.most,
            self.prompt_ids,
        ]
        return uuid5(key, json.dumps(said, sort_keys=True))

    def _pairs(self) -> Iterator[tuple[int, dict, Endpoint | Generator]]:
        """(set's number, parameters, who is asked), one for each run."""
        sets = options.read_sets(self.sets)
        for asked in [*self.endpoints, *self.models]:
            for number, params in enumerate(sets, start=1):
                yield number, params, asked

    def _checked(self) -> list[int]:
        """The prompts, once somebody is asked and all of it together is not too much."""
        if not (self.endpoints or self.models):
            raise DomainError(_("Choose who is asked."))
        ids = self.prompts()
        if not ids:
            raise DomainError(_("There is no prompt to respond to."))
        check_count(len(ids), sum(params["n"] for _number, params, _asked in self._pairs()))
        for _number, params, asked in self._pairs():
            if isinstance(asked, Generator):
                more = {name: value for name, value in params.items() if name not in FRAME}
                checked_params(project=self.project, generator=asked, **_as_local(more))
        return ids

    def _start(self, endpoint: Endpoint, ids: list[int], params: dict, actor) -> GenerationRun:
        return start_generation(
            project=self.project, endpoint=endpoint, prompt_ids=ids, actor=actor, **params
        )

    def _start_local(self, model: Generator, ids: list[int], params: dict, actor) -> GenerationRun:
        prompts = Prompt.objects.filter(pk__in=ids, project=self.project)
        return generate_responses(
            project=self.project,
            generator=model,
            prompts=prompts,
            actor=actor,
            **_as_local(params),
        )


def _as_local(params: dict) -> dict:
    """As a model of ours is told it."""
    params = {"seed": LOCAL_SEED, **params}
    params["max_new_tokens"] = params.pop("max_tokens")
    return params


def as_given(params: dict) -> dict:
    """A run's parameters as an order names them, whoever was asked."""
    given = {name: value for name, value in params.items() if name in options.NAMES}
    if "max_new_tokens" in params:
        given["max_tokens"] = params["max_new_tokens"]
    return given


def own_models(project):
    """Generators that are models of ours, and can write here."""
    return Generator.objects.filter(project=project).exclude(artifact="").order_by("-pk")
