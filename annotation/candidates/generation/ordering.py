"""An order as people give it: several generators at once, each of them a run of its own."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from annotation.candidates.generation import options
from annotation.candidates.generation.estimate import Estimate, estimate
from annotation.candidates.generation.prompts import prompts_for
from annotation.candidates.generation.services import start_generation
from annotation.candidates.models import Endpoint, GenerationRun
from annotation.candidates.services import generate_responses
from annotation.core.errors import DomainError
from annotation.prompts.models import Generator, Prompt

LOCAL_SEED = 11


@dataclass(frozen=True)
class Order:
    """Who is asked, what, and how. `params`: generation/options.py, as it was given."""

    project: object
    endpoints: list[Endpoint]
    models: list[Generator]
    params: dict
    which: str = "all"
    most: int | None = None
    prompt_ids: list[int] | None = None

    def prompts(self) -> list[int]:
        if self.prompt_ids is not None:
            return sorted(set(self.prompt_ids))
        return prompts_for(self.project, which=self.which, most=self.most)

    def estimates(self) -> list[tuple[Endpoint, Estimate]]:
        """Of each endpoint. A model of ours costs time alone, which nobody knows beforehand."""
        self._check_asks_somebody()
        params, ids = options.read(self.params), self.prompts()
        return [(endpoint, estimate(endpoint, ids, params)) for endpoint in self.endpoints]

    @transaction.atomic
    def start(self, *, actor=None) -> list[GenerationRun]:
        """All of them, or none."""
        self._check_asks_somebody()
        ids = self.prompts()
        runs = [
            start_generation(
                project=self.project,
                endpoint=endpoint,
                prompt_ids=ids,
                actor=actor,
                **self.params,
            )
            for endpoint in self.endpoints
        ]
        return runs + [self._start_local(model, ids, actor) for model in self.models]

    def _check_asks_somebody(self) -> None:
        if not (self.endpoints or self.models):
            raise DomainError(_("Choose who is asked."))

    def _start_local(self, model: Generator, ids: list[int], actor) -> GenerationRun:
        params = options.read(self.params)
        if "system" in params:
            raise DomainError(_("A model version of ours takes no system message."))
        params["max_new_tokens"] = params.pop("max_tokens")
        params.setdefault("seed", LOCAL_SEED)
        prompts = Prompt.objects.filter(pk__in=ids, project=self.project)
        return generate_responses(
            project=self.project, generator=model, prompts=prompts, actor=actor, **params
        )


def own_models(project):
    """Generators that are models of ours, and can write here."""
    return Generator.objects.filter(project=project).exclude(artifact="").order_by("-pk")
