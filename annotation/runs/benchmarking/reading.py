"""A file in RewardBench's format, checked line by line as it comes in. Pure but for its stream.

Whatever passes here is read by `training.benchmark`, which has the same rules; only what would
make figures that nobody can look through is bounded here.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core.errors import DomainError, TooLarge
from annotation.core.numbers import grouped
from annotation.core.strict_json import JSONProblem, LineReader, line_value

MOST_COMPARISONS = 25_000
MOST_SUBSETS = 200
LONGEST_SUBSET = 100
PACKED = gettext_lazy("This file is packed: unpack it, and send the JSON Lines in it.")
# What other kinds of file begin with.
KINDS = {
    b"PAR1": gettext_lazy(
        "This is a Parquet file, and JSON Lines are taken here: write it as those, a comparison "
        "a line. `manage.py evaluate_reward` reads Parquet, too."
    ),
    b"\x1f\x8b": PACKED,
    b"PK\x03\x04": PACKED,
    b"\x28\xb5\x2f\xfd": PACKED,
}
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Read:
    """What a file turned out to be."""

    sha256: str
    byte_count: int
    comparison_count: int
    subset_count: int


class _Copied:
    """A stream that copies and hashes what is read of it. TooLarge above `most` bytes."""

    def __init__(self, stream: IO[bytes], write: Callable[[bytes], Any], most: int):
        self.stream, self.write, self.most = stream, write, most
        self.digest, self.size = hashlib.sha256(), 0

    def readline(self, size: int = -1) -> bytes:
        line = self.stream.readline(size)
        if not self.size and line.startswith(tuple(KINDS)):
            raise DomainError(next(str(KINDS[sign]) for sign in KINDS if line.startswith(sign)))
        self.size += len(line)
        if self.size > self.most:
            mib = grouped(round(self.most / 2**20))
            raise TooLarge(_("The file is larger than %(count)s MiB.") % {"count": mib})
        self.digest.update(line)
        self.write(line)
        return line


def read_file(
    stream: IO[bytes], *, most_bytes: int, write: Callable[[bytes], Any] = lambda line: None
) -> Read:
    """Read a file to its end, `write` what was read. DomainError with line and field of the first
    row that is none."""
    copied = _Copied(stream, write, most_bytes)
    count, subsets = 0, set()
    for line in LineReader(copied):  # type: ignore[arg-type]  readline is all it asks for
        subsets.add(_subset_of_row(line_value(line), line.number))
        count += 1
        if count > MOST_COMPARISONS:
            raise _wrong(line.number, "", f"at most {MOST_COMPARISONS:,} comparisons are taken")
        if len(subsets) > MOST_SUBSETS:
            raise _wrong(line.number, "subset", f"at most {MOST_SUBSETS} subsets are told apart")
    if not count:
        raise DomainError(_("The file is empty."))
    return Read(copied.digest.hexdigest(), copied.size, count, len(subsets - {""}))


def _wrong(line: int, field: str, reason: str) -> JSONProblem:
    return JSONProblem(reason, line=line, field=field)


def _subset_of_row(row: Any, line: int) -> str:
    """The row's subset, once all of it is as it must be."""
    if not isinstance(row, dict):
        raise _wrong(line, "", "is no object")
    _check_prompt(row.get("prompt"), line)
    chosen, rejected = (_response(row.get(name), name, line) for name in ("chosen", "rejected"))
    if chosen == rejected:
        raise _wrong(line, "rejected", "is the same text as chosen")
    field = "subset" if row.get("subset") else "category"
    subset = row.get(field) or ""
    if not isinstance(subset, str):
        raise _wrong(line, field, "must be a text")
    if len(subset) > LONGEST_SUBSET:
        raise _wrong(line, field, f"has at most {LONGEST_SUBSET} characters")
    return subset


def _check_prompt(given: Any, line: int) -> None:
    if isinstance(given, str) and given.strip():
        return
    if not isinstance(given, list) or not given:
        raise _wrong(line, "prompt", "must be a text or a list of messages")
    for at, message in enumerate(given):
        _check_message(message, f"prompt[{at}]", line)


def _check_message(given: Any, field: str, line: int) -> None:
    if not isinstance(given, dict) or given.get("role") not in ROLES:
        raise _wrong(line, field, f"must have a role of {', '.join(ROLES)}")
    if not isinstance(given.get("content"), str):
        raise _wrong(line, f"{field}.content", "must be a text")


def _response(given: Any, field: str, line: int) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, list) and given:
        place = f"{field}[{len(given) - 1}]"
        _check_message(given[-1], place, line)
        if given[-1]["role"] == "assistant":
            return given[-1]["content"]
    raise _wrong(line, field, "must be a text, or messages that end with the assistant's")
