"""What a dataset's card says of a machine's preferences in it. In English, as the card is."""

from collections.abc import Iterator

from annotation.core.numbers import grouped
from annotation.datasets.models import Dataset
from annotation.datasets.opinions import judge_of, run_of
from annotation.datasets.policy import Policy
from annotation.datasets.voices import Voices
from annotation.quality.judges.models import Judge, JudgeRun
from annotation.quality.judges.stored import stored_findings
from annotation.quality.stats.estimate import Estimate

MOST_RUNS = 5  # that are told of one by one, the newest


def machine_part(dataset: Dataset, voices: Voices) -> Iterator[str]:
    counts = dataset.counts.get("ai_judge")
    if counts is None:
        return
    judge = judge_of(dataset.project, Policy.from_json(dataset.policy))
    if judge is None:  # `ai_judge` is counted where the policy names one
        return
    kind = "reward model" if judge.reward_model else "language model"
    yield ""
    yield "## Preferences of a machine"
    yield ""
    yield (
        f"> **These are not human preferences.** {grouped(counts['comparisons'])} comparisons and "
        f"ties of {grouped(counts['items'])} items are the opinions of an AI judge, "
        f"“{_plain(judge.name)}” (a {kind}, `{_plain(judge.model)}`). No person said them."
    )
    yield ""
    numbers = sorted(voices.revisions, reverse=True)
    runs = {run.pk: run for number in numbers if (run := run_of(judge, number))}
    for run in list(runs.values())[:MOST_RUNS]:
        yield from _agreement(judge, run)
    principles = sorted(voices.principles)
    if principles:
        yield ""
        yield "Each opinion was given by one of these principles, drawn by lot:"
        yield ""
        yield from (f"- {_plain(one)}" for one in principles)


def _agreement(judge: Judge, run: JudgeRun) -> Iterator[str]:
    """With people as they judge now, on whatever the run was asked."""
    found = stored_findings(run)
    model = _plain(str(run.terms.get("model", judge.model)))
    when = f"Asked on {run.created_at:%Y-%m-%d} (`{model}`)"
    if found.raw.value is None:
        yield f"- {when}: **how far it agrees with people is not known**, nobody judged the same."
    else:
        yield f"- {when}: it agrees with the majority of people in **{_share(found.raw)}**."
    if judge.orders > 1 and found.consistency.value is not None:
        yield f"  - Its two orders say the same in {_share(found.consistency)}."


def _share(one: Estimate) -> str:
    said = f"{100 * one.value:.0f} % of {grouped(one.n_pairable)} comparisons"
    if one.ci is None:
        return said
    low, high = (f"{100 * end:.0f}" for end in one.ci)
    return f"{said} (95 % interval {low} to {high} %)"


def _plain(text: str) -> str:
    return " ".join(text.split())
