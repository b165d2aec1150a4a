"""Dataset folders on disk: written aside, flushed, renamed to their hash, never changed."""

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

from django.conf import settings

from annotation.core.errors import NotFound
from annotation.core.hashing import sha256_of_file, sha256_of_value
from annotation.core.strict_json import canonical
from annotation.datasets.policy import SPLITS
from annotation.datasets.tally import KINDS

FORMAT = "concord-dataset/1"
MANIFEST = "manifest.json"
FILES = (*(f"{kind}.{split}.jsonl" for kind in KINDS for split in SPLITS), "rankings.jsonl")
PART = ".part-"
STALE_SECONDS = 24 * 3600
MANY = 200  # lines looked through for rows to show


def root() -> Path:
    return Path(settings.DATA_DIR) / "datasets"


def folder_of(digest: str) -> Path:
    return root() / digest


class Staging:
    """A dataset being written: all its files open, each hashed while it grows."""

    def __init__(self, folder: Path, stack: ExitStack):
        self.folder = folder
        self._files = {
            name: stack.enter_context((folder / name).open("wb", buffering=256 * 1024))
            for name in FILES
        }
        self._sha256 = {name: hashlib.sha256() for name in FILES}
        self._rows = dict.fromkeys(FILES, 0)

    def write(self, name: str, make_row, *parts) -> None:
        line = canonical(make_row(*parts)) + b"\n"
        self._files[name].write(line)
        self._sha256[name].update(line)
        self._rows[name] += 1

    def seal(self, policy, counts: dict) -> dict:
        """Flush everything to the disk and write the manifest. Returns it, with its hash."""
        files = {}
        for name, file in self._files.items():
            files[name] = {
                "rows": self._rows[name],
                "bytes": file.tell(),
                "sha256": self._sha256[name].hexdigest(),
            }
            _flush(file)
        manifest = {
            "format": FORMAT,
            "policy": policy.as_json(),
            "counts": {**counts, "files": files},
        }
        manifest["hash"] = sha256_of_value(manifest)
        with (self.folder / MANIFEST).open("wb") as file:
            file.write(canonical(manifest) + b"\n")
            _flush(file)
        _flush_folder(self.folder)
        return manifest


@contextmanager
def staging():
    """A folder to write into; gone afterwards unless it was published."""
    root().mkdir(parents=True, exist_ok=True)
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PART, dir=root()))
    folder.chmod(0o755)
    try:
        with ExitStack() as stack:
            yield Staging(folder, stack)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, manifest: dict) -> bool:
    """Rename a sealed folder to its hash. False if a whole one is there already; a damaged one
    is replaced, for the bytes that belong under this name are known."""
    target = folder_of(manifest["hash"])
    if target.exists():
        if not problems(target, manifest):
            return False
        damaged = Path(tempfile.mkdtemp(prefix=PART, dir=root()))
        os.rename(target, damaged / "damaged")
        shutil.rmtree(damaged, ignore_errors=True)
    os.rename(folder, target)
    _flush_folder(root())
    return True


def remove(digest: str) -> None:
    shutil.rmtree(folder_of(digest), ignore_errors=True)


def problems(folder: Path, manifest: dict) -> list[str]:
    """What differs between a folder and the manifest of its row; empty if nothing does."""
    if not folder.is_dir():
        return ["The folder is missing."]
    found = []
    without_hash = {key: value for key, value in manifest.items() if key != "hash"}
    if sha256_of_value(without_hash) != manifest["hash"]:
        found.append("The manifest does not have the hash it names.")
    path = folder / MANIFEST
    if not path.is_file() or path.read_bytes() != canonical(manifest) + b"\n":
        found.append(f"{MANIFEST} is missing or was changed.")
    for name, expected in manifest["counts"]["files"].items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing.")
        elif path.stat().st_size != expected["bytes"]:
            found.append(f"{name} has {path.stat().st_size:,} bytes, not {expected['bytes']:,}.")
        elif sha256_of_file(path) != expected["sha256"]:
            found.append(f"{name} was changed: its hash differs.")
    listed = {MANIFEST, *manifest["counts"]["files"]}
    found += [f"{p.name} does not belong there." for p in folder.iterdir() if p.name not in listed]
    return found


def listed_files(manifest: dict) -> dict[str, dict]:
    """The manifest's files in their usual order, which the database does not keep."""
    files = manifest["counts"]["files"]
    return {name: files[name] for name in sorted(files, key=FILES.index)}


def open_file(folder: Path, manifest: dict, name: str):
    """A file of a dataset, open for reading. NotFound for whatever its manifest does not list:
    the name comes from outside, the list does not. A link in its place is not followed."""
    if name != MANIFEST and name not in manifest["counts"]["files"]:
        raise NotFound(f"This dataset has no file “{name}”.")
    try:
        return os.fdopen(os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    except OSError as error:
        raise NotFound(f"The file “{name}” is missing: the dataset is damaged.") from error


def first_rows(folder: Path, names: Iterable[str], count: int) -> list[dict]:
    """The first rows to read, one of each item, from the first of the files that has any; each
    with its `line`, such as preferences.train/1."""
    found: dict[str, dict] = {}
    for name in names:
        path = folder / name
        if not path.is_file():
            continue
        with path.open("rb") as file:
            for number, line in enumerate(islice(file, MANY), start=1):
                row = json.loads(line) | {"line": f"{path.stem}/{number}"}
                found.setdefault(row["item"], row)
                if len(found) == count:
                    return list(found.values())
    return list(found.values())


def _flush(file) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep() -> None:
    """Remove what a killed process left behind, long after it can still be at work."""
    for folder in root().glob(f"{PART}*"):
        try:
            age = time.time() - folder.stat().st_mtime
        except FileNotFoundError:
            continue  # just published or removed by its owner
        if age > STALE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
