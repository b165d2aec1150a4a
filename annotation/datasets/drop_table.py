"""A dataset's counts as lines of text: what there was, what was left out, what remains."""

from collections.abc import Iterator

from annotation.datasets import wording
from annotation.datasets.policy import SPLITS


def drop_table(counts: dict) -> Iterator[str]:
    items, judgments, pairs = counts["items"], counts["judgments"], counts["comparisons"]
    corrected = pairs.get("corrections", 0)
    yield _line("Items", items["all"])
    for name in ("judged", "unjudged", "withdrawn"):
        yield _line(f"  {name}", items[name])
    yield from _section("Judgments", judgments["all"], judgments["dropped"], "counted",
                        judgments["counted"], wording.JUDGMENT_DROPS)  # fmt: skip
    yield from _section("Pairs of responses in judged items", pairs["pairs"], counts["dropped"],
                        "comparisons", pairs["kept"] - corrected, wording.PAIR_DROPS,
                        ("corrections over their originals", corrected),
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


def _section(title, total, dropped, kept_name, kept, words, *others) -> Iterator[str]:
    """The total, then its parts, which add up to it."""
    yield _line(title, total)
    yield _line(f"  {kept_name}", kept)
    for name, count in others:
        if count or not name.startswith("corrections"):  # which few projects have
            yield _line(f"  {name}", count)
    for reason, (name, _) in words.items():
        if count := dropped.get(reason, 0):
            yield _line(f"  left out: {name.lower()}", count)


def _line(text: str, count: int) -> str:
    return f"{text:<48}{count:>12,}"
