"""Which harness tasks there are: ours, and those in the operator's folder.

Read by the line, and never run: the web platform has neither YAML nor the harness. What a
definition means, and whether it is one, the training side finds out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

OURS = Path(__file__).parent / "tasks"
MOST_FILES = 2000
MOST_BYTES = 100_000
# At the beginning of a line: deeper ones are a group's parts.
NAMED = re.compile(r"^(task|group):[ \t]*[\"']?([\w.\-]+)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
VERSION = re.compile(r"^metadata:[^\n]*\n(?:[ \t]+[^\n]*\n)*?[ \t]+version:[ \t]*([^\s#]+)", re.M)
RUNS_CODE = re.compile(r"!function\b|^class:", re.MULTILINE)


@dataclass(frozen=True)
class Task:
    """One that can be ordered by its name."""

    name: str
    is_group: bool
    is_ours: bool
    version: str
    runs_code: bool


@dataclass(frozen=True)
class Catalogue:
    tasks: list[Task]
    # Why the operator's folder is not among them, or nothing.
    problem: str = ""

    @property
    def has_own(self) -> bool:
        return any(not task.is_ours for task in self.tasks)

    @property
    def names(self) -> list[str]:
        return [task.name for task in self.tasks]


def folders() -> list[Path]:
    """Where definitions are, the operator's last: of one name that one holds."""
    own = Path(settings.LM_EVAL_TASKS) if settings.LM_EVAL_TASKS else None
    return [OURS, *([own.resolve()] if own else [])]


def catalogue() -> Catalogue:
    found: dict[str, Task] = {}
    problem = ""
    for folder in folders():
        try:
            for task in _tasks_in(folder):
                found[task.name] = task
        except OSError as error:
            said = _("The folder of tasks %(folder)s cannot be read: %(cause)s.")
            problem = said % {"folder": folder, "cause": error.strerror}
    return Catalogue(sorted(found.values(), key=lambda task: (task.is_ours, task.name)), problem)


def _tasks_in(folder: Path) -> Iterator[Task]:
    next(folder.iterdir(), None)  # raises where it cannot be read; a glob would find nothing
    paths = sorted(folder.glob("**/*.yaml"))
    for path in paths[:MOST_FILES]:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES).decode(errors="replace")
        named = dict(NAMED.findall(text))
        name = named.get("group") or named.get("task")
        if name:
            version = VERSION.search(text)
            yield Task(
                name=name,
                is_group="group" in named,
                is_ours=folder == OURS,
                version=version[1] if version else "",
                runs_code=bool(RUNS_CODE.search(text)),
            )
