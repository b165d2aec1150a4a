"""What an order's page and the API say of it: how far each of its runs is, and all together."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from annotation.candidates.endpoints.costs import cost_of
from annotation.candidates.endpoints.faults import Fault
from annotation.candidates.generation.detail import stopped_by
from annotation.candidates.generation.services import can_resume
from annotation.candidates.generation.wording import Said, said_of, shown
from annotation.candidates.models import (
    GeneratedResponse,
    GenerationOrder,
    GenerationRequest,
    GenerationRun,
)


@dataclass(frozen=True)
class RunLine:
    """One run of an order, so far."""

    run: GenerationRun
    said: list[Said]  # the parameters in which the order's sets differ
    wanted: int
    stored: int
    failed: int  # prompts
    cost: Decimal | None

    @property
    def can_resume(self) -> bool:
        return can_resume(self.run)

    @property
    def stopped_by(self) -> Fault | None:
        return stopped_by(self.run)


@dataclass(frozen=True)
class Overview:
    lines: list[RunLine]
    shared: list[Said]  # the parameters that all sets have in common
    prompts: int

    @property
    def wanted(self) -> int:
        return sum(line.wanted for line in self.lines)

    @property
    def stored(self) -> int:
        return sum(line.stored for line in self.lines)

    @property
    def failed(self) -> int:
        return sum(line.failed for line in self.lines)

    @property
    def percent(self) -> int:
        return 100 * self.stored // self.wanted if self.wanted else 0

    @property
    def is_active(self) -> bool:
        return any(line.run.job.is_active for line in self.lines)

    @property
    def can_cancel(self) -> bool:
        return any(
            line.run.job.is_active and not line.run.job.cancel_requested_at for line in self.lines
        )

    @property
    def can_resume(self) -> bool:
        return any(line.can_resume for line in self.lines)

    @property
    def costs(self) -> list[tuple[Decimal, str]]:
        """So far, by currency: what is known of it."""
        sums: dict[str, Decimal] = {}
        for line in self.lines:
            if line.cost is not None:
                currency = line.run.terms["currency"]
                sums[currency] = sums.get(currency, Decimal(0)) + line.cost
        return [(cost, currency) for currency, cost in sorted(sums.items())]


def overview_of(order: GenerationOrder) -> Overview:
    runs = list(
        order.runs.select_related("job", "endpoint", "generator", "project").order_by("pk")
    )
    stored = dict(
        GeneratedResponse.objects.filter(generation_run__order=order)
        .values_list("generation_run")
        .annotate(Count("pk"))
        .order_by()
    )
    told = {
        row["generation_run"]: row
        for row in GenerationRequest.objects.filter(generation_run__order=order)
        .values("generation_run")
        .annotate(
            tokens_in=Sum("prompt_tokens"),
            tokens_out=Sum("completion_tokens"),
            failed=Count("pk", filter=~Q(fault="")),
        )
        .order_by()
    }
    prompts = runs[0].prompts.count() if runs else 0
    differing = _differing(runs)
    lines = [
        _line(run, prompts, stored.get(run.pk, 0), told.get(run.pk, {}), differing) for run in runs
    ]
    every = [said_of(run) for run in runs]
    shared = {name: value for name, value in every[0].items() if _is_shared(name, every)}
    return Overview(lines=lines, shared=shown(shared), prompts=prompts)


def _is_shared(name: str, every: Sequence[dict]) -> bool:
    return all(name in said and said[name] == every[0][name] for said in every)


def _line(run, prompts: int, stored: int, told: dict, differing: set[str]) -> RunLine:
    tokens = (told.get("tokens_in") or 0, told.get("tokens_out") or 0)
    return RunLine(
        run=run,
        said=shown({name: said for name, said in said_of(run).items() if name in differing}),
        wanted=prompts * run.params["n"],
        stored=stored,
        failed=told.get("failed", 0),
        cost=cost_of(run.terms, *tokens) if run.endpoint_id else None,
    )


def _differing(runs: Sequence[GenerationRun]) -> set[str]:
    """The parameters that one who is asked gets with more than one value."""
    values: dict[tuple, set[str]] = {}
    names = {name for run in runs for name in said_of(run)}
    for run in runs:
        said = said_of(run)
        for name in names:
            asked = (run.endpoint_id, run.generator_id, name)
            values.setdefault(asked, set()).add(repr(said.get(name)))
    return {name for (*_, name), found in values.items() if len(found) > 1}
