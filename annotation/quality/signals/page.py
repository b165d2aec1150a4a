"""A stored report of labelers as the page for a lead shows it: who stands out, then everybody."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.numbers import grouped, localised
from annotation.quality.signals.figures import Crowd, Figure, crowds_of, figure
from annotation.quality.signals.wording import KINDS, SIGNALS

ROWS = 25
MOST_CARDS = 40
# What stands beside the findings, not in the table of all.
NOT_IN_TABLE = frozenset({"below_crowd"})
BY_FINDING = "findings"
UNNAMED = "?"

People = Mapping[int, tuple[str, int]]  # {user id: (handle, membership id)}


@dataclass(frozen=True)
class Finding:
    kind: str
    title: str
    text: str
    certainty: str
    evidence: list[Figure]


@dataclass(frozen=True)
class Card:
    """Somebody who stands out. member: the id of the membership, None without one."""

    handle: str
    member: int | None
    n: int
    findings: list[Finding]

    @property
    def titles(self) -> str:
        return "; ".join(finding.title for finding in self.findings)


@dataclass(frozen=True)
class Row:
    handle: str
    member: int | None
    n: int
    titles: list[str]
    figures: list[Figure]


@dataclass(frozen=True)
class Column:
    """sort: what a link to it asks for; direction: how the table is sorted by it, or empty."""

    key: str
    name: str
    reads: str
    sort: str
    direction: str


@dataclass(frozen=True)
class LabelersPage:
    finding: str
    extent: dict
    cards: list[Card]
    left_out: int
    columns: list[Column]
    missing: list[str]
    rows: Page
    extra: str
    level: str
    kinds: list[tuple[str, int]]


def present(
    result: dict, people: Mapping[int, tuple[str, int]], *, sort: str, page
) -> LabelersPage:
    """people: {user id: (handle, membership id)}."""
    labelers = result["labelers"]
    crowds = crowds_of(labelers)
    flagged = [one for one in labelers if one["findings"]]
    flagged.sort(key=lambda one: (min(f["q"] for f in one["findings"]), one["labeler"]))
    keys = [
        key
        for key in SIGNALS
        if key not in NOT_IN_TABLE
        and any(one["signals"][key]["value"] is not None for one in labelers)
    ]
    sort = sort if sort.removeprefix("-") in (*keys, BY_FINDING, "n", "handle") else BY_FINDING
    ordered = _sorted(labelers, sort, people)
    rows = Paginator(ordered, ROWS).get_page(page)
    rows.object_list = [_row(one, keys, crowds, people) for one in rows.object_list]
    return LabelersPage(
        finding=title_of(len(flagged), len(labelers)),
        extent=result["extent"],
        cards=[card_of(one, crowds, people) for one in flagged[:MOST_CARDS]],
        left_out=max(0, len(flagged) - MOST_CARDS),
        columns=_columns(keys, sort),
        missing=[
            str(words.name)
            for key, words in SIGNALS.items()
            if key not in keys and key not in NOT_IN_TABLE
        ],
        rows=rows,
        extra=f"&sort={sort}#all",
        level=localised(f"{100 * result['level']:g} %"),
        kinds=_counts(flagged),
    )


def card_of(one: dict, crowds: Mapping[str, Crowd], people: People) -> Card:
    handle, member = people.get(one["labeler"], (UNNAMED, None))
    return Card(handle, member, one["n"], findings_of(one, crowds, people))


def findings_of(one: dict, crowds: Mapping[str, Crowd], people: People) -> list[Finding]:
    return [_finding(found, one, crowds, people) for found in one["findings"]]


def figures_of(one: dict, crowds: Mapping[str, Crowd]) -> list[Figure]:
    """All signals of a person, those without a value with their reason."""
    return [
        figure(key, one["signals"][key], crowds.get(key))
        for key in SIGNALS
        if key in one["signals"]
    ]


def _finding(found: dict, one: dict, crowds: Mapping[str, Crowd], people: People) -> Finding:
    words = KINDS[found["kind"]]
    title, text = str(words.title), str(words.text)
    if found["kind"] == "copies":
        names = ", ".join(people.get(pk, (UNNAMED, None))[0] for pk in found["others"])
        title = _("The same mistakes as %(others)s") % {"others": names}
        text = f"{text} {_when(found)}"
    elif found["kind"] == "constant":
        text = f"{_which(one)} {text}"
    evidence = [figure(key, one["signals"][key], crowds.get(key)) for key in found["evidence"]]
    evidence += [
        figure(
            "shared_errors",
            pair,
            None,
            name=_("Mistakes shared with %(other)s")
            % {"other": people.get(pair["labeler"], (UNNAMED, None))[0]},
        )
        for pair in found["pairs"]
    ]
    return Finding(found["kind"], title, text, _certainty(found), evidence)


def _when(found: dict) -> str:
    if found["told_by_time"]:
        return _("Theirs came later.")
    return _("Who came first cannot be told, so both are named, and one may be innocent.")


def _which(one: dict) -> str:
    """The commonest answer by name, where it is a tie: sides have no name of their own."""
    lower, tie, higher = one["answers"]
    if tie <= max(lower, higher):
        return ""
    return _("%(share)s of their answers are ties.") % {
        "share": localised(f"{100 * tie / one['n']:.0f} %")
    }


def _certainty(found: dict) -> str:
    q = found["q"]
    bound = localised("0.0001") if q < 0.0001 else localised(f"{q:.1g}")
    sign = "<" if q < 0.0001 else "="
    return _("q %(sign)s %(bound)s over all labelers, n = %(n)s") % {
        "sign": sign,
        "bound": bound,
        "n": grouped(found["n"]),
    }


def title_of(flagged: int, of: int) -> str:
    """The finding: how many stand out, of how many."""
    if not of:
        return _("Nobody has given an answer that can be compared yet")
    if not flagged:
        return ngettext(
            "The one labeler does not stand out",
            "None of %(of)s labelers stands out",
            of,
        ) % {"of": grouped(of)}
    return ngettext(
        "%(n)s of %(of)s labelers stands out",
        "%(n)s of %(of)s labelers stand out",
        flagged,
    ) % {"n": grouped(flagged), "of": grouped(of)}


def _counts(flagged: list[dict]) -> list[tuple[str, int]]:
    """How many of each kind, in the order of the kinds; who is of two counts in both."""
    kinds = [found["kind"] for one in flagged for found in one["findings"]]
    return [(str(KINDS[kind].title), kinds.count(kind)) for kind in KINDS if kind in kinds]


def _sorted(labelers: list[dict], sort: str, people: People) -> list[dict]:
    """By a signal, the low ones first; who has none comes last either way."""
    key, falls = sort.removeprefix("-"), sort.startswith("-")
    by_handle = sorted(labelers, key=lambda one: people.get(one["labeler"], (UNNAMED, None))[0])
    if key == "handle":
        return by_handle[::-1] if falls else by_handle
    if key == "n":
        return sorted(by_handle, key=lambda one: one["n"], reverse=falls)
    if key == BY_FINDING:
        return sorted(
            by_handle,
            key=lambda one: min([found["q"] for found in one["findings"]], default=2.0),
            reverse=falls,
        )
    have = [one for one in by_handle if one["signals"][key]["value"] is not None]
    lack = [one for one in by_handle if one["signals"][key]["value"] is None]
    return sorted(have, key=lambda one: one["signals"][key]["value"], reverse=falls) + lack


def _columns(keys: list[str], sort: str) -> list[Column]:
    named = [
        ("handle", _("Labeler"), ""),
        ("n", _("Answers"), ""),
        (BY_FINDING, _("Findings"), ""),
        *((key, str(SIGNALS[key].name), str(SIGNALS[key].reads)) for key in keys),
    ]
    return [
        Column(
            key,
            name,
            reads,
            f"-{key}" if sort == key else key,
            {key: "ascending", f"-{key}": "descending"}.get(sort, ""),
        )
        for key, name, reads in named
    ]


def _row(one: dict, keys: list[str], crowds: Mapping[str, Crowd], people: People) -> Row:
    handle, member = people.get(one["labeler"], (UNNAMED, None))
    return Row(
        handle,
        member,
        one["n"],
        [str(KINDS[found["kind"]].title) for found in one["findings"]],
        [figure(key, one["signals"][key], crowds.get(key)) for key in keys],
    )
