"""A policy as pairs of a word and its value, for pages: what differs from the usual, and the
basics."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.numbers import grouped, localised
from annotation.datasets.choices import (
    CONSENSUS,
    DEMONSTRATIONS,
    LABELS,
    MIN_STRENGTH,
    NEAR_PROMPTS,
    ORIGINS,
    PAIRS,
    PURPOSES,
    SHARE_WEIGHT,
    TIES,
    UNACCEPTABLE,
    WHOSE,
)
from annotation.datasets.policy import NO_RUBRIC, SPLITS, Policy
from annotation.datasets.sources import SEPARATOR
from annotation.labeling.batches import batch_label
from annotation.quality.signals.wording import KINDS

Lines = list[tuple[str, str]]


def policy_lines(policy: dict) -> Lines:
    said = Policy.from_json(policy)
    return [
        *_where(said.judge, _("Whose judgments"), _whose(said)),
        (_("Outcome of a pair"), str(LABELS[said.labels])),
        (_("Pairs"), str(PAIRS[said.pairs])),
        *_where(said.ties != "keep", _("Ties"), TIES[said.ties]),
        *_where(
            said.unacceptable != "below",
            _("Unacceptable responses"),
            UNACCEPTABLE[said.unacceptable],
        ),
        *_where(said.min_strength, _("Least strength"), MIN_STRENGTH[said.min_strength]),
        (_("Votes a pair needs"), f"{said.min_votes}"),
        (_("Left out"), ", ".join(_left_out(said)) or _("nothing")),
        (_("Items of"), ", ".join(map(_batch, said.batches)) or _("all batches")),
        (
            _("Judgments from"),
            ", ".join(str(ORIGINS[name]) for name in said.origins) or _("every way in"),
        ),
        *_judgments(said),
        *_labelers(said),
        *_consensus(said),
        *_amounts(said),
        (_("Examples to imitate"), str(DEMONSTRATIONS[said.demonstrations])),
        (_("Split by prompt"), _shares(said)),
        *_near(said),
    ]


def _batch(name: str) -> str:
    """In a dataset of several projects it is named with its own."""
    slug, separator, own = name.partition(SEPARATOR)
    return f"{slug}{separator}{batch_label(own)}" if separator else batch_label(name)


def _where(is_said, word: str, value) -> Lines:
    return [(word, str(value))] if is_said else []


def _whose(said: Policy) -> str:
    words = _("%(whose)s: “%(judge)s”") % {"whose": WHOSE[said.whose], "judge": said.judge}
    if said.contradictions == "tie":
        words += "; " + _("what it contradicts itself in is a tie")
    return words


def _left_out(said: Policy) -> list[str]:
    return [
        words
        for is_on, words in (
            (said.drop_empty, _("pairs with an empty response")),
            (said.drop_equal, _("pairs of equal texts")),
            (said.drop_both_unacceptable, _("pairs found both unacceptable")),
            (said.drop_turns, _("pairs with a transcript in a response")),
            (said.drop_repeated, _("pairs met before")),
            (said.drop_personal, _("texts with personal data")),
            (not said.surplus, _("surplus judgments")),
            (said.corrections == "exclude", _("corrections")),
        )
        if is_on
    ]


def _shares(said: Policy) -> str:
    shares = " · ".join(
        f"{name} {localised(f'{share * 100:g}')} %"
        for name, share in zip(SPLITS, said.split, strict=True)
    )
    if said.salt:
        return _("%(shares)s (salt “%(salt)s”)") % {"shares": shares, "salt": said.salt}
    return shares


def _judgments(said: Policy) -> Lines:
    """Where it is more, or something else, than work, and of chosen versions of the rubric."""
    purposes = ", ".join(str(PURPOSES[name]) for name in said.purposes)
    versions = ", ".join(
        _("without a rubric") if number == NO_RUBRIC else f"{number}"
        for number in said.rubric_versions
    )
    return [
        *_where(said.purposes != ("work",), _("Judgments made as"), purposes),
        *_where(said.rubric_versions, _("Rubric versions"), versions),
    ]


def _labelers(said: Policy) -> Lines:
    count = len(said.without_labelers)
    named = ngettext("%(count)s labeler: %(names)s", "%(count)s labelers: %(names)s", count) % {
        "count": grouped(count),
        "names": ", ".join(said.without_labelers),
    }
    return [
        *_where(
            said.without_findings,
            _("Without whom the signals warn of"),
            "; ".join(str(KINDS[kind].title) for kind in said.without_findings),
        ),
        *_where(
            said.min_reliability, _("Least reliability"), localised(f"{said.min_reliability:g}")
        ),
        *_where(count or said.signals_of, _("Left out by name"), named if count else _("nobody")),
    ]


def _consensus(said: Policy) -> Lines:
    """Where it is not the plain votes, or a reviewer's verdict comes before them."""
    return [
        *_where(said.settled, _("Settled items"), _("by the reviewer’s verdict")),
        *_where(said.consensus != "votes", _("How labelers weigh"), CONSENSUS[said.consensus]),
        *_where(said.min_weight, _("Least weight"), localised(f"{said.min_weight:g}")),
    ]


def _amounts(said: Policy) -> Lines:
    return [
        *_where(said.max_per_prompt, _("At most of a prompt"), grouped(said.max_per_prompt)),
        *_where(said.share_weight != "none", _("Weights"), SHARE_WEIGHT[said.share_weight]),
        *_where(said.name_rankings, _("Lines name their ranking"), _("yes")),
        *_where(said.balance_length, _("Balanced by length"), _("yes")),
    ]


def _near(said: Policy) -> Lines:
    if said.near_prompts == "ignore":
        return []
    return [
        (_("Near-equal prompts"), str(NEAR_PROMPTS[said.near_prompts])),
        (_("Near from"), localised(f"{said.near_from:g}")),
    ]
