"""Signals and findings in words: for whoever leads, and for the labeler in question."""

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise
# How a value is written, and on which scale it is drawn.
Form = Literal["share", "slope", "times", "count"]


@dataclass(frozen=True)
class SignalWords:
    """name: for a column; reads: what it says of a person; n: what its n counts."""

    name: Words
    reads: Words
    n: Words
    form: Form


SIGNALS: dict[str, SignalWords] = {
    "agreement": SignalWords(
        _("Agreement with others"),
        _("mean share of the others who say the same"),
        _("answers"),
        "share",
    ),
    "reliability": SignalWords(
        _("Reliability"),
        _("chance to be right, given what the others believe (Dawid–Skene)"),
        _("answers"),
        "share",
    ),
    "knowledge": SignalWords(
        _("Knowledge"),
        _("share of answers that come from knowing: 1 all, 0 none, below 0 the other way round"),
        _("answers"),
        "slope",
    ),
    "below_crowd": SignalWords(
        _("Knowledge against the crowd’s"),
        _("the same, tested against 0.6 of the median labeler’s"),
        _("answers"),
        "slope",
    ),
    "direction": SignalWords(
        _("Direction"),
        _("1 moves with the others, 0 has nothing to do with them, below 0 goes against them"),
        _("answers"),
        "slope",
    ),
    "gold": SignalWords(
        _("Known answers met"),
        _("by the pair compared, of items whose answer was known"),
        _("known answers"),
        "share",
    ),
    "position": SignalWords(
        _("For the first shown"),
        _("share of the decisive answers that prefer what was shown first; a half is usual"),
        _("decisive answers"),
        "share",
    ),
    "length": SignalWords(
        _("For the longer"),
        _("odds of a response twice as long, beside what the others find better; 1 is usual"),
        _("decisive answers"),
        "times",
    ),
    "same_answer": SignalWords(
        _("Commonest answer"),
        _("share of the answer given most"),
        _("answers"),
        "share",
    ),
    "longest_run": SignalWords(
        _("Longest run"),
        _("of one answer, in the order judged"),
        _("answers"),
        "count",
    ),
    "pace": SignalWords(
        _("Time taken"),
        _("median time over the crowd’s for items of that size; 1 is usual"),
        _("timed answers"),
        "times",
    ),
    "characters_per_second": SignalWords(
        _("Characters per second"),
        _("of the responses, per second of active time; careful readers manage about 25"),
        _("timed answers"),
        "count",
    ),
    "self_consistency": SignalWords(
        _("Self-consistency"),
        _("hidden repeats answered alike"),
        _("repeats"),
        "share",
    ),
    "triads": SignalWords(
        _("Circular triads"),
        _("A over B, B over C, C over A, of the three generators of a prompt"),
        _("triads"),
        "share",
    ),
}
# Those that rest on known answers or on repeats nobody knows of, or say how the crowd was tested:
# not for labelers themselves.
NOT_FOR_THEMSELVES = frozenset({"gold", "self_consistency", "below_crowd"})

SIGNAL_REASONS: dict[str, Words] = {
    "no_data": _("nothing of the kind was judged"),
    "too_few": _("too few to say anything"),
    "no_variation": _("always the same: nothing to relate"),
    "not_recorded": _("was not recorded"),
}


@dataclass(frozen=True)
class KindWords:
    """title: what it is; text: what a lead may make of it; own_title, own_text: to the person."""

    title: Words
    text: Words
    own_title: Words
    own_text: Words


KINDS: dict[str, KindWords] = {
    "random": KindWords(
        _("Answers as if at random"),
        _(
            "Their answers have nothing to do with what the others find on the same items. They "
            "may not read, or the rubric or the language may not be clear to them: ask."
        ),
        _("Your answers and those of the others hardly meet"),
        _(
            "Others who judged the same items mostly found something else, without a pattern. "
            "Read the rubric’s examples again, and ask where they leave a doubt."
        ),
    ),
    "inverted": KindWords(
        _("Inverted: knows, but answers the wrong way round"),
        _(
            "They follow the others closely, in the opposite direction: most likely the scale is "
            "read the other way round. Explain it, and the work can be as good as anybody’s."
        ),
        _("Your answers mostly run opposite to those of the others"),
        _(
            "You see what the others see, and then mark the other side. Look at which end of the "
            "scale means better before you go on."
        ),
    ),
    "first": KindWords(
        _("Prefers what is shown first"),
        _(
            "Places are drawn by lot, so a careful labeler prefers the first about half the "
            "time. Ask them to read both before they choose."
        ),
        _("You mostly prefer what is shown first"),
        _("Places are drawn by lot. Read to the end of the last response before you choose."),
    ),
    "second": KindWords(
        _("Prefers what is shown second"),
        _(
            "Places are drawn by lot, so a careful labeler prefers the second about half the "
            "time. Ask them to come back to the first before they choose."
        ),
        _("You mostly prefer what is shown second"),
        _("Places are drawn by lot. Come back to the first response before you choose."),
    ),
    "constant": KindWords(
        _("Nearly always the same answer"),
        _(
            "Far more often than the others give it on the same items. A tie can be a way around "
            "a decision: show them with examples when a tie is one."
        ),
        _("You nearly always give the same answer"),
        _(
            "The others give it less often on the same items. A tie is for responses that are "
            "really equal; a small difference is a slight preference."
        ),
    ),
    "runs": KindWords(
        _("Long runs of one answer"),
        _("Longer than any mixing of the items explains. It may be one tired hour: look when."),
        _("You gave the same answer many times in a row"),
        _("More often than the items explain. It happens to tired people: take a break."),
    ),
    "fast": KindWords(
        _("Too fast to have read"),
        _("Far less time than the crowd takes for items of the same size."),
        _("You take far less time than others do"),
        _("On items of the same size. Nobody counts your speed: read at your ease."),
    ),
    "copies": KindWords(
        _("The same mistakes as somebody else"),
        _(
            "They give the same answers against everybody else’s more often than chance explains. "
            "It may be copying, a talk about items, or a view that both share."
        ),
        _("Your answers differ from the others’ in the same way as somebody else’s"),
        _(
            "More often than chance explains. It can be a view you share; if you talk about "
            "items while you judge them, please judge first and talk later."
        ),
    ),
    "longer": KindWords(
        _("Prefers the longer response"),
        _("Beyond what the others find better. Length by itself is no quality."),
        _("You often prefer the longer response"),
        _("More than the others do on the same items. Look at what the length adds."),
    ),
    "shorter": KindWords(
        _("Prefers the shorter response"),
        _("Beyond what the others find better. Brevity by itself is no quality."),
        _("You often prefer the shorter response"),
        _("More than the others do on the same items. Look at what the brevity leaves out."),
    ),
    "gold": KindWords(
        _("Misses known answers"),
        _(
            "Surely below 70 %. First make sure that the known answers are right: look at those "
            "that many miss."
        ),
        "",
        "",
    ),
}
