"""Rendering ahead: the texts at the head of the queue, before anybody asks for them.

Rendering is the slowest part of a judging page; done here, the page finds it in the cache.
"""

from django.db.models import F
from django.utils.translation import gettext_noop

from annotation.core import jobs
from annotation.core.hashing import sha256_of_text
from annotation.labeling.desk import rendered
from annotation.labeling.models import GoldItem, Item, ItemResponse
from annotation.labeling.models.items import SHOWN, SHOWN_SHA256
from annotation.labeling.tasks import RENDER_KIND

# Far ahead of the labelers, yet no hour of work on a large import: what lies behind is rendered
# when it is first shown.
AHEAD = 5_000
BATCH = 100


def request_rendering(*, project, actor=None) -> jobs.Job:
    """Queue it; one that waits already is enough."""
    job, _ = jobs.enqueue(
        kind=RENDER_KIND, project=project, actor=actor, target=f"project:{project.pk}"
    )
    return job


def render_ahead(claim: jobs.Claim) -> dict:
    """Render what the next items show and the cache lacks. First those that come whenever the
    dice say so: one that is rendered while somebody waits would be told by its time."""
    known = GoldItem.objects.active().filter(project=claim.job.project)
    items = list(known.values_list("item", flat=True)[:AHEAD])
    items += list(
        Item.objects.filter(project=claim.job.project, state=Item.State.OPEN)
        .filter(taken__lt=F("overlap"))
        .order_by("-priority", "-taken", "pk")
        .values_list("pk", flat=True)[:AHEAD]
    )
    claim.progress(0, len(items), gettext_noop("Rendering texts ahead of the labelers"))
    for start in range(0, len(items), BATCH):
        rendered(texts_of(items[start : start + BATCH]))
        claim.progress(min(start + BATCH, len(items)))
    return {"items": len(items)}


def texts_of(item_ids) -> dict[str, str]:
    """Content hash to text, of all that these items show."""
    placed = ItemResponse.objects.filter(item__in=item_ids).values_list(SHOWN_SHA256, SHOWN)
    texts = dict(placed)
    for messages in Item.objects.filter(pk__in=item_ids).values_list(
        "prompt__messages", flat=True
    ):
        texts |= {sha256_of_text(message["content"]): message["content"] for message in messages}
    return texts
