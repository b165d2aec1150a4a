"""Items made from responses that are stored already, such as a model's new ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_value
from annotation.labeling.models import Item, ItemResponse
from annotation.prompts.models import Prompt, Response

KEYS = "abcdefghi"


@dataclass(frozen=True)
class MadeItems:
    """The batch's items, and the prompts left out with how many different texts they had."""

    items: list[Item]
    too_alike: dict[int, int]


def create_items_from_responses(
    *,
    project,
    responses: Iterable[Response],
    batch: str,
    overlap: int | None = None,
    priority: int = 0,
    merge_equal: bool = True,
    actor=None,
) -> MadeItems:
    """An item per prompt, of its responses in the given order, 2 to 9 of them.

    `merge_equal` shows only the first of equal texts; without it they are all shown, and marked.
    A prompt with fewer than two different texts makes no item: there is nothing to compare. The
    same batch again adds only what is missing.
    """
    if not batch or len(batch) > 60:
        raise DomainError("A batch has a name of at most 60 characters.")
    overlap = project.overlap if overlap is None else overlap
    if not 1 <= overlap <= 50:
        raise DomainError("The overlap is from 1 to 50.")
    by_prompt: dict[int, list[Response]] = {}
    for response in responses:
        by_prompt.setdefault(response.prompt_id, []).append(response)
    known = set(
        Prompt.objects.filter(pk__in=by_prompt, project=project).values_list("pk", flat=True)
    )
    if known != set(by_prompt):
        raise DomainError("A response belongs to another project.")
    wanted, too_alike = {}, {}
    for prompt, candidates in by_prompt.items():
        distinct = _distinct(candidates)
        shown = distinct if merge_equal else candidates
        if len(distinct) < 2:
            too_alike[prompt] = len(distinct)
        elif len(shown) > len(KEYS):
            raise DomainError(f"An item shows at most {len(KEYS)} responses, not {len(shown)}.")
        else:
            wanted[prompt] = shown
    items = _create(project, wanted, batch=batch, overlap=overlap, priority=priority, actor=actor)
    return MadeItems(items, too_alike)


def _shown(response: Response) -> str:
    """What tells one response from another: its text, and its attachments where it has some."""
    files = [reference["sha256"] for reference in response.attachments]
    return " ".join([response.text_sha256, *files])


def _distinct(candidates: Sequence[Response]) -> list[Response]:
    first: dict[str, Response] = {}
    for response in candidates:
        first.setdefault(_shown(response), response)
    return list(first.values())


def _create(project, wanted, *, batch, overlap, priority, actor) -> list[Item]:
    with transaction.atomic():
        rows = [
            Item(
                project=project,
                prompt_id=prompt,
                external_id=f"{batch}/{prompt}",
                content_sha256=sha256_of_value([prompt, *map(_shown, shown)]),
                batch=batch,
                response_count=len(shown),
                overlap=overlap,
                priority=priority,
            )
            for prompt, shown in wanted.items()
        ]
        Item.objects.bulk_create(rows, ignore_conflicts=True)
        items = list(
            Item.objects.filter(project=project, batch=batch, prompt_id__in=wanted).order_by("pk")
        )
        fresh = {row.content_sha256 for row in rows}
        changed = [item.external_id for item in items if item.content_sha256 not in fresh]
        if changed:
            raise DomainError(
                f"The batch {batch} exists with other responses, such as {changed[0]}: "
                "choose another name."
            )
        filled = set(ItemResponse.objects.filter(item__in=items).values_list("item_id", flat=True))
        new = [item for item in items if item.pk not in filled]
        ItemResponse.objects.bulk_create(
            row for item in new for row in _places(item, wanted[item.prompt_id])
        )
        if new:
            audit.record(
                "items.created", actor=actor, project=project, target=batch, count=len(new)
            )
    return items


def _places(item, shown):
    first: dict[str, int] = {}
    for position, response in enumerate(shown, start=1):
        yield ItemResponse(
            item=item,
            response=response,
            position=position,
            key=KEYS[position - 1],
            equal_to=first.get(_shown(response)),
        )
        first.setdefault(_shown(response), position)
