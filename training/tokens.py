"""From messages to token ids: one rendering for training, scoring and sampling.

Prompt and response are tokenised apart and joined as ids, so that no token can span the border
between them. What does not fit is cut from the left of the prompt; a response is never cut.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from training.data import Comparison, Counts, Demonstration, Messages
from training.errors import ConfigError

# A cut prompt keeps at least so many tokens; below that a response counts as too long.
LEAST_PROMPT = 8
DEFAULT_MAX_LENGTH = 512
# Why a row cannot be used, as counts and reports name it.
NOT_CLEAN = "control token in text"
TOO_LONG = "too long"
Row = tuple[list[int], list[int]]  # prompt ids, response ids
# For models that come without a chat template: roles in plain words.
PLAIN_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n"
    "{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
)


@dataclass(frozen=True)
class TokenisedPair:
    """prompt + chosen and prompt + rejected, with one and the same (perhaps cut) prompt."""

    prompt: list[int]
    chosen: list[int]
    rejected: list[int]
    source: Comparison

    @property
    def length(self) -> int:
        return len(self.prompt) + max(len(self.chosen), len(self.rejected))


@dataclass(frozen=True)
class TokenisedText:
    """prompt + response."""

    prompt: list[int]
    response: list[int]

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.response)


class Reading(NamedTuple):
    """A (prompt, response) as a reward model reads it, or the reason why it cannot."""

    row: Row | None
    was_cut: bool = False  # the prompt lost its beginning
    fault: str = ""
    detail: str = ""  # what the chat template said


class ChatTokeniser:
    """Renders conversations with a causal model's own chat template and counts every loss.

    `max_length` is the budget for prompt and response together, in tokens.
    """

    def __init__(self, tokenizer: Any, max_length: int):
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.is_plain = tokenizer.chat_template is None
        if self.is_plain:
            tokenizer.chat_template = PLAIN_TEMPLATE
        if tokenizer.eos_token_id is None:
            raise ConfigError("the base model's tokenizer has no end token")
        if tokenizer.pad_token_id is None:
            # Masks, never the id, say what padding is: the end token is learned all the same.
            tokenizer.pad_token = tokenizer.eos_token
        self._control = control_tokens(tokenizer)

    def is_clean(self, prompt: Messages, *responses: str) -> bool:
        """Whether no text has a control token in it, which would end its turn from inside."""
        texts = [*(message["content"] for message in prompt), *responses]
        return not any(token in text for text in texts for token in self._control)

    def render(self, prompt: Messages) -> str:
        """The prompt as the model sees it, up to where its answer begins."""
        return self.tokenizer.apply_chat_template(
            list(prompt), tokenize=False, add_generation_prompt=True
        )

    def encode_prompt(self, prompt: Messages) -> list[int]:
        # The template writes the begin token itself; the tokenizer must not add a second one.
        return self.tokenizer.encode(self.render(prompt), add_special_tokens=False)

    def encode_response(self, text: str) -> list[int]:
        """The response's ids with the end token, where training and sampling both stop."""
        ids = self.tokenizer.encode(text, add_special_tokens=False)
        return [*ids, self.tokenizer.eos_token_id]

    def cut(self, prompt: Messages, ids: list[int], budget: int) -> list[int] | None:
        """The last `budget` tokens of a prompt, its begin token and system message kept.

        None where not even the least useful rest fits.
        """
        if len(ids) <= budget:
            return ids
        head = self._head(prompt, ids)
        if budget < len(head) + LEAST_PROMPT:
            return None
        return [*ids[: len(head)], *ids[len(ids) - (budget - len(head)) :]]

    def _head(self, prompt: Messages, ids: list[int]) -> list[int]:
        if prompt[0]["role"] == "system":
            text = self.tokenizer.apply_chat_template([prompt[0]], tokenize=False)
            head = self.tokenizer.encode(text, add_special_tokens=False)
            if ids[: len(head)] == head:
                return head
        return ids[:1] if ids[0] == self.tokenizer.bos_token_id else []

    def pairs(self, comparisons: Sequence[Comparison], counts: Counts) -> list[TokenisedPair]:
        """Comparisons as ids; what cannot be used is counted by reason, cuts too."""
        kept = []
        for one in comparisons:
            if not self.is_clean(one.prompt, one.chosen, one.rejected):
                counts.dropped[NOT_CLEAN] += 1
                continue
            chosen, rejected = self.encode_response(one.chosen), self.encode_response(one.rejected)
            longest = max(len(chosen), len(rejected))
            prompt = self.fit(one.prompt, longest, counts, one.prompt_sha256)
            if prompt is not None:
                kept.append(TokenisedPair(prompt, chosen, rejected, one))
        return kept

    def texts(self, rows: Sequence[Demonstration], counts: Counts) -> list[TokenisedText]:
        """Demonstrations as ids; what cannot be used is counted by reason, cuts too."""
        kept = []
        for one in rows:
            if not one.completion:
                counts.dropped["empty response"] += 1
                continue
            if not self.is_clean(one.prompt, one.completion):
                counts.dropped[NOT_CLEAN] += 1
                continue
            response = self.encode_response(one.completion)
            prompt = self.fit(one.prompt, len(response), counts, one.prompt_sha256)
            if prompt is not None:
                kept.append(TokenisedText(prompt, response))
        return kept

    def fit(
        self, prompt: Messages, response_length: int, counts: Counts, prompt_sha256: str
    ) -> list[int] | None:
        """The prompt's ids, cut where the response leaves too little room; None: no room, or the
        chat template refuses it. All of it is counted."""
        from jinja2 import TemplateError  # of the train extra, as the tokenizer is

        try:
            ids = self.encode_prompt(prompt)
            fitting = self.cut(prompt, ids, self.max_length - response_length)
        except TemplateError as error:  # such as roles that do not alternate
            counts.drop_refused(prompt_sha256, str(error))
            return None
        if fitting is None:
            counts.dropped[TOO_LONG] += 1
        elif len(fitting) < len(ids):
            counts.cut += 1
        return fitting


def control_tokens(tokenizer: Any) -> list[str]:
    """What its tokenizer reads inside a text as one control token. Not only those that have a
    role: the marks of a turn, such as Llama 3's header, are often added tokens without any."""
    added = tokenizer.added_tokens_decoder.values()
    return sorted({*tokenizer.all_special_tokens, *(str(one) for one in added if one.special)})


class BucketSampler:
    """Indices in an order where neighbours have about the same length, so batches pad little.

    Each epoch shuffles, sorts within windows of 50 batches, and shuffles the batches. Seed and
    epoch alone decide the order, so a resumed run meets the same batches. The longest batch
    comes first once: a run that does not fit into memory fails at its start.
    """

    WINDOW = 50

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int):
        self.lengths = list(lengths)
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        return (index for batch in self.batches() for index in batch)

    def batches(self) -> list[list[int]]:
        """All batches of the current epoch, each a list of indices; only the last is short."""
        chance = random.Random(f"{self.seed}/{self.epoch}")  # noqa: S311 - an order, no secret
        order = list(range(len(self.lengths)))
        chance.shuffle(order)
        size, window = self.batch_size, self.batch_size * self.WINDOW
        batches: list[list[int]] = []
        for start in range(0, len(order), window):
            part = sorted(order[start : start + window], key=self.lengths.__getitem__)
            batches += [part[at : at + size] for at in range(0, len(part), size)]
        short = [batch for batch in batches if len(batch) < size]
        full = [batch for batch in batches if len(batch) == size]
        chance.shuffle(full)
        if self.epoch == 0 and full:
            widest = max(
                range(len(full)), key=lambda at: max(map(self.lengths.__getitem__, full[at]))
            )
            full.insert(0, full.pop(widest))
        return full + short


def in_length_order(lengths: Sequence[int], tokens: int = 16384) -> Iterator[list[int]]:
    """Batches of indices of at most `tokens` with padding, longest first, for no-grad passes."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    start = 0
    while start < len(order):
        size = max(1, tokens // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size
