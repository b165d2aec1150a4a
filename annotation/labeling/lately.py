"""When a project's judgments changed last, told by the audit trail.

The judgments themselves have no index by time: reading them all to find the few projects that
moved costs more with each one.
"""

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Greatest

from annotation.core.models import Event

CHANGES = ("judgment.submitted", "judgment.revised", "judgment.retracted", "import.done")


def with_last_change(projects):
    """The projects with `changed_at`: null where nobody ever judged. A look at the end of an index
    for each project and kind of event, however many there are."""
    last = [
        Subquery(
            Event.objects.filter(project=OuterRef("pk"), kind=kind)
            .order_by("-at", "-pk")
            .values("at")[:1]
        )
        for kind in CHANGES
    ]
    return projects.annotate(changed_at=Greatest(*last))
