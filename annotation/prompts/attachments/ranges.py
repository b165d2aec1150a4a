"""The Range header (RFC 9110, 14.2). Pure."""

import re

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
