"""What a run will cost, before it starts: at most, and where there is experience, likely."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, F, Sum

from annotation.candidates.endpoints.costs import (
    BYTES_PER_TOKEN,
    cost_of,
    minutes_least,
    terms_of,
    tokens_of,
)
from annotation.candidates.generation.framing import frame_of
from annotation.candidates.models import Endpoint, GenerationRequest, GenerationRun
from annotation.core.models import Job
from annotation.prompts.models import Generator, Response

EXPERIENCE = 20  # answered responses before their mean length is believed

LAST_RUNS = 5  # of a model of ours, whose speed is believed

BYTES = """
SELECT coalesce(sum(octet_length(messages::text)), 0) FROM prompts_prompt
 WHERE id = ANY(%(ids)s)
"""


@dataclass(frozen=True)
class Estimate:
    """Tokens are estimated from bytes; a server counts in its own way."""

    prompts: int
    responses: int
    tokens_in: int
    tokens_out_most: int
    tokens_out_likely: int | None
    cost_most: Decimal | None
    cost_likely: Decimal | None
    currency: str
    # By the limits per minute; None where there are none.
    minutes_least: float | None
    # By the last runs of a model of ours; None where there is none.
    minutes_likely: float | None = None

    @property
    def is_priced(self) -> bool:
        """A model of ours takes time alone, and has no currency."""
        return bool(self.currency)


def estimate(endpoint: Endpoint, prompt_ids: list[int], params: dict) -> Estimate:
    """For one request per prompt, which is one reading of the prompt for its n responses."""
    prompts, responses = len(prompt_ids), len(prompt_ids) * params["n"]
    tokens_in = _tokens_in(prompt_ids, params)
    most = responses * params["max_tokens"]
    mean = _mean_length(endpoint)
    likely = min(most, round(responses * mean)) if mean is not None else None
    return Estimate(
        prompts=prompts,
        responses=responses,
        tokens_in=tokens_in,
        tokens_out_most=most,
        tokens_out_likely=likely,
        cost_most=cost_of(terms_of(endpoint), tokens_in, most),
        cost_likely=None if likely is None else cost_of(terms_of(endpoint), tokens_in, likely),
        currency=endpoint.currency,
        minutes_least=minutes_least(endpoint, prompts, tokens_in + (likely or most)),
    )


def estimate_local(model: Generator, prompt_ids: list[int], params: dict) -> Estimate:
    """By a model of ours, which takes time alone: how long, its own last runs tell."""
    prompts, responses = len(prompt_ids), len(prompt_ids) * params["n"]
    most = responses * params["max_tokens"]
    told = Response.objects.filter(generator=model, token_count__isnull=False).aggregate(
        tokens=Sum("token_count"), responses=Count("pk")
    )
    known = told["responses"] >= EXPERIENCE
    likely = min(most, round(responses * told["tokens"] / told["responses"])) if known else None
    speed = _tokens_per_minute(model)
    return Estimate(
        prompts=prompts,
        responses=responses,
        tokens_in=_tokens_in(prompt_ids, params),
        tokens_out_most=most,
        tokens_out_likely=likely,
        cost_most=None,
        cost_likely=None,
        currency="",
        minutes_least=None,
        minutes_likely=(likely or most) / speed if speed else None,
    )


def _tokens_in(prompt_ids: list[int], params: dict) -> int:
    """With what is put around each of them."""
    with connection.cursor() as cursor:
        cursor.execute(BYTES, {"ids": prompt_ids})
        asked = int(cursor.fetchone()[0]) // BYTES_PER_TOKEN
    return asked + len(prompt_ids) * sum(tokens_of(text) for text in frame_of(params).values())


def _tokens_per_minute(model: Generator) -> float | None:
    """Written by its last runs here that ran through, loading included."""
    last = (
        GenerationRun.objects.filter(generator=model, job__state=Job.State.DONE, job__token=1)
        .order_by("-pk")
        .annotate(
            tokens=Sum("generated__response__token_count"),
            took=F("job__finished_at") - F("job__started_at"),
        )
        .values_list("tokens", "took")[:LAST_RUNS]
    )
    rows = [(tokens, took.total_seconds()) for tokens, took in last if tokens and took]
    seconds = sum(took for _, took in rows)
    return 60 * sum(tokens for tokens, _ in rows) / seconds if seconds > 0 else None


def _mean_length(endpoint: Endpoint) -> float | None:
    """Tokens of a response that this endpoint wrote, so far."""
    told = GenerationRequest.objects.filter(
        generation_run__endpoint=endpoint, fault="", completion_tokens__isnull=False
    ).aggregate(tokens=Sum("completion_tokens"), responses=Sum("answered_count"))
    if (told["responses"] or 0) < EXPERIENCE:
        return None
    return told["tokens"] / told["responses"]


@dataclass(frozen=True)
class Totals:
    """All runs of an order together. A cost is None where one of its parts is not known."""

    runs: int
    responses: int
    tokens_in: int
    tokens_out_most: int
    costs: list[tuple[Decimal | None, str]]  # by currency, at most


def totals_of(lines) -> Totals:
    """Of lines of an order, each with its `estimate`."""
    told = [line.estimate for line in lines]
    costs: dict[str, Decimal | None] = {}
    for one in told:
        if one.is_priced:
            before = costs.get(one.currency, Decimal(0))
            is_known = before is not None and one.cost_most is not None
            costs[one.currency] = before + one.cost_most if is_known else None
    return Totals(
        runs=len(told),
        responses=sum(one.responses for one in told),
        tokens_in=sum(one.tokens_in for one in told),
        tokens_out_most=sum(one.tokens_out_most for one in told),
        costs=[(cost, currency) for currency, cost in sorted(costs.items())],
    )
