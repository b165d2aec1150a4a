"""The same comparison met again in another item. Pure."""

import hashlib
from collections.abc import Sequence

from annotation.datasets.comparisons import REPEATED, Comparison, Drop
from annotation.datasets.sharing import Placed
from annotation.datasets.split import folded


class Repeats:
    """Which pairs of texts were there already, by prompts and texts that a reader takes for the
    same. Of each the first pair counts, in the order of the files; a labeler's own vote on that
    very pair is no repetition of another's."""

    def __init__(self):
        self._first: dict[bytes, str] = {}

    def drop(self, key: str, placed: Sequence[Placed]) -> None:
        for one in placed:
            if isinstance(one.outcome, Comparison):
                name = "\0".join((one.external_id, *one.outcome.pair))
                if self._first.setdefault(_digest(key, one.outcome), name) != name:
                    one.outcome = Drop(REPEATED)


def _digest(key: str, one: Comparison) -> bytes:
    texts = sorted(folded(side.text) for side in (one.chosen, one.rejected))
    digest = hashlib.blake2b(digest_size=16)
    for text in (key, *texts):
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.digest()
