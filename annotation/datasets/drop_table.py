"""A dataset's counts as lines of text: what there was, what was left out, what remains."""

from collections.abc import Iterator

from annotation.datasets import wording
from annotation.datasets.policy import SPLITS


def drop_table(counts: dict) -> Iterator[str]:
    items, judgments, pairs = counts["items"], counts["judgments"], counts["comparisons"]
    corrected, soft_ties = pairs.get("corrections", 0), pairs.get("soft_ties", 0)
    per_vote = ", once for each judgment" if pairs.get("each_vote") else " in judged items"
    yield _line("Items", items["all"])
    for name in ("judged", "unjudged", "withdrawn"):
        yield _line(f"  {name}", items[name])
    yield from _section("Judgments", judgments["all"], judgments["dropped"], "counted",
                        judgments["counted"], wording.JUDGMENT_DROPS)  # fmt: skip
    yield from _section(f"Pairs of responses{per_vote}", pairs["pairs"], counts["dropped"],
                        "comparisons", pairs["kept"] - corrected - soft_ties, wording.PAIR_DROPS,
                        ("corrections over their originals", corrected),
                        ("soft ties, among the comparisons", soft_ties),
                        ("ties, kept apart", pairs["ties"]))  # fmt: skip
    sft = counts["sft"]
    yield from _section("Candidates for SFT", sft["candidates"], sft["dropped"], "best responses",
                        sft["best"], wording.SFT_DROPS,
                        ("corrections", sft.get("corrections", 0)),
                        ("demonstrations", sft["demonstrations"]))  # fmt: skip
    yield f"{'':12}{'prompts':>10}{'comparisons':>13}{'ties':>8}{'SFT':>8}"
    for split in SPLITS:
        yield (
            f"{split:12}{counts['prompts'][split]:>10,}{pairs[split]:>13,}"
            f"{counts['ties'][split]:>8,}{sft[split]:>8,}"
        )
    yield from _besides(counts)
    yield from _by_project(counts)


def _besides(counts: dict) -> Iterator[str]:
    """Whose judgments they are, what was balanced and what was looked for, where the policy
    asks."""
    if judged := counts.get("ai_judge"):
        yield (
            f"By an AI judge, not by people: {judged['comparisons']:,} comparisons and ties of "
            f"{judged['items']:,} items."
        )
    if length := counts.get("length"):
        for when, sides in length.items():
            text = ", ".join(f"{count:,} {side}" for side, count in sides.items())
            yield f"Winner by length, {when}: {text}"
    if near := counts.get("near"):
        yield (
            f"Near-equal prompts: {near['prompts']:,} in {near['groups']:,} groups, of which "
            f"{near['torn']:,} lie in several splits; {near['leaked']:,} prompts of dev and test "
            "are near one of another split."
        )


def _by_project(counts: dict) -> Iterator[str]:
    """A line for each of several projects: what it gave to the sums above."""
    if "projects" not in counts:
        return
    yield (
        f"{'':24}{'labelers':>10}{'judgments':>11}{'counted':>10}{'pairs':>10}"
        f"{'comparisons':>13}{'ties':>8}{'left out':>10}{'SFT':>8}"
    )
    for slug, part in sorted(counts["projects"].items()):
        judged, pairs = part["judgments"], part["comparisons"]
        yield (
            f"{slug:24}{part['labelers']:>10,}{judged['all']:>11,}{judged['counted']:>10,}"
            f"{pairs['pairs']:>10,}{pairs['kept']:>13,}{pairs['ties']:>8,}"
            f"{pairs['dropped']:>10,}{part['sft']['kept']:>8,}"
        )
    yield (
        f"{counts['labelers']:,} labelers, each counted once; {counts['shared_prompts']:,} "
        "prompts of more than one project, each in one split."
    )


def _section(title, total, dropped, kept_name, kept, words, *others) -> Iterator[str]:
    """The total, then its parts, which add up to it."""
    yield _line(title, total)
    yield _line(f"  {kept_name}", kept)
    for name, count in others:
        if count or name.startswith(("ties", "demonstrations")):  # others have few projects
            yield _line(f"  {name}", count)
    for reason, (name, _) in words.items():
        if count := dropped.get(reason, 0):
            yield _line(f"  left out: {name.lower()}", count)


def _line(text: str, count: int) -> str:
    return f"{text:<48}{count:>12,}"
