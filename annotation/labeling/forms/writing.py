"""The buttons of a page without script that open an editor, compare or mark: each sends the whole
form, and the page comes back with everything that was entered and one thing changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from annotation.core.errors import DomainError
from annotation.core.strict_json import JSONProblem, canonical, loads
from annotation.labeling.forms.problem import Problem
from annotation.labeling.quotes import find_quote

QUOTE_FIELDS = ("quote", "quote_label", "quote_note")


@dataclass
class Opened:
    """What a button asked for, and what the fields hold afterwards."""

    action: str
    entered: dict[str, str]
    problems: list[Problem] = field(default_factory=list)
    dropped: dict[str, str] = field(default_factory=dict)  # corrections just discarded, by letter


def open_writing(
    action: str, entered: Mapping[str, str], texts: Mapping[str, str], data: Mapping[str, str]
) -> Opened:
    """`texts`: the responses by letter. `data`: the whole form, with what no draft keeps."""
    opened = Opened(action, dict(entered))
    name, _sep, about = action.partition("_")
    if name == "edit" and about in texts:
        opened.entered.setdefault(f"edit_{about}", texts[about])
    elif name == "drop" and f"edit_{about}" in entered:
        opened.dropped[about] = opened.entered.pop(f"edit_{about}")
    elif name == "undrop" and about in texts:
        opened.entered[f"edit_{about}"] = data.get(f"dropped_{about}", "")
    elif name == "mark" and about in texts:
        _take_quote(opened, about, texts)
    elif name in ("unmark", "remark"):
        _take_mark_out(opened, about, texts if name == "remark" else {})
    elif name == "diff":
        opened.entered[f"against_{about}"] = data.get(f"against_{about}", "")
    return opened


def _take_quote(opened: Opened, letter: str, texts: Mapping[str, str]) -> None:
    """Quoted words become a mark, and their fields are free for the next one."""
    fields = {name: opened.entered.get(f"{name}_{letter}", "") for name in QUOTE_FIELDS}
    if not fields["quote"].strip():
        return
    marks = read_highlights(opened.entered.get("highlights", ""))
    try:
        mark = mark_of_quote(letter, fields, texts[letter])
    except DomainError as error:
        opened.problems.append(Problem(str(error), f"quote_{letter}"))
        return
    opened.entered["highlights"] = canonical([*marks, mark]).decode()
    for name in QUOTE_FIELDS:
        opened.entered.pop(f"{name}_{letter}", None)


def mark_of_quote(letter: str, fields: Mapping[str, str], text: str) -> dict:
    """The mark that the three fields under a response describe; DomainError says why none."""
    if not fields["quote_label"]:
        raise DomainError(_("Say what is wrong with the words that you quote."))
    start, end = find_quote(text, fields["quote"])
    return {
        "response": letter,
        "start": start,
        "end": end,
        "label": fields["quote_label"],
        "note": fields["quote_note"].replace("\r\n", "\n").strip(),
    }


def _take_mark_out(opened: Opened, number: str, texts: Mapping[str, str]) -> None:
    """Remove a mark. With `texts` it goes back into the fields, to be changed."""
    marks = read_highlights(opened.entered.get("highlights", ""))
    if not (number.isdecimal() and len(number) < 5 and int(number) < len(marks)):
        return
    mark = marks.pop(int(number))
    letter = mark["response"]
    opened.entered["highlights"] = canonical(marks).decode()
    opened.action = f"mark_{letter}"
    if letter in texts:
        opened.entered[f"quote_{letter}"] = texts[letter][mark["start"] : mark["end"]]
        opened.entered[f"quote_label_{letter}"] = mark["label"]
        opened.entered[f"quote_note_{letter}"] = mark["note"]


def read_highlights(value: str) -> list[dict]:
    """The marks in a form's field as far as they can be read: a draft may hold anything, and the
    rules are checked when it is submitted."""
    try:
        marks = loads(value) if value else []
    except JSONProblem:
        return []
    return [
        {**mark, "note": str(mark.get("note", ""))}
        for mark in (marks if isinstance(marks, list) else [])
        if isinstance(mark, dict)
        and all(isinstance(mark.get(name), str) for name in ("response", "label"))
        and all(
            isinstance(mark.get(name), int)
            and not isinstance(mark[name], bool)
            and mark[name] >= 0
            for name in ("start", "end")
        )
    ]
