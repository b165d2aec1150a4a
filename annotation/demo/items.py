"""Prompts, responses and items of the demo world as rows, many at a time."""

from django.db import transaction

from annotation.core.hashing import sha256_of_text, sha256_of_value
from annotation.labeling.models import Item, ItemResponse
from annotation.labeling.slices.services import assign_new
from annotation.prompts.models import Prompt, Response

KEYS = "abcdefghi"


def add_prompts(*, project, cases) -> list[Prompt]:
    """The prompts of these cases, in their order; those that are there already are reused."""
    hashes = [sha256_of_value(case.prompt) for case in cases]
    Prompt.objects.bulk_create(
        (
            Prompt(project=project, messages=case.prompt, sha256=sha256)
            for case, sha256 in zip(cases, hashes, strict=True)
        ),
        ignore_conflicts=True,
        batch_size=2_000,
    )
    found = {p.sha256: p for p in Prompt.objects.filter(project=project, sha256__in=hashes)}
    return [found[sha256] for sha256 in hashes]


def add_responses(
    *, prompts, texts, generator, kind=Response.Kind.CANDIDATE
) -> list[list[Response]]:
    """Rows for `texts[i]`, a list, as responses to `prompts[i]`; in the same shape."""
    rows = [
        Response(
            prompt=prompt,
            kind=kind,
            text=text,
            text_sha256=sha256_of_text(text),
            generator=generator,
        )
        for prompt, answers in zip(prompts, texts, strict=True)
        for text in answers
    ]
    created = iter(Response.objects.bulk_create(rows, batch_size=2_000))
    return [[next(created) for _ in answers] for answers in texts]


def add_items(*, project, batch, candidates, overlap, priority=0) -> int:
    """One item per (prompt, responses) with at least two different texts; equal texts of a
    prompt are shown once. Returns how many."""
    distinct = (
        (prompt, list({response.text: response for response in responses}.values()))
        for prompt, responses in candidates
    )
    kept = [(prompt, responses) for prompt, responses in distinct if len(responses) >= 2]
    with transaction.atomic():
        items = Item.objects.bulk_create(
            Item(
                project=project,
                prompt=prompt,
                external_id=f"{batch}:{number}",
                content_sha256=sha256_of_value([prompt.messages, [r.text for r in responses]]),
                batch=batch,
                response_count=len(responses),
                overlap=overlap,
                priority=priority,
            )
            for number, (prompt, responses) in enumerate(kept, start=1)
        )
        ItemResponse.objects.bulk_create(
            (
                ItemResponse(
                    item=item, response=response, position=position, key=KEYS[position - 1]
                )
                for item, (_, responses) in zip(items, kept, strict=True)
                for position, response in enumerate(responses, start=1)
            ),
            batch_size=2_000,
        )
        assign_new(project, batch=batch)
    return len(items)
