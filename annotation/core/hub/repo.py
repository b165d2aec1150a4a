"""A repository on the Hub, and files put into it by one commit: all of them, or none.

https://huggingface.co/docs/hub/api, and what its own client sends.
"""

import base64
import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from django.utils.translation import gettext_noop

from annotation.core.hub import large
from annotation.core.hub.asking import NOT_ALLOWED, STRANGE, Hub, HubError, read, told
from annotation.core.outgoing import Arrived, Outgoing, Teller

BRANCH = "main"
SAMPLE = 512  # bytes that the Hub looks at to tell text from the rest
MOST_IN_COMMIT = 8 * 1024 * 1024  # of a file that is no LFS object; larger ones are made one
COMMIT = re.compile(r"[0-9a-f]{40,64}", re.ASCII)
NDJSON = "application/x-ndjson"
NOT_WHOLE = gettext_noop("What the Hub shows after the commit is not what was sent.")
READS_ONLY = gettext_noop("The token may only read: make one that may write to this repository.")


@dataclass(frozen=True)
class Entry:
    """A file of the repository. `oid`: git's hash of it, or the sha256 of an LFS object."""

    size: int
    oid: str


@dataclass(frozen=True)
class Repo:
    hub: Hub
    kind: Literal["dataset", "model"]
    name: str  # namespace/name

    @property
    def api(self) -> str:
        return f"/api/{self.kind}s/{self.name}"

    @property
    def path(self) -> str:
        """In addresses for people and for git: models have no folder of their own."""
        return f"datasets/{self.name}" if self.kind == "dataset" else self.name

    def head(self) -> str | None:
        """The newest commit; None where there is no such repository for this token."""
        answer = self.hub.ask("GET", self.api, allowed=(404,))
        return None if answer.status == 404 else _commit_of(read(answer), "sha")

    def create(self) -> None:
        """Private: who may see it is said on the Hub."""
        namespace, _, name = self.name.partition("/")
        said = {"type": self.kind, "organization": namespace, "name": name, "private": True}
        self.hub.ask(
            "POST",
            "/api/repos/create",
            body=json.dumps(said).encode(),
            headers={"content-type": "application/json"},
            allowed=(409,),  # somebody else made it at this moment
        )

    def entries(self, names: Collection[str], revision: str) -> dict[str, Entry]:
        """Those of the names that are there at that commit."""
        query = [("paths", name) for name in names] + [("expand", "false")]
        answer = self.hub.ask(
            "POST",
            f"{self.api}/paths-info/{revision}",
            body=urlencode(query).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        found = {}
        for one in told(read(answer), of=list):
            if told(one, "type") == "file":
                oid = told(one, "lfs", "oid") if one.get("lfs") else told(one, "oid")
                found[told(one, "path")] = Entry(told(one, "size", of=int), oid)
        return found

    def check(self) -> bool:
        """Whether the repository is there. Raises where the token is no use."""
        who = self.hub.ask_json("GET", "/api/whoami-v2")
        token = (who.get("auth") or {}).get("accessToken") or {} if isinstance(who, dict) else {}
        if isinstance(token, dict) and token.get("role") == "read":
            raise HubError(READS_ONLY)
        return self.head() is not None

    def push(
        self,
        files: Sequence[Outgoing],
        *,
        summary: str,
        former: Collection[str] = (),
        teller: Teller | None = None,
    ) -> Arrived:
        """Put the files into one commit and take those of the `former` names out that are not
        among them. What is there as it should be stays; where all is, there is no commit."""
        teller = teller or Teller()
        head = self.head()
        if head is None:
            self.create()
            head = self._needed_head()
        names = {file.name for file in files}
        there = self.entries({*names, *former}, head)
        new = [file for file in files if not _is(there.get(file.name), file)]
        gone = sorted(set(there) - names)
        if new or gone:
            lines = self._uploaded(new, len(files), teller)
            lines += [{"key": "deletedFile", "value": {"path": name}} for name in gone]
            head = self._commit(lines, summary, head)
            self._check_commit(files, head)
        teller.files(len(files), len(files))
        url = f"{self.hub.origin}/{self.path}/tree/{head}"
        return Arrived(place=f"{self.hub.origin}/{self.path}", url=url, revision=head)

    def _needed_head(self) -> str:
        found = self.head()
        if found is None:
            raise HubError(NOT_ALLOWED)
        return found

    def _uploaded(self, files: list[Outgoing], total: int, teller: Teller) -> list[dict[str, Any]]:
        """The commit's line of each file, the large ones uploaded before."""
        big = self._large(files)
        by_sha256 = {file.sha256: file for file in big.values()}  # the same bytes go once
        offers = large.offers(self.hub, self.path, list(by_sha256.values())) if by_sha256 else {}
        done, lines = total - len(files), []
        for file in files:
            teller.files(done, total)
            if file.name in big:
                large.put(self.hub, file, offers.pop(file.sha256, {}), teller.alive)
            lines.append(_line(file, is_large=file.name in big))
            done += 1
        return lines

    def _large(self, files: list[Outgoing]) -> dict[str, Outgoing]:
        """Those that the Hub keeps as LFS objects."""
        asked = [
            {
                "path": file.name,
                "size": file.size,
                "sample": base64.b64encode(_beginning(file.path)).decode(),
            }
            for file in files
        ]
        url = f"{self.api}/preupload/{BRANCH}"
        answer = self.hub.ask_json("POST", url, {"files": asked}) if asked else {"files": []}
        modes = {
            told(one, "path"): told(one, "uploadMode") for one in told(answer, "files", of=list)
        }
        return {
            file.name: file
            for file in files
            if told(modes, file.name) == "lfs" or file.size > MOST_IN_COMMIT
        }

    def _commit(self, lines: list[dict[str, Any]], summary: str, parent: str) -> str:
        """On top of `parent` alone: of two pushes at once the later is told so."""
        header = {"key": "header", "value": {"summary": summary, "parentCommit": parent}}
        body = b"".join(json.dumps(line).encode() + b"\n" for line in [header, *lines])
        answer = self.hub.ask(
            "POST",
            f"{self.api}/commit/{BRANCH}",
            body=body,
            headers={"content-type": NDJSON, "accept": "application/json"},
        )
        return _commit_of(read(answer), "commitOid")

    def _check_commit(self, files: Sequence[Outgoing], commit: str) -> None:
        there = self.entries([file.name for file in files], commit)
        if not all(_is(there.get(file.name), file) for file in files):
            raise HubError(NOT_WHOLE)


def _commit_of(answer: Any, name: str) -> str:
    found: str = told(answer, name)
    if not COMMIT.fullmatch(found):
        raise HubError(STRANGE)
    return found


def _line(file: Outgoing, *, is_large: bool) -> dict[str, Any]:
    if is_large:
        value = {"path": file.name, "algo": "sha256", "oid": file.sha256, "size": file.size}
        return {"key": "lfsFile", "value": value}
    content = base64.b64encode(file.path.read_bytes()).decode()
    value = {"path": file.name, "content": content, "encoding": "base64"}
    return {"key": "file", "value": value}


def _is(entry: Entry | None, file: Outgoing) -> bool:
    if entry is None or entry.size != file.size:
        return False
    return entry.oid == file.sha256 or (
        file.size <= MOST_IN_COMMIT and entry.oid == _git_oid(file.path)
    )


def _git_oid(path: Path) -> str:
    """What git calls these bytes."""
    content = path.read_bytes()
    whole = b"blob %d\0" % len(content) + content
    return hashlib.sha1(whole, usedforsecurity=False).hexdigest()


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SAMPLE)
