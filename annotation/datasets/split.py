"""Which split a prompt is in: by its text alone, so the same on every machine, for ever. Pure."""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence

from annotation.core.strict_json import canonical
from annotation.datasets.policy import SPLITS


def split_key(messages: Sequence[Mapping[str, str]]) -> str:
    """A hash of the prompt that letter case, spacing and Unicode forms do not change: two
    prompts that a reader takes for the same one never lie on two sides of a split."""
    plain = [[message["role"], folded(message["content"])] for message in messages]
    return hashlib.sha256(canonical(plain)).hexdigest()


def plain_text(messages: Sequence[Mapping[str, str]]) -> str:
    """A prompt as one text, as `split_key` reads it."""
    return "\n".join(folded(message["content"]) for message in messages)


def split_of(key: str, *, shares: Sequence[float], salt: str = "") -> str:
    """The split of a prompt. `key` from `split_key`; `shares` of train, dev and test, adding up
    to 1. Each prompt falls where its hash says, so shares of prompts are kept only on average."""
    digest = hashlib.sha256(f"{salt}\0{key}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    reached = 0.0
    last = SPLITS[0]
    for name, share in zip(SPLITS, shares, strict=True):
        if share > 0:
            reached += share
            last = name
            if place < reached:
                return name
    return last  # the shares add up to a hair less than 1


def folded(text: str) -> str:
    """Without letter case, runs of spaces and Unicode forms."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
