"""What prompts keep of a person: files they brought, by name, and what they said aloud."""

from functools import partial

from django.db import transaction

from annotation.core.erasing import Leaving
from annotation.prompts.attachments.services import path_of
from annotation.prompts.models import Attachment, Import


def recordings_of(user):
    return Attachment.objects.filter(created_by=user, purpose=Attachment.Purpose.RECORDING)


def collect(user) -> dict[str, list]:
    imports = Import.objects.filter(created_by=user).select_related("project").order_by("pk")
    return {
        "imports": [
            {
                "project": one.project.slug,
                "kind": one.kind,
                "file_name": one.file_name,
                "state": one.state,
                "at": one.created_at,
            }
            for one in imports
        ],
        "recordings": [
            {
                "project": one.project.slug,
                "sha256": one.sha256,
                "media_type": one.media_type,
                "at": one.created_at,
            }
            for one in recordings_of(user).select_related("project").order_by("pk")
        ],
    }


def erase(leaving: Leaving) -> None:
    """A voice is a person. Call it after labeling's step, which lets go of the recordings."""
    places = list(recordings_of(leaving.user).values_list("project_id", "sha256"))
    leaving.counts["recordings"] += len(places)
    recordings_of(leaving.user).delete()
    for project_id, sha256 in places:
        transaction.on_commit(partial(path_of(project_id, sha256).unlink, missing_ok=True))
    named = Import.objects.filter(created_by=leaving.user).exclude(file_name="")
    leaving.counts["file_names"] += named.update(file_name="")
