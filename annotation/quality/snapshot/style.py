"""How responses are written, counted once for each by `measure_style` and kept as a row."""

from collections.abc import Callable
from itertools import islice

from django.db.models import Exists, OuterRef, Q

from annotation.labeling.models import Judgment
from annotation.prompts.models import Response
from annotation.quality.models import ResponseStyle
from annotation.quality.stats.style import measure_style

# Raised whenever `measure_style` counts otherwise: then everything is counted again.
VERSION = 1
# What a snapshot knows of each response, in the order of `marks_of`.
STYLE = ("characters", "headers", "lists", "bold")
CHUNK = 1_000


def marks_of(text: str) -> tuple[int, ...]:
    """The numbers of STYLE: what a reader sees as form, outside of code."""
    style = measure_style(text)
    return style.length, style.headers, style.lists, style.bold


def keep_styles(project, alive: Callable[[], None]) -> None:
    """Count the responses of judged items that nobody counted yet. Before a snapshot, which may
    not write; a chunk is kept as soon as it is counted, so that nothing is lost with a job."""
    judged = Judgment.objects.filter(item__item_responses__response=OuterRef("pk"))
    uncounted = Response.objects.filter(
        ~Q(style__version=VERSION) | Q(style=None), Exists(judged), prompt__project=project
    )
    rows = uncounted.order_by("pk").values_list("pk", "text").iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        ResponseStyle.objects.bulk_create(
            [
                ResponseStyle(
                    response_id=pk,
                    version=VERSION,
                    **dict(zip(STYLE, marks_of(text), strict=True)),
                )
                for pk, text in chunk
            ],
            update_conflicts=True,
            unique_fields=["response"],
            update_fields=["version", *STYLE],
        )
        alive()
