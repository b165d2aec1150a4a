"""JSON as the world sends it, read strictly: the same value for every reader, or an error.

The parser of the standard library takes NaN, turns 1e999 into infinity, lets the last of two
equal keys win, and meets 100,000 brackets with RecursionError. Here each of these is a
JSONProblem with its position.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from annotation.core import text as text_rules
from annotation.core.errors import DomainError, TooLarge

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_INTEGER = 2**53  # beyond it two neighbouring integers look the same to half of all readers

_BOM = b"\xef\xbb\xbf"
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[][{},:]|[^][{}",:\s]++', re.DOTALL)
_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[][{}]', re.DOTALL)
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_MAX_INTEGER_CHARS = len(str(-MAX_INTEGER))


class JSONProblem(DomainError):
    """Not the JSON we take. `reason` is half a sentence; `field` or a position says where."""

    def __init__(
        self, reason: str, *, line: int | None = None, column: int | None = None, field: str = ""
    ):
        self.reason, self.line, self.column, self.field = reason, line, column, field
        parts = [
            f"line {line}" if line else "",
            f"column {column}" if column else "",
            field,
        ]
        where = ", ".join(part for part in parts if part)
        super().__init__(f"{where}: {reason}" if where else reason[0].upper() + reason[1:])


class _Refused(ValueError):
    """Raised inside the parser's hooks, which are not told the position."""


def loads(
    data: bytes | str,
    *,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    storable: bool = True,
) -> Any:
    """The value of one JSON text.

    `storable` also refuses NUL and lone surrogates in any text or key, which JSON can spell and
    the database cannot keep. Raises JSONProblem, or TooLarge above `max_bytes`.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"The JSON has {len(data):,} bytes; at most {max_bytes:,} are taken.")
    source = _decoded(data) if isinstance(data, bytes) else data
    if source.startswith("\ufeff"):
        raise JSONProblem("starts with a byte order mark", line=1, column=1)
    if source.count("[") + source.count("{") > max_depth:
        _refuse_depth(source, max_depth)
    try:
        value = _DECODER.decode(source)
    except json.JSONDecodeError as error:
        raise _at(source, error.pos, _said_plainly(error, source)) from None
    except _Refused as error:
        raise _at(source, _refused_at(source), str(error)) from None
    if storable and (_SUSPECT.search(source) or not isinstance(data, bytes)):
        _refuse_unstorable(value, "")
    return value


def canonical(value: Any) -> bytes:
    """The one spelling of a value, for hashes: sorted keys, no spaces, UTF-8, text untouched.

    1 and 1.0 are two values here, as they are in the files: hash what was stored, not an
    equal-looking relative.
    """
    return _CANONICAL.encode(value).encode()


# Made once: json.dumps would make one for each of a dataset's lines.
_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


class Line(NamedTuple):
    """One line of a JSON Lines file. `data` is without its ending and None if too long."""

    number: int
    data: bytes | None
    is_cut: bool  # the last line, without a line ending: perhaps cut in the middle


class LineReader:
    """The lines of a binary stream, one at a time, whatever its size; blank lines are skipped.

    After the walk `byte_count`, `line_count`, `blank_count` and `had_bom` say what was read. A
    byte order mark is tolerated at the start of the file and nowhere else.
    """

    def __init__(self, stream: BinaryIO, *, max_line: int = MAX_BYTES):
        self._stream, self._max_line = stream, max_line
        self.byte_count = self.line_count = self.blank_count = 0
        self.had_bom = False

    def __iter__(self) -> Iterator[Line]:
        readline, limit = self._stream.readline, self._max_line + 1
        while raw := readline(limit):
            self.line_count += 1
            self.byte_count += len(raw)
            is_ended = raw.endswith(b"\n")
            if not is_ended and len(raw) == limit:
                yield Line(self.line_count, None, not self._skip_rest())
                continue
            if self.line_count == 1 and raw.startswith(_BOM):
                self.had_bom, raw = True, raw[3:]
            if raw.isspace() or not raw:
                self.blank_count += 1
                continue
            yield Line(self.line_count, raw.rstrip(b"\r\n"), not is_ended)

    def _skip_rest(self) -> bool:
        """Reads past a line that is too long, in pieces; True if it was ended."""
        while raw := self._stream.readline(self._max_line):
            self.byte_count += len(raw)
            if raw.endswith(b"\n"):
                return True
        return False


def line_value(line: Line, *, max_bytes: int = MAX_BYTES) -> Any:
    """The value of one line, or a JSONProblem whose `line` is the file's line number."""
    if line.data is None:
        raise JSONProblem(f"the line is longer than {max_bytes:,} bytes", line=line.number)
    try:
        return loads(line.data, max_bytes=max_bytes)
    except JSONProblem as problem:
        if line.is_cut and problem.column and problem.column > 1:
            problem.reason += "; the file ends in the middle of this line"
        raise JSONProblem(
            problem.reason, line=line.number, column=problem.column, field=problem.field
        ) from None


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # Everything before the first bad byte is good, so the position can be told in characters.
        before = data[: error.start].decode("utf-8")
        reason = f"is not UTF-8 (byte 0x{data[error.start]:02X})"
        raise _at(before, len(before), reason) from None


def _at(source: str, position: int, reason: str) -> JSONProblem:
    line_start = source.rfind("\n", 0, position) + 1
    line = source.count("\n", 0, position) + 1
    return JSONProblem(reason, line=line, column=position - line_start + 1)


def _said_plainly(error: json.JSONDecodeError, source: str) -> str:
    if not source.strip(" \t\r\n"):
        return "is empty"
    if error.msg == "Extra data":
        return "has more text after the end of the value"
    said = error.msg.removesuffix(" at")
    return f"is not valid JSON ({said[0].lower()}{said[1:]})"


def _refuse_depth(source: str, max_depth: int) -> None:
    depth = 0
    for match in _BRACKETS.finditer(source):
        mark = match[0]
        if mark in "[{":
            depth += 1
            if depth > max_depth:
                reason = f"is nested deeper than {max_depth} levels"
                raise _at(source, match.start(), reason)
        elif mark in "]}":
            depth -= 1


def _integer(digits: str) -> int:
    # The length first: Python itself refuses more than 4,300 digits, for good reason.
    if len(digits) <= _MAX_INTEGER_CHARS:
        value = int(digits)
        if -MAX_INTEGER <= value <= MAX_INTEGER:
            return value
    raise _Refused(f"{_short(digits)} is outside ±2^53, where integers are exact")


def _float(digits: str) -> float:
    value = float(digits)
    if value - value != 0:
        raise _Refused(f"{_short(digits)} is too large for a number")
    return value


def _constant(name: str) -> None:
    raise _Refused(f"{name} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused(f"the key {json.dumps(key)} appears twice in one object")
            seen.add(key)
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
)


def _short(digits: str) -> str:
    return digits if len(digits) <= 30 else f"{digits[:20]}… ({len(digits)} digits)"


def _refused_at(source: str) -> int:
    """Finds again, on the way to an error only, what a hook refused without being told where."""
    open_keys: list[set[str] | None] = []
    last_string, last_start = "", 0
    for match in _TOKENS.finditer(source):
        mark = match[0]
        if mark[0] == '"':
            last_string, last_start = mark, match.start()
        elif mark == "{":
            open_keys.append(set())
        elif mark == "[":
            open_keys.append(None)
        elif mark in "]}":
            open_keys.pop()
        elif mark == ":":
            keys = open_keys[-1]
            key = json.loads(last_string, strict=False)
            if keys is None or key in keys:
                return last_start
            keys.add(key)
        elif mark != "," and _is_refused(mark):
            return match.start()
    return len(source)


def _is_refused(mark: str) -> bool:
    try:
        _DECODER.decode(mark)
    except ValueError:
        return True
    return False


def _refuse_unstorable(value: Any, path: str) -> None:
    """Recursion is bounded: the depth has been checked."""
    if isinstance(value, str):
        if reason := text_rules.problem(value):
            raise JSONProblem(reason, field=path)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            _refuse_unstorable(element, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, element in value.items():
            if reason := text_rules.problem(key):
                raise JSONProblem(f"a key {reason}", field=path)
            _refuse_unstorable(element, f"{path}.{key}" if path else key)
