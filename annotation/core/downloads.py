"""Files that people take with them: to keep, never something a browser would run."""

import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.http import FileResponse

JSON_LINES = "application/x-ndjson"
MOST_IN_MEMORY = 1 << 20


def attachment(pieces: Iterable[bytes], *, name: str, content_type: str) -> FileResponse:
    """The pieces as a file called `name`.

    They are written down before the first byte is sent: whoever reads slowly holds no transaction
    open, and what goes wrong half-way is an error instead of a file that ends too early.
    """
    whole: IO[bytes] = io.BytesIO()
    try:
        for piece in pieces:
            whole.write(piece)
            if isinstance(whole, io.BytesIO) and whole.tell() > MOST_IN_MEMORY:
                whole = _on_disk(whole)
    except BaseException:
        whole.close()
        raise
    size = whole.tell()
    whole.seek(0)
    response = FileResponse(whole, content_type=content_type, as_attachment=True, filename=name)
    response.headers["Content-Length"] = str(size)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _on_disk(written: io.BytesIO) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115  closed by the answer
    file.write(written.getbuffer())
    return file


def json_lines(rows: Iterable[Any]) -> Iterator[bytes]:
    """A line for each row, in UTF-8. No NaN: that is no JSON."""
    for row in rows:
        yield f"{json.dumps(row, ensure_ascii=False, allow_nan=False)}\n".encode()
