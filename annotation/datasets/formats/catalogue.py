"""Every format that a dataset can be taken away in: docs/formats.md, "Exports"."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from annotation.core.errors import NotFound
from annotation.datasets.formats import (
    argilla,
    groups,
    judged,
    label_studio,
    oasst,
    pairs,
    texts,
)
from annotation.datasets.formats.frozen import RANKINGS, Frozen, Row


@dataclass(frozen=True)
class Source:
    """Files of a dataset; where all of them are empty, a format that is made of them has no rows,
    and `missing` says why. Where they hold lines, none of these may fit it all the same."""

    files: tuple[str, ...]
    missing: Any


PAIRS = Source(("preferences",), _("No rows here: the dataset has no preferences."))
COMPARED = Source(
    ("preferences", "ties"), _("No rows here: the dataset has neither preferences nor ties.")
)
IMITATED = Source(("sft",), _("No rows here: the dataset has nothing to imitate."))
LEARNT = Source(
    ("preferences", "ties", "sft"), _("No rows here: the dataset has nothing to learn from.")
)
SAID = Source((RANKINGS,), _("No rows here: the dataset has no judgments."))
RATED = Source((RANKINGS,), _("No rows here: nobody rated a response by a criterion."))


@dataclass(frozen=True)
class Format:
    """Rows by split, one a line; with `columns` they can be Parquet, too."""

    key: str
    title: Any
    note: Any
    rows: Callable[[Frozen, str], Iterator[Row]]
    columns: dict[str, Any] | None = None
    made_of: Source = PAIRS
    names_labelers: bool = False
    for_training: bool = True


@dataclass(frozen=True)
class Document:
    """One JSON list of all splits in a file of its own, with what the other program wants
    besides."""

    key: str
    title: Any
    note: Any
    file: str
    rows: Callable[[Frozen], Iterator[Row]]
    columns: None = None
    made_of: Source = SAID
    names_labelers: bool = True
    for_training: bool = False


FORMATS: dict[str, Format | Document] = {
    one.key: one
    for one in (
        Format(
            "preference",
            _("Preference pairs"),
            _("TRL, conversational, with the prompt: prompt, chosen, rejected. For DPO and more."),
            pairs.explicit,
            pairs.EXPLICIT,
        ),
        Format(
            "preference-implicit",
            _("Preference pairs, implicit prompt"),
            _("TRL, conversational: the prompt stands in chosen and in rejected."),
            pairs.implicit,
            pairs.IMPLICIT,
        ),
        Format(
            "preference-standard",
            _("Preference pairs as plain text"),
            _("TRL, standard: texts with the turns of HH transcripts, for models without a chat."),
            pairs.standard,
            pairs.STANDARD,
        ),
        Format(
            "reward",
            _("Reward, with margins"),
            _("Preferences with a margin in every row, for a reward model."),
            pairs.reward,
            pairs.REWARD,
        ),
        Format(
            "soft",
            _("Soft labels"),
            _("Preferences and ties with the chance that the first is better, weight and votes."),
            pairs.soft,
            pairs.SOFT,
            COMPARED,
        ),
        Format(
            "unpaired",
            _("Unpaired, for KTO"),
            _("A response a row, good or bad: better than others more often than worse."),
            groups.unpaired,
            groups.UNPAIRED,
        ),
        Format(
            "kwise",
            _("K-wise groups"),
            _("An item a row: its responses once, and all its comparisons by their places."),
            groups.kwise,
            groups.KWISE,
            COMPARED,
        ),
        Format(
            "sft",
            _("Prompt and completion"),
            _("TRL, conversational: what is worth imitating, for SFT."),
            texts.sft,
            texts.SFT,
            IMITATED,
        ),
        Format(
            "sft-messages",
            _("Whole conversations"),
            _("The same as one list of messages, as most trainers take it."),
            texts.chat,
            texts.CHAT,
            IMITATED,
        ),
        Format(
            "prompts",
            _("Prompts only"),
            _("Each prompt once, for PPO, RLOO, GRPO, or for asking another model."),
            texts.prompts,
            texts.PROMPTS,
            LEARNT,
        ),
        Format(
            "judgments",
            _("Every judgment"),
            _("What each labeler said, raw, with the texts it was said of."),
            judged.judgments,
            judged.JUDGMENTS,
            SAID,
            names_labelers=True,
            for_training=False,
        ),
        Format(
            "ratings",
            _("Ratings by criterion"),
            _("A row for each response and criterion: the mean, and who gave what."),
            judged.ratings,
            judged.RATINGS,
            RATED,
            names_labelers=True,
        ),
        Format(
            "oasst",
            _("OpenAssistant trees"),
            _("Message trees with ranked replies, a tree for each item."),
            oasst.trees,
            made_of=LEARNT,
            names_labelers=True,
            for_training=False,
        ),
        Document(
            "argilla",
            "Argilla",
            _("A folder for Dataset.from_disk: records with every labeler's answers, settings."),
            "records.json",
            argilla.records,
        ),
        Document(
            "label-studio",
            _("Label Studio, ranked"),
            _("A task for each item with its rankings in buckets, and the configuration."),
            "tasks.json",
            label_studio.ranked,
        ),
        Document(
            "label-studio-pairs",
            _("Label Studio, pairwise"),
            _("A task for each pair, left or right, and the configuration. It knows no tie."),
            "tasks.json",
            label_studio.paired,
        ),
    )
}


def format_named(key: str) -> Format | Document:
    try:
        return FORMATS[key]
    except KeyError:
        known = ", ".join(FORMATS)
        raise NotFound(f"There is no format “{key}”. There are: {known}.") from None
