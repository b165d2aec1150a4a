"""Large files: put where the Hub's LFS says, in one piece or in parts. Nothing of it is visible
before a commit names it.

https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md, and the Hub's `multipart` transfer.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_noop

from annotation.core.egress import MOST_SECONDS, FileBody
from annotation.core.hub.asking import JSON, STRANGE, Hub, HubError, told
from annotation.core.outgoing import Outgoing

LFS = "application/vnd.git-lfs+json"
# One request has ten minutes; what is larger than this must come in parts.
MOST_IN_ONE = 4 * 1024**3
MOST_PARTS = 10_000
# What a storage may want said: nothing of how the request itself is sent.
MAY_SAY = re.compile(r"x-|authorization$|content-type$", re.IGNORECASE)
TOO_LARGE = gettext_noop("The Hub wants a file in one piece that is too large for one request.")


def offers(hub: Hub, repo_path: str, files: list[Outgoing]) -> dict[str, dict[str, Any]]:
    """By sha256: where each file goes. Without an `upload` the Hub has it already."""
    answer = hub.ask_json(
        "POST",
        f"/{repo_path}.git/info/lfs/objects/batch",
        {
            "operation": "upload",
            "transfers": ["basic", "multipart"],
            "hash_algo": "sha256",
            "objects": [{"oid": file.sha256, "size": file.size} for file in files],
        },
        kind=LFS,
    )
    found = {told(one, "oid"): one for one in told(answer, "objects", of=list)}
    for file in files:
        if "error" in found.get(file.sha256, {"error": ""}):
            raise HubError(STRANGE)
    return {
        oid: told(one, "actions", of=dict) if one.get("actions") else {}
        for oid, one in found.items()
    }


def put(hub: Hub, file: Outgoing, actions: dict[str, Any], alive: Callable[[], None]) -> None:
    """Send one file as offered, and have the Hub look at what arrived."""
    if "upload" not in actions:
        return
    action = told(actions, "upload", of=dict)
    header = told(action, "header", of=dict) if action.get("header") else {}
    if "chunk_size" in header:
        _put_parts(hub, file, told(action, "href"), header, alive)
    else:
        if file.size > MOST_IN_ONE:
            raise HubError(TOO_LARGE)
        hub.ask(
            "PUT",
            told(action, "href"),
            body=FileBody(file.path, file.size),
            headers={name: str(header[name]) for name in header if MAY_SAY.match(name)},
            seconds=MOST_SECONDS,
        )
    alive()
    if "verify" in actions:
        said = {"oid": file.sha256, "size": file.size}
        hub.ask(
            "POST",
            told(actions, "verify", "href"),
            body=json.dumps(said).encode(),
            headers={"content-type": LFS, "accept": LFS},
        )


def _put_parts(
    hub: Hub, file: Outgoing, end: str, header: dict[str, Any], alive: Callable[[], None]
) -> None:
    """Each part to its own address; `end` is told their tags and makes them one."""
    try:
        size = int(header["chunk_size"])
    except (TypeError, ValueError) as error:
        raise HubError(STRANGE) from error
    numbers = sorted((name for name in header if name.isdecimal()), key=int)
    if size < 1 or not len(numbers) == -(-file.size // size) <= MOST_PARTS:
        raise HubError(STRANGE)
    parts = []
    for place, name in enumerate(numbers):
        start = place * size
        body = FileBody(file.path, min(size, file.size - start), start)
        answer = hub.ask("PUT", told(header, name), body=body, seconds=MOST_SECONDS)
        parts.append({"partNumber": int(name), "etag": answer.headers.get("etag", "")})
        alive()
    said = json.dumps({"oid": file.sha256, "parts": parts}).encode()
    hub.ask("POST", end, body=said, headers={"content-type": JSON, "accept": LFS})
