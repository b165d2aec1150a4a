"""One row per project that orders what is found, decided and built."""

from annotation.candidates.marks.models import Marking


def lock_marking(project) -> Marking:
    """The project's settings as they are now, until the end of the transaction. Who changes them,
    rings, looks, takes in a verdict, decides on responses or builds items holds this row, one
    after the other: none of them acts on what another is just changing."""
    rows = Marking.objects.select_related("endpoint").select_for_update(of=("self",))
    kept, _created = rows.get_or_create(project=project)
    return kept
