"""A model version at work in the foreground, by a child of our own: behind HTTP, for trying it
(`training.serve`), or asked once and waited for."""

import os
import signal
import subprocess
import sys
from typing import IO

from django.conf import settings

from annotation.core.children import OFFLINE, PASSED_ON
from annotation.core.embedded.child import die_with_parent
from annotation.core.errors import DomainError
from annotation.runs import services
from annotation.runs.models import ModelVersion
from annotation.runs.registry import keeping

KEY = "CONCORD_SERVE_KEY"


def start(
    version: ModelVersion,
    *,
    port: int,
    host: str = "127.0.0.1",
    stdout: int | IO[str] | None = None,
) -> subprocess.Popen[str]:
    """Start the server of a registered model. It dies with this process, and knows no secret of
    ours but the key that its own clients bring."""
    words = ["--sha256", version.sha256, "--host", host, "--port", str(port)]
    return _begin("training.serve", version, words, stdout=stdout)


def ask(module: str, version: ModelVersion, words: list[str]) -> tuple[int, str]:
    """Let a module of ours work with a registered model to its end: its exit status, and what it
    said on its error stream. Dies with this process."""
    child = _begin(module, version, words, stderr=subprocess.PIPE)
    _, said = child.communicate()
    return child.returncode, said


def _begin(
    module: str, version: ModelVersion, words: list[str], **streams: int | IO[str] | None
) -> subprocess.Popen[str]:
    if services.missing_libraries():
        raise DomainError(services.HOW_TO_INSTALL)
    services.check_files(version)
    keeping.ensure_on_disk(version)
    folder = settings.DATA_DIR / version.artifact
    home = settings.DATA_DIR / "serving"  # not ours, and not the published folder
    home.mkdir(parents=True, exist_ok=True)
    kept = {name: os.environ[name] for name in (*PASSED_ON, KEY) if name in os.environ}
    return subprocess.Popen(  # noqa: S603  our own entry point, never user text
        [sys.executable, "-m", module, str(folder.resolve()), *words],
        stdin=subprocess.DEVNULL,
        text=True,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509
        env={**kept, **OFFLINE, "HOME": str(home.resolve()), "PYTHONUNBUFFERED": "1"},
        cwd=settings.TRAINING_DIR,
        **streams,
    )
