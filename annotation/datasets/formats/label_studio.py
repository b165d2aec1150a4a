"""Tasks with annotations, as Label Studio imports them, and the labeling configuration. Pure.

`ranked` is a task for each item: a List of its responses and a Ranker with a bucket for each tier,
which holds ties and the floor. `paired` is a task for each pair of an item with a Pairwise, which
knows a left and a right and no tie: who called a pair equal has no annotation there.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from annotation.datasets.formats.consensus import tiers_of
from annotation.datasets.formats.frozen import SPLITS, Frozen, ItemLines, Row

MOST_TIERS = 9
UNACCEPTABLE = "unacceptable"
WHY = '<TextArea name="rationale" toName="prompt" editable="true" rows="3"/>'
RANKED_CONFIG = f"""<View>
  <Text name="prompt" value="$prompt"/>
  <List name="responses" value="$responses" title="Responses"/>
  <Ranker name="tiers" toName="responses">
{{buckets}}
  </Ranker>
  {WHY}
</View>
"""
PAIRED_CONFIG = f"""<View>
  <Text name="prompt" value="$prompt"/>
  <Pairwise name="better" toName="left,right"/>
  <Text name="left" value="$text1"/>
  <Text name="right" value="$text2"/>
  {WHY}
</View>
"""


def ranked_config() -> str:
    names = [(f"tier-{place}", f"Tier {place}") for place in range(1, MOST_TIERS + 1)]
    names.append((UNACCEPTABLE, "Unacceptable"))
    buckets = (f'    <Bucket name="{name}" title="{title}"/>' for name, title in names)
    return RANKED_CONFIG.format(buckets="\n".join(buckets))


def ranked(frozen: Frozen) -> Iterator[Row]:
    for item in _items(frozen):
        texts = item.texts
        shown = [{"id": key, "title": key, "body": texts.get(key, "")} for key in item.keys]
        yield {
            "data": _data(item) | {"responses": shown, "labelers": _labelers(item)},
            "annotations": [_annotation(line.row, _buckets(line.row)) for line in item.rankings],
        }


def _buckets(said: Row) -> Row:
    buckets: dict[str, list[str]] = {}
    for key, tier in tiers_of(said).items():
        buckets.setdefault(f"tier-{tier}", []).append(key)
    if said["unacceptable"]:
        buckets[UNACCEPTABLE] = said["unacceptable"]
    return _result("tiers", "responses", "ranker", {"ranker": buckets})


def paired(frozen: Frozen) -> Iterator[Row]:
    for item in _items(frozen):
        texts = item.texts
        for left, right in combinations([key for key in item.keys if key in texts], 2):
            labelers, annotations = [], []
            for line in item.rankings:
                if side := _side(line.row, left, right):
                    labelers.append(line.row["labeler"])
                    result = _result("better", "left", "pairwise", {"selected": side})
                    annotations.append(_annotation(line.row, result))
            texts_of_both = {"text1": texts[left], "text2": texts[right]}
            names = {"text1_id": left, "text2_id": right, "labelers": labelers}
            yield {"data": _data(item) | texts_of_both | names, "annotations": annotations}


def _side(said: Row, left: str, right: str) -> str:
    """The better one; empty where the judgment does not say. Unacceptable is below all tiers."""
    tiers = tiers_of(said) | dict.fromkeys(said["unacceptable"], MOST_TIERS + 1)
    if left not in tiers or right not in tiers or tiers[left] == tiers[right]:
        return ""
    return "left" if tiers[left] < tiers[right] else "right"


def _items(frozen: Frozen) -> Iterator[ItemLines]:
    for split in SPLITS:
        for item in frozen.items(split):
            if item.rankings and item.prompt is not None:
                yield item


def _data(item: ItemLines) -> dict[str, Any]:
    prompt = item.prompt or []
    turns = (f"[{turn['role']}] {turn['content']}" for turn in prompt[:-1])
    text = "\n\n".join([*turns, prompt[-1]["content"]])
    return {"prompt": text, "item": item.item, "split": item.split}


def _labelers(item: ItemLines) -> list[str]:
    """Whose annotation is whose: Label Studio's own accounts are numbers of its database."""
    return [line.row["labeler"] for line in item.rankings]


def _annotation(said: Row, result: Row) -> Row:
    results = [result]
    if said["rationale"]:
        text = {"text": [said["rationale"]]}
        results.append(_result("rationale", "prompt", "textarea", text))
    return {
        "result": results,
        "lead_time": said["seconds"],
        "was_cancelled": False,
        "ground_truth": False,
    }


def _result(name: str, to: str, kind: str, value: Row) -> Row:
    return {"from_name": name, "to_name": to, "type": kind, "value": value}
