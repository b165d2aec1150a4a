"""Files that are sent in parts where a part is asked for (RFC 9110, 14.2)."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

CHUNK_BYTES = 256 * 1024

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def read_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the byte after the last; None: send the whole. ValueError: no such bytes.

    Several ranges and what cannot be read are ignored, as the standard allows.
    """
    match = _ONE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise ValueError("the range lies outside of the file")
    return start, end


def ranged_response(request: HttpRequest, path: Path, sha256: str) -> HttpResponseBase:
    """The file, or the part of it that is asked for; nothing where the browser has it already. Its
    content never changes: the hash is its tag."""
    size, etag = path.stat().st_size, f'"{sha256}"'
    if _is_known(request.headers.get("If-None-Match", ""), etag):
        return _headed(HttpResponse(status=304), etag)
    is_same = request.headers.get("If-Range", etag) == etag
    try:
        wanted = read_range(request.headers.get("Range", "") if is_same else "", size)
    except ValueError:
        refused = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        return _headed(refused, etag)
    start, end = wanted or (0, size)
    answer = StreamingHttpResponse(_read(path, start, end))
    answer.headers["Content-Length"] = str(end - start)
    if wanted:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return _headed(answer, etag)


def _headed(answer, etag: str):
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["ETag"] = etag
    # The gzip middleware would change lengths and with them what a range means.
    answer.headers["Content-Encoding"] = "identity"
    return answer


def _is_known(header: str, etag: str) -> bool:
    """RFC 9110, 13.1.2: a list of tags, weak or strong, or `*` for any."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return etag in tags or "*" in tags


def _read(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while start < end and (chunk := file.read(min(CHUNK_BYTES, end - start))):
            start += len(chunk)
            yield chunk
