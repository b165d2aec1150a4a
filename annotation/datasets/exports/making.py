"""Writing the file of an export, whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from django.utils.translation import gettext_noop

from annotation.core import jobs
from annotation.core.hashing import sha256_of_value
from annotation.core.outgoing import told_when_full
from annotation.datasets import store
from annotation.datasets.card import card_of
from annotation.datasets.exporting import (
    NoRows,
    check_whole,
    guidelines_of,
    reader,
    written,
    zipped,
)
from annotation.datasets.exports.kept import folder
from annotation.datasets.exports.wanted import Wanted
from annotation.datasets.formats.writing import FORMAT, write_split
from annotation.datasets.models import Dataset
from annotation.datasets.voices import Voices, read_voices

PACKING = gettext_noop("Packing the files")
EVERY = 1.0  # seconds


class Listener:
    """Counts the prompts that were read, and tells the job about once a second; nobody where
    somebody waits for the file itself."""

    def __init__(self, claim: jobs.Claim | None = None):
        self._claim, self._told = claim, monotonic()
        self._prompts: set[str] = set()

    def __call__(self, prompt_sha256: str = "") -> None:
        if self._claim is None:
            return
        if prompt_sha256:
            self._prompts.add(prompt_sha256)
        if monotonic() - self._told >= EVERY:
            self._told = monotonic()
            self._claim.progress(done=len(self._prompts))

    def note(self, words: str) -> None:
        if self._claim is not None:
            self._claim.progress(note=words)


class Recipe:
    """One file of a dataset, and what it is made of. Frozen rows never change, but the card tells
    the licence and the figures of the day: where `key` is the same, so are the bytes."""

    def __init__(self, dataset: Dataset, wanted: Wanted):
        self.dataset, self.wanted = dataset, wanted
        self._voices: Voices | None = None
        said = [FORMAT, dataset.hash, wanted.form.key, wanted.split, wanted.as_parquet]
        if not wanted.split:
            self._voices = read_voices(dataset)
            card = card_of(dataset, wanted.form, voices=self._voices)
            said += [card, guidelines_of(dataset), f"{dataset.created_at:%c}"]
        self.key = sha256_of_value(said)

    @contextmanager
    def made(self, heard: Listener) -> Iterator[Path]:
        """The file beside where it shall lie; gone afterwards unless it was kept."""
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        with told_when_full():
            handle, name = tempfile.mkstemp(prefix=store.PART, dir=folder())
            os.close(handle)
            part = Path(name)
            try:
                self._write(part, heard)
                with part.open("rb") as file:
                    os.fsync(file.fileno())
                yield part
            finally:
                part.unlink(missing_ok=True)

    def _write(self, part: Path, heard: Listener) -> None:
        dataset, wanted = self.dataset, self.wanted
        if wanted.split:
            check_whole(dataset)
            frozen = reader(dataset, heard=heard)
            if not write_split(
                frozen, wanted.form, wanted.split, part, as_parquet=wanted.as_parquet
            ):
                raise NoRows(is_split=True)
            return
        with written(
            dataset,
            wanted.form,
            as_parquet=wanted.as_parquet,
            beside=folder(),  # the same disk as the file, and where the leavings are swept
            heard=heard,
            voices=self._voices,
        ) as (inside, _record):
            heard.note(PACKING)
            with part.open("wb") as file:
                zipped(inside, file, at=dataset.created_at, alive=heard)
