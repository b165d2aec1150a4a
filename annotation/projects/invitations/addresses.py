"""Addresses as a lead pastes or uploads them: one a line, or a CSV with a header. Pure: text in,
who is to be invited and what is wrong with which line out."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.core.numbers import grouped
from annotation.core.text import problem as unstorable
from annotation.core.text import reveal_invisible
from annotation.projects.models import Membership

MOST = 500
MAX_BYTES = 1024 * 1024
# What a spreadsheet calls them, in the two languages that we speak.
COLUMNS = {
    "email": "email",
    "e-mail": "email",
    "mail": "email",
    "e-mail-adresse": "email",
    "role": "role",
    "rolle": "role",
    "handle": "handle",
    "language": "pool",
    "sprache": "pool",
    "skill": "pool",
    "domain": "pool",
    "pool": "pool",
    "pools": "pool",
}
# A handle stands in exports and spreadsheets: it begins with a letter or a digit, never as a
# formula would.
HANDLE = re.compile(r"\w[\w .@+-]{0,149}")
MAX_POOL = 80
# Letters that the older and the newer rules of domain names turn into different domains.
AMBIGUOUS = frozenset("ßς\u200c\u200d")
_valid_address = EmailValidator(allowlist=[])


@dataclass(frozen=True)
class Invitee:
    line: int
    email: str
    role: str = ""  # empty: the one that the page says
    handle: str = ""
    pools: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    line: int
    said: str  # the text in question
    sentence: str


@dataclass
class Listed:
    invitees: list[Invitee] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)  # columns that mean nothing to us


def text_of(data: bytes) -> str:
    """A file's text. DomainError for what is none."""
    if len(data) > MAX_BYTES:
        raise DomainError(_("The file is larger than a mebibyte: at most 500 people at once."))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DomainError(
            _("Line %(line)s: the file is not UTF-8. Save it as “CSV UTF-8”.")
            % {"line": grouped(line)}
        ) from error


def listed(text: str) -> Listed:
    """Whom the text names. DomainError for a text that is no list at all."""
    text = text.removeprefix("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")
    rows = _csv_rows if _is_header(first) else _pasted_rows
    found = Listed()
    seen: dict[str, int] = {}
    handles: dict[str, int] = {}
    for count, (line, values) in enumerate(rows(text, found), start=1):
        if count > MOST:
            raise DomainError(
                _("These are more than %(most)s people. Invite at most so many at once.")
                % {"most": grouped(MOST)}
            )
        _take(found, line, values, seen, handles)
    if not found.invitees and not found.problems:
        raise DomainError(_("There is no address in it."))
    return found


def address_of(text: str) -> str:
    """The address as it is kept: lower case, and its domain as mail servers write it, which also
    shows a letter that only looks like another. ValueError for what is no address."""
    name, _at, domain = text.strip().lower().rpartition("@")
    if AMBIGUOUS & set(domain):
        raise ValueError(text)
    try:
        address = f"{name}@{domain.encode('idna').decode('ascii')}"
        _valid_address(address)
    except (ValidationError, UnicodeError) as error:
        raise ValueError(text) from error
    if len(name) > 64 or len(address) > 254 or "[" in domain:
        raise ValueError(text)
    return address


def _take(found, line, values, seen, handles) -> None:
    """One row: an invitee, or a problem with its line."""
    said = values["email"].strip()

    def wrong(sentence):
        found.problems.append(Problem(line, reveal_invisible(said[:120]), sentence))

    if any(unstorable(value) for value in values.values()):
        return wrong(_("There is a character in it that cannot be stored."))
    try:
        email = address_of(said)
    except ValueError:
        return wrong(_("This is no e-mail address.") if said else _("The address is missing."))
    if email in seen:
        return wrong(_("The same address is in line %(line)s.") % {"line": grouped(seen[email])})
    seen[email] = line
    role = values.get("role", "").strip().lower()
    if role and role not in Membership.Role.values:
        known = ", ".join(Membership.Role.values)
        return wrong(
            _("There is no role “%(role)s”. There are: %(known)s.")
            % {"role": role[:40], "known": known}
        )
    handle = values.get("handle", "").strip()
    if handle and not HANDLE.fullmatch(handle):
        return wrong(
            _("The handle must begin with a letter or digit and have up to 150 characters.")
        )
    if handle and handle in handles:
        return wrong(
            _("The same handle is in line %(line)s.") % {"line": grouped(handles[handle])}
        )
    pools = tuple(dict.fromkeys(filter(None, map(str.strip, values.get("pool", "").split("|")))))
    if any(len(name) > MAX_POOL for name in pools):
        return wrong(_("A pool's name has up to %(most)d characters.") % {"most": MAX_POOL})
    if handle:
        handles[handle] = line
    found.invitees.append(Invitee(line, email, role, handle, pools))


def _pasted_rows(text: str, found: Listed) -> Iterator[tuple[int, dict[str, str]]]:
    """Addresses between spaces, commas and semicolons, or as mail programs write them:
    Ada Lovelace <ada@example.org>."""
    for line, row in enumerate(text.splitlines(), start=1):
        named = re.findall(r"<([^<>]*)>", row)
        for address in named or filter(None, re.split(r"[\s,;]+", row)):
            yield line, {"email": address}


def _is_header(line: str) -> bool:
    return "@" not in line and any(
        COLUMNS.get(cell.strip(' "\t').lower()) == "email" for cell in re.split(r"[,;\t]", line)
    )


def _csv_rows(text: str, found: Listed) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows under a header; between commas, semicolons or tabs, whichever the header has."""
    start = len(text) - len(text.lstrip())
    offset = text.count("\n", 0, start)
    body = text[start:]
    header = body.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    while True:
        line = offset + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DomainError(
                _("Line %(line)s cannot be read as CSV: a quotation mark is missing, or too many.")
                % {"line": grouped(line)}
            ) from error
        if names is None:
            names = [cell.strip().lower() for cell in cells]
            found.unread = [cell for cell in names if cell and cell not in COLUMNS]
        elif any(cell.strip() for cell in cells):
            yield line, _named(names, cells)


def _named(names: list[str], cells: list[str]) -> dict[str, str]:
    values = {"email": ""}
    for name, cell in zip(names, cells, strict=False):
        key = COLUMNS.get(name)
        if key == "pool":
            values["pool"] = "|".join(filter(None, [values.get("pool", ""), cell]))
        elif key:
            values[key] = cell
    return values
