"""What core keeps of a person: jobs they ordered, events by and about them, rendered texts."""

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext as _

from annotation.core.erasing import Leaving, without_texts
from annotation.core.errors import Conflict
from annotation.core.hashing import sha256_of_text
from annotation.core.models import Event, Job, RenderedText

PIECE = 1_000
# Texts in events that our code writes, never a person: everything else may have been typed.
WRITTEN_BY_US = frozenset(
    {
        "dataset",
        "file",
        "hash",
        "hour",
        "purpose",
        "role",
        "sha256",
        "stage",
        "template",
        "training",
    }
)


def events_of(user):
    """By them, and about them."""
    return Event.objects.filter(Q(actor=user) | Q(target=f"user:{user.pk}"))


def collect(user) -> dict[str, list]:
    """Events in the person's own copy. Of others it holds neither a name nor an id; of items no
    id: their order, and one that comes twice, would tell a labeler which of them are checks."""
    rows = []
    for event in events_of(user).order_by("pk").select_related("project").iterator():
        is_own = event.actor_id == user.pk
        names_another = event.target.startswith("user:") and event.target != f"user:{user.pk}"
        rows.append(
            {
                "at": event.at.isoformat(),
                "what": event.kind,
                "by": "you" if is_own else "somebody else" if event.actor_id else "Concord",
                "project": event.project.slug if event.project else None,
                "on": "another person" if names_another else _without_item(event.target),
                "details": _details(event.payload) if is_own and not names_another else {},
            }
        )
    return {"events": rows}


def _without_item(target: str) -> str:
    return "an item" if target.startswith("item:") else target


def _details(payload: dict) -> dict:
    return {name: value for name, value in payload.items() if name != "item"}


def erase(leaving: Leaving) -> None:
    _jobs(leaving)
    _events(leaving)


def _jobs(leaving: Leaving) -> None:
    ordered = Job.objects.filter(created_by=leaving.user)
    if ordered.active().exists():
        raise Conflict(_("A job of this person is still under way: wait for it, or cancel it."))
    changed = []
    for job in ordered.select_for_update().iterator(chunk_size=PIECE):
        said = (job.payload, job.result, job.error, job.progress_note)
        job.payload = without_texts(job.payload)
        job.result = leaving.without_names(job.result)
        job.error = leaving.without_names(job.error)
        job.progress_note = leaving.without_names(job.progress_note)
        if said != (job.payload, job.result, job.error, job.progress_note):
            changed.append(job)
    fields = ["payload", "result", "error", "progress_note"]
    Job.objects.bulk_update(changed, fields, batch_size=PIECE)
    leaving.counts["jobs"] += len(changed)


def _events(leaving: Leaving) -> None:
    """The trail keeps what was done, by whom as a number, and no word of theirs. The database
    allows this one change to an event only while the person is being erased."""
    changed = []
    for event in events_of(leaving.user).exclude(payload={}).iterator(chunk_size=PIECE):
        payload = without_texts(event.payload, but=WRITTEN_BY_US)
        if payload != event.payload:
            event.payload = payload
            changed.append(event)
    Event.objects.bulk_update(changed, ["payload"], batch_size=PIECE)
    leaving.counts["events"] += len(changed)


def forget_rendered(texts: Iterable[str]) -> None:
    """Pages made of these texts are gone, too."""
    hashes = [sha256_of_text(text) for text in texts if text]
    for start in range(0, len(hashes), PIECE):
        RenderedText.objects.filter(sha256__in=hashes[start : start + PIECE]).delete()
