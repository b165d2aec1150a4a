"""Groups of near-equal prompts of a project: one side of the split for each, or a count of those
that lie on two."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from annotation.datasets.near import groups_of_near
from annotation.datasets.policy import SPLITS, Policy
from annotation.datasets.split import plain_text, split_key


@dataclass(frozen=True)
class Groups:
    """leader: by the prompt's hash the hash of the first prompt of its group; key: by leader what
    the split of the group is drawn from: the least key of its prompts, whatever their order."""

    leader: Mapping[str, str]
    key: Mapping[str, str]

    def key_of(self, sha256: str) -> str:
        return self.key[self.leader[sha256]]

    def across(self, splits: Mapping[str, str]) -> dict[str, int]:
        """`splits` by the hash of each prompt that has rows. Of them: how many have a near one,
        in how many groups; and how many lie in dev or test beside a near one in another split."""
        members: dict[str, list[str]] = {}
        for sha256 in splits:
            members.setdefault(self.leader[sha256], []).append(sha256)
        groups = [found for found in members.values() if len(found) > 1]
        torn = [found for found in groups if len({splits[one] for one in found}) > 1]
        leaked = sum(_leaked([splits[one] for one in found]) for found in torn)
        return {
            "prompts": sum(map(len, groups)),
            "groups": len(groups),
            "torn": len(torn),
            "leaked": leaked,
        }


def _leaked(splits: list[str]) -> int:
    """Those outside of the split that comes first among them: what a model could have seen."""
    first = min(splits, key=SPLITS.index)
    return sum(split != first for split in splits)


def read_groups(prompts: Iterable[tuple[str, list[dict]]], policy: Policy) -> Groups | None:
    """`prompts`: (hash, messages) of all that are in question, by hash. None where nothing near is
    looked for."""
    if policy.near_prompts == "ignore":
        return None
    hashes, texts, keys = [], [], []
    for sha256, messages in prompts:
        hashes.append(sha256)
        texts.append(plain_text(messages))
        keys.append(split_key(messages))
    leader, least_key = {}, {}
    for place, first in enumerate(groups_of_near(texts, policy.near_from)):
        head = hashes[first]
        leader[hashes[place]] = head
        least_key[head] = min(least_key.get(head, keys[place]), keys[place])
    return Groups(leader, least_key)
