"""A published model as one file: a tar, streamed, for weights do not compress and do not fit
into memory."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import DomainError
from annotation.runs.models import ModelVersion

PIECE = 1 << 20
END = bytes(2 * tarfile.BLOCKSIZE)
Member = tuple[bytes, Path, int]


def folder_of(version: ModelVersion) -> Path:
    return settings.DATA_DIR / version.artifact


def download(version: ModelVersion, *, actor) -> StreamingHttpResponse:
    """The whole folder as <name>-<hash>.tar, told to the audit trail."""
    members = members_of(version)
    audit.record(
        "model_version.downloaded",
        actor=actor,
        project=version.project,
        target=f"model_version:{version.pk}",
        name=version.name,
        sha256=version.sha256,
    )
    response = StreamingHttpResponse(pieces(members), content_type="application/x-tar")
    response.headers["Content-Length"] = str(size_of(members))
    response.headers["Content-Disposition"] = f'attachment; filename="{_name(version)}.tar"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def members_of(version: ModelVersion) -> list[Member]:
    """(header, file, size) of each published file. DomainError where the files are gone."""
    folder = folder_of(version)
    if not (folder / "manifest.json").is_file():
        raise DomainError(
            _("The files of “%(name)s” are not where they were registered.")
            % {"name": version.name}
        )
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [_member(version, folder, path) for path in found]


def _member(version, folder, path) -> Member:
    info = tarfile.TarInfo(f"{_name(version)}/{path.relative_to(folder).as_posix()}")
    info.size = path.stat().st_size
    info.mode = 0o644
    info.mtime = int(version.created_at.timestamp())
    return info.tobuf(tarfile.PAX_FORMAT), path, info.size


def _name(version) -> str:
    return f"{slugify(version.name) or version.kind}-{version.sha256[:12]}"


def size_of(members: list[Member]) -> int:
    return sum(len(header) + size + _padding(size) for header, _path, size in members) + len(END)


def _padding(size: int) -> int:
    return -size % tarfile.BLOCKSIZE


def pieces(members: list[Member]) -> Iterator[bytes]:
    """The bytes of the tar. What is published never changes, so the sizes still hold."""
    for header, path, size in members:
        yield header
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
        yield bytes(_padding(size))
    yield END
