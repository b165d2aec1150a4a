"""Message trees as OpenAssistant publishes them (oasst_data's ExportMessageTree). Pure.

A tree is an item: the turns of its prompt one below the other, and its responses as the replies to
the last. OpenAssistant has two roles: `tool` is told as the assistant's, and what the system says
stands at the beginning of the first turn.
"""

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from annotation.datasets.formats.consensus import ranks_of, tiers_of
from annotation.datasets.formats.frozen import Frozen, ItemLines, Row, named_in

ROLES = {"user": "prompter", "assistant": "assistant", "tool": "assistant"}
WRITTEN_BY_PEOPLE = ("demonstration", "correction")


def trees(frozen: Frozen, split: str) -> Iterator[Row]:
    for item in frozen.items(split):
        if item.prompt is None:
            continue
        tree = _id(item.prompt_sha256, item.item or "")
        nodes = _turns(item, tree)
        nodes[-1]["replies"] = _replies(item, nodes[-1]["message_id"])
        nodes[-1]["events"] = _events(item, tree, nodes[-1]["message_id"])
        for parent, child in zip(nodes, nodes[1:], strict=False):
            parent["replies"] = [child]
        yield {
            "message_tree_id": tree,
            "tree_state": "ready_for_export",
            "prompt": nodes[0],
            "origin": None,
        }


def _turns(item: ItemLines, tree: str) -> list[Row]:
    """The root has the tree's id, as in OpenAssistant's own files."""
    system = [turn["content"] for turn in item.prompt or [] if turn["role"] == "system"]
    turns = [turn for turn in item.prompt or [] if turn["role"] != "system"]
    nodes: list[Row] = []
    for place, turn in enumerate(turns):
        text = "\n\n".join([*system, turn["content"]]) if place == 0 else turn["content"]
        message = tree if place == 0 else _id(tree, f"turn {place}")
        parent = nodes[-1]["message_id"] if nodes else None
        nodes.append(_node(message, parent, text, ROLES[turn["role"]]))
    return nodes


def _replies(item: ItemLines, parent: str) -> list[Row]:
    ranks, texts = ranks_of(item), item.texts
    by_people = {
        line.row["response_id"] for line in item.sft if line.row["source"] in WRITTEN_BY_PEOPLE
    }
    reviews = dict.fromkeys(texts, 0)
    for line in item.rankings:
        for key in named_in(line.row) & set(texts):
            reviews[key] += 1
    return [
        _node(_id(parent, key), parent, text, "assistant")
        | {
            "rank": ranks.get(key),
            "review_count": reviews[key],
            "synthetic": key not in by_people and key in ranks,
        }
        for key, text in sorted(texts.items(), key=lambda one: (ranks.get(one[0], 99), one[0]))
    ]


def _events(item: ItemLines, tree: str, parent: str) -> dict[str, list[Row]] | None:
    """The rankings that OpenAssistant can tell: of judgments that put every response in an order
    of its own. A tie has no place there; the ranks of the replies hold it."""
    found = []
    for line in item.rankings:
        tiers = tiers_of(line.row)
        order = line.row["order"] or sorted(tiers)
        if len(tiers) == len(item.keys) == len(set(tiers.values())):
            best_first = sorted(order, key=tiers.__getitem__)
            found.append(
                {
                    "type": "ranking",
                    "user_id": _id("labeler", line.row["labeler"]),
                    "ranking": [order.index(key) for key in best_first],
                    "ranked_message_ids": [_id(parent, key) for key in order],
                    "ranking_parent_id": parent,
                    "message_tree_id": tree,
                    "not_rankable": False,
                }
            )
    return {"ranking": found} if found else None


def _node(message: str, parent: str | None, text: str, role: str) -> dict[str, Any]:
    return {
        "message_id": message,
        "parent_id": parent,
        "user_id": None,
        "text": text,
        "role": role,
        "lang": None,
        "review_count": None,
        "review_result": None,
        "deleted": False,
        "rank": None,
        "synthetic": None,
        "model_name": None,
        "emojis": {},
        "replies": [],
        "labels": None,
        "events": None,
        "tree_state": None,
    }


def _id(*parts: str) -> str:
    """The same on any machine."""
    return str(uuid5(NAMESPACE_URL, "concord:" + "/".join(parts)))
