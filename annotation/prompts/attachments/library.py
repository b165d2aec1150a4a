"""A project's attachments as the lines of a file refer to them, by hash or by name.

With a folder, names are looked for there first; what lines refer to is taken in by `keep`, when
all of the file is known to be right.
"""

from collections.abc import Callable
from pathlib import Path

from annotation.core.errors import DomainError
from annotation.prompts.attachments.services import attach, examine, measure, path_of
from annotation.prompts.models import Attachment

Purpose = Attachment.Purpose
_FEW = 3  # is more than one, and enough to say so


class Library:
    def __init__(self, project, folder: Path | None = None):
        self._project = project
        self._folder = folder.resolve() if folder else None
        self._looks: dict[str, Callable[[str], str]] = {
            "sha256": lambda sha256: self._look_for_sha256(sha256, purpose=Purpose.CONTENT),
            "recording": self._look_for_sha256,
            "name": self._look_for_name,
        }
        self._found: dict[tuple[str, str], str | DomainError] = {}
        self._wanted: dict[str, Path] = {}  # by hash: what `keep` takes in

    def by_sha256(self, sha256: str) -> str:
        """The same hash. DomainError where the project has no such content."""
        return self._once("sha256", sha256)

    def recording(self, sha256: str) -> str:
        """The same for what somebody said."""
        return self._once("recording", sha256)

    def by_name(self, name: str) -> str:
        """The hash of the file with that name. DomainError: none, several, or none we take."""
        return self._once("name", name)

    def keep(self, actor) -> int:
        """Take in what was found in the folder. Inside the transaction of the import. Returns how
        many were new."""
        added = 0
        for sha256, path in self._wanted.items():
            with path.open("rb") as stream:
                row, is_new = attach(
                    project=self._project, stream=stream, actor=actor, name=self._name_of(path)
                )
            if row.sha256 != sha256:
                raise DomainError(f"{self._name_of(path)} was changed while it was read.")
            added += is_new
        return added

    def drop(self) -> None:
        """After that transaction was rolled back: the files it had put in place already."""
        for sha256 in self._wanted:
            if not Attachment.objects.filter(project=self._project, sha256=sha256).exists():
                path_of(self._project.pk, sha256).unlink(missing_ok=True)

    def _once(self, way: str, asked: str) -> str:
        key = (way, asked)
        if key not in self._found:
            try:
                self._found[key] = self._looks[way](asked)
            except DomainError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, DomainError):
            raise found
        return found

    def _look_for_sha256(self, sha256: str, **purpose: str) -> str:
        rows = Attachment.objects.filter(project=self._project, sha256=sha256, **purpose)
        if not rows.exists():
            raise DomainError("the project has no attachment with this hash")
        return sha256

    def _look_for_name(self, name: str) -> str:
        if self._folder and (path := self._path(name)):
            row = Attachment(project=self._project)
            with path.open("rb") as stream:
                examine(stream, row)
            measure(path, row)
            self._wanted[row.sha256] = path
            return row.sha256
        rows = Attachment.objects.filter(project=self._project, name=name, purpose=Purpose.CONTENT)
        found = list(rows.values_list("sha256", flat=True)[:_FEW])
        if not found:
            raise DomainError("the project has no attachment with this name")
        if len(found) > 1:
            raise DomainError("several attachments have this name: give the sha256 of one")
        return found[0]

    def _path(self, name: str) -> Path | None:
        """The file below the folder, never outside of it, whatever the name or a link says."""
        try:
            path = (self._folder / name).resolve()  # type: ignore[operator]
            is_there = path.is_relative_to(self._folder) and path.is_file()  # type: ignore[arg-type]
        except (OSError, ValueError):
            return None
        return path if is_there else None

    def _name_of(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()  # type: ignore[arg-type]
