"""Handing a dataset's file out: as a download, never as something that a browser would run."""

from django.http import FileResponse

from annotation.core import audit
from annotation.datasets import store
from annotation.datasets.models import Dataset

TYPES = {".json": "application/json", ".jsonl": "application/x-ndjson"}


def action_for(name: str) -> str:
    """What one must be allowed to do to have a file. The manifest has counts and hashes alone; the
    others are an export, and rankings.jsonl says who judged what."""
    return "see_datasets" if name == store.MANIFEST else "export"


def file_response(dataset: Dataset, name: str, *, actor) -> FileResponse:
    """Streamed from the file. NotFound for a name that the manifest does not list."""
    file = store.open_file(dataset.folder, dataset.manifest, name)
    audit.record(
        "dataset.downloaded",
        actor=actor,
        project=dataset.project,
        target=f"dataset:{dataset.pk}",
        file=name,
    )
    response = FileResponse(
        file,
        as_attachment=True,
        filename=f"{dataset.short_hash}.{name}",
        content_type=TYPES[name[name.rindex(".") :]],
    )
    # Its content never changes, and only members of the project may keep a copy of it.
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
