"""The end of a round: the tuned policy against the one it started from."""

from django.utils.translation import gettext as _

from annotation.demo.figures import Ballot, outcome, quality_figures, win_rate
from annotation.demo.reading import hidden_quality
from annotation.labeling.verdict import effective_tiers, sign_between

SAMPLE_COUNT = 6


def ballots(judgments) -> list[Ballot]:
    return [
        Ballot(item, username, tuple(ranks), tuple(unacceptable), seconds, rest_below)
        for item, username, ranks, unacceptable, seconds, rest_below in judgments.values_list(
            "item_id", "labeler__username", "ranks", "unacceptable", "seconds", "rest_below"
        )
    ]


def evaluate(*, prompts, before, after, tuned, judgments, seed) -> dict:
    """The figures of before and after: by judgments, by the hidden function, and to read."""
    judged = judged_outcomes(prompts, before, after, tuned, judgments)
    texts = [(p.last_message, before[p.pk].text, after[p.pk].text) for p in prompts]
    hidden = []
    for message, old, new in texts:
        gain = hidden_quality(message, new) - hidden_quality(message, old)
        hidden.append(outcome([(gain > 0) - (gain < 0)]))
    return {
        "win_rate": win_rate(judged, seed=seed),
        "hidden_win_rate": win_rate(hidden, seed=seed),
        "before": quality_figures([(message, old) for message, old, _ in texts]),
        "after": quality_figures([(message, new) for message, _, new in texts]),
        "samples": [
            {
                "message": message,
                "before": old,
                "after": new,
                "before_quality": hidden_quality(message, old),
                "after_quality": hidden_quality(message, new),
            }
            for message, old, new in texts[:SAMPLE_COUNT]
        ],
    }


def judged_outcomes(prompts, before, after, tuned, judgments) -> list[float]:
    """Per prompt: 1 where most judgments prefer the tuned policy's reply, 0 where the other's.
    Equal texts were not shown to anybody: a tie. A pair that nobody judged is left out."""
    votes = {}
    rows = judgments.prefetch_related("item__item_responses__response").select_related("item")
    for judgment in rows:
        by_tuned = [
            response.response.generator_id == tuned.pk
            for response in judgment.item.item_responses.all()
        ]
        sign = sign_between(
            effective_tiers(judgment.ranks, judgment.unacceptable),
            judgment.unacceptable,
            judgment.rest_below,
            by_tuned.index(True) + 1,
            by_tuned.index(False) + 1,
        )
        if sign is not None:
            votes.setdefault(judgment.item.prompt_id, []).append(-sign)
    outcomes = []
    for prompt in prompts:
        if before[prompt.pk].text == after[prompt.pk].text:
            outcomes.append(0.5)
        elif prompt.pk in votes:
            outcomes.append(outcome(votes[prompt.pk]))
    return outcomes


def say_rate(rate) -> str:
    """“79 % [71 %, 87 %] of 100”."""
    if rate["value"] is None:
        reason = rate["reason"]  # stored in English
        return _("nothing can be said: %(reason)s") % {"reason": _(reason)}
    said = f"{rate['value']:.0%}"
    if rate["low"] is not None:
        ends = {key: f"{rate[key]:.0%}" for key in ("low", "high")}
        said += " " + _("[%(low)s, %(high)s]") % ends
    said = _("%(share)s of %(count)s") % {"share": said, "count": rate["n"]}
    return said.replace("%", " %")
