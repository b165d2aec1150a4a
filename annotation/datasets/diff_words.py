"""A difference of two datasets in words: for the page, the command and the check."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.datasets import policy_words
from annotation.datasets.diff import (
    CAME,
    EXAMPLE_CAME,
    EXAMPLE_WENT,
    FIGURES,
    ITEM_GONE,
    JUDGMENTS,
    KINDS,
    NEW_ITEM,
    OUTCOME,
    POLICY,
    SPLIT,
    WENT,
    Change,
    Difference,
    Pair,
)

TITLES = {
    CAME: gettext_lazy("Comparisons that came"),
    WENT: gettext_lazy("Comparisons that went"),
    OUTCOME: gettext_lazy("Another outcome"),
    FIGURES: gettext_lazy("Other votes, chance, margin or weight"),
    SPLIT: gettext_lazy("In another split"),
    EXAMPLE_CAME: gettext_lazy("Examples that came"),
    EXAMPLE_WENT: gettext_lazy("Examples that went"),
}
REASONS = {
    NEW_ITEM: gettext_lazy("the item was not in it before"),
    ITEM_GONE: gettext_lazy("the item is not in it any more"),
    JUDGMENTS: gettext_lazy("other judgments count"),
    POLICY: gettext_lazy("the same judgments, another policy"),
}


def sections(found: Difference) -> list[dict]:
    """What changed, one kind after the other; kinds without a change are left out."""
    return [
        {
            "kind": kind,
            "title": TITLES[kind],
            "count": found.counts[kind],
            "changes": [told(change) for change in found.changes[kind]],
        }
        for kind in KINDS
        if found.counts[kind]
    ]


def told(change: Change) -> dict:
    return {
        "item": change.item,
        "ids": list(change.ids),
        "then": outcome(change.then),
        "now": outcome(change.now),
        "reason": str(REASONS[change.reason]),
        "judgments_came": list(change.judgments_came),
        "judgments_went": list(change.judgments_went),
        "rows": {
            name: _line(side).id
            for name, side in (("then", change.then), ("now", change.now))
            if side is not None
        },
    }


def outcome(side) -> str:
    """Such as “a over b, 83 %, train”; empty where there is no such row."""
    if side is None:
        return ""
    if not isinstance(side, Pair):
        return f"{side.row['source']}, {side.name.partition('.')[2]}"
    share = round(100 * side.figures[0])
    if not side.better:
        first, second = side.line.row["first_id"], side.line.row["second_id"]
        return _("tie of %(first)s and %(second)s, %(split)s") % {
            "first": first, "second": second, "split": side.split,
        }  # fmt: skip
    return _("%(better)s over %(worse)s, %(share)s %%, %(split)s") % {
        "better": side.better, "worse": side.worse, "share": share, "split": side.split,
    }  # fmt: skip


def _line(side):
    return side.line if isinstance(side, Pair) else side


def sentence(change: Change) -> str:
    """One change on a line, for commands and checks."""
    then, now = outcome(change.then) or "not in it", outcome(change.now) or "not in it"
    return f"{change.item or 'no item'}: {then} → {now} ({REASONS[change.reason]})"


def policy_changes(then: dict, now: dict) -> list[tuple[str, str, str]]:
    """(word, then, now) of each line of the policies that differs."""
    old, new = (dict(policy_words.policy_lines(policy)) for policy in (then, now))
    words = dict.fromkeys([*old, *new])
    return [(w, old.get(w, "–"), new.get(w, "–")) for w in words if old.get(w) != new.get(w)]
