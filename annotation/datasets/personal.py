"""Texts with personal data that a machine can tell for sure, as candidates are marked. Pure."""

from collections.abc import Mapping, Sequence

from annotation.candidates.marks.private import find_personal
from annotation.datasets.comparisons import PERSONAL, Comparison, Drop
from annotation.datasets.sharing import Placed


class PersonalData:
    """Of one prompt: each text is looked at once, however many pairs it stands in."""

    def __init__(self, messages: Sequence[Mapping[str, str]]):
        self._known: dict[str, bool] = {}
        self._is_in_prompt = any(self._is_in_text(message["content"]) for message in messages)

    def is_in(self, *texts: str) -> bool:
        """Whether the prompt or one of the texts has any."""
        return self._is_in_prompt or any(map(self._is_in_text, texts))

    def drop(self, placed: Sequence[Placed]) -> None:
        for one in placed:
            outcome = one.outcome
            if isinstance(outcome, Comparison) and self.is_in(
                outcome.chosen.text, outcome.rejected.text
            ):
                one.outcome = Drop(PERSONAL)

    def _is_in_text(self, text: str) -> bool:
        if text not in self._known:
            self._known[text] = bool(find_personal(text))
        return self._known[text]
