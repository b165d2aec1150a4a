"""The two kinds of model that are served: a policy answers, a reward model scores."""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import torch
from jinja2 import TemplateError

from training import card, checkpoint, policy
from training.data import NOT_IN_TEMPLATE, Messages
from training.errors import ConfigError
from training.generate import continued, read_response, settings
from training.reward_model import SPEC, RewardModel
from training.serving.asked import DEFAULT_TOKENS, Chat, Refused, read_chat, read_score
from training.tokens import NOT_CLEAN, ChatTokeniser

# Read once at the start: it makes a tokenizer drop truncation that it was saved with, which must
# not happen while another thread reads with it.
SETTLING: Messages = ({"role": "user", "content": "Hello."},)
COOLEST = 0.01  # below it quotients of logits overflow, and 0 says the same
MOST_TOKENS = 4096  # prompt and response together; a longer one is no small try


class Served(Protocol):
    """What the server knows of a model: its kind, the one path it answers, and its answer."""

    kind: str
    path: str

    def read(self, asked: dict[str, Any], model: str) -> Any: ...

    def answer(self, asked: Any, is_over: Callable[[], bool]) -> dict[str, Any]: ...


def load(folder: Path, sha256: str | None = None) -> Served:
    """The verified model of a folder. `sha256`: what its manifest.json has to have.

    Raises ConfigError where it is damaged, another one, a pickle, or cannot be talked to.
    """
    place = {"path": str(folder), **({"sha256": sha256} if sha256 else {})}
    _, kind = card.check_model(place, "served")
    if kind == "reward" or (folder / SPEC).is_file():
        return Reward(folder)
    return Policy(folder)


def revision_of(folder: Path) -> str:
    """The first digits of the manifest's hash, as responses are signed with; "" without one."""
    manifest = folder / "manifest.json"
    return checkpoint.sha256_of(manifest)[:12] if manifest.is_file() else ""


class Policy:
    """Chat completions by a causal language model with its own chat template."""

    kind = "policy"
    path = "/v1/chat/completions"

    def __init__(self, folder: Path):
        self.tokenizer = policy.load_tokenizer(folder)
        if not self.tokenizer.chat_template:
            raise ConfigError(
                f"{folder.name} has no chat template: how it is talked to is unknown"
            )
        self.model = policy.load_policy(folder).eval()
        own = getattr(self.model.config, "max_position_embeddings", None) or MOST_TOKENS
        self.chat = ChatTokeniser(self.tokenizer, min(own, MOST_TOKENS))
        self.bf16 = policy.use_bf16("auto")
        self.chat.encode_prompt(SETTLING)

    def read(self, asked: dict[str, Any], model: str) -> tuple[Chat, list[int], int]:
        """What is asked, the prompt's ids, and how many tokens may follow. It is never cut."""
        chat = read_chat(asked, model)
        for at, message in enumerate(chat.messages):
            if not self.chat.is_clean((message,)):
                where = f"messages[{at}].content"
                raise Refused(f"{where} has a control token of the model in it.", param=where)
        try:
            ids = self.chat.encode_prompt(chat.messages)
        except TemplateError as error:
            raise Refused(
                f"The model's chat template refuses the messages: {error}.", param="messages"
            ) from error
        room = self.chat.max_length - len(ids)
        if room < (chat.max_tokens or 1):
            raise Refused(
                f"The prompt has {len(ids)} tokens and the answer may have "
                f"{chat.max_tokens or 1}; together they may have {self.chat.max_length}.",
                param="messages",
                code="context_length_exceeded",
            )
        return chat, ids, chat.max_tokens or min(room, DEFAULT_TOKENS)

    def answer(
        self, asked: tuple[Chat, list[int], int], is_over: Callable[[], bool]
    ) -> dict[str, Any]:
        chat, ids, limit = asked
        # The only generator there is: who calls this holds the only turn.
        seed = secrets.randbits(63) if chat.seed is None else chat.seed % 2**63
        torch.manual_seed(seed)
        wanted = {
            "temperature": chat.temperature if chat.temperature >= COOLEST else 0,
            "top_p": chat.top_p,
            "max_new_tokens": limit,
        }
        until = Until(self.tokenizer, len(ids), chat.stop, is_over)
        how = settings(wanted, self.tokenizer)
        produced = continued(self.model, self.tokenizer, [ids] * chat.n, how, until, self.bf16)
        said = [until.read(row, tokens) for row, tokens in enumerate(produced)]
        written = sum(one["num_tokens"] for one in said)
        return {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "object": "chat.completion",
            "created": int(time.time()),
            "choices": [
                {
                    "index": at,
                    "message": {"role": "assistant", "content": one["text"]},
                    "logprobs": None,
                    "finish_reason": one["finish_reason"],
                }
                for at, one in enumerate(said)
            ],
            "usage": {
                "prompt_tokens": len(ids),
                "completion_tokens": written,
                "total_tokens": len(ids) + written,
            },
        }


class Until:
    """Called by generate after each token: ends a row at a stop text, and all when it is over."""

    def __init__(
        self, tokenizer: Any, start: int, stops: tuple[str, ...], is_over: Callable[[], bool]
    ):
        self.tokenizer, self.start, self.stops, self.is_over = tokenizer, start, stops, is_over
        # A token writes a byte or more, but for control tokens: a stop text lies in so many.
        self.window = max((len(stop.encode()) for stop in stops), default=0) + 8
        self.ends: dict[int, int] = {}  # row → tokens when its stop text was there

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        length = input_ids.shape[1] - self.start
        if self.stops:
            last = input_ids[:, self.start :][:, -self.window :].tolist()
            for row, ids in enumerate(last):
                if row not in self.ends and self._first_stop(self._text(ids)) is not None:
                    self.ends[row] = length
        over = self.is_over()
        done = [over or row in self.ends for row in range(len(input_ids))]
        return torch.tensor(done, dtype=torch.bool, device=input_ids.device)

    def read(self, row: int, ids: list[int]) -> dict[str, Any]:
        """Text before the first stop text, finish reason, and the tokens that were written."""
        said = read_response(self.tokenizer, ids[: self.ends.get(row, len(ids))])
        cut = self._first_stop(said["text"])
        if cut is not None:
            said |= {"text": said["text"][:cut], "finish_reason": "stop"}
        # No database stores it; a run of the platform's own writes the same sign in its place.
        return said | {"text": said["text"].replace("\0", "\N{REPLACEMENT CHARACTER}")}

    def _text(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=True)

    def _first_stop(self, text: str) -> int | None:
        found = [at for stop in self.stops if (at := text.find(stop)) >= 0]
        return min(found, default=None)


class Reward:
    """Normalised rewards of responses, as `RewardModel.score` gives them."""

    kind = "reward"
    path = "/v1/score"

    def __init__(self, folder: Path):
        try:
            self.model = RewardModel.load(folder)
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(f"no reward model in {folder}: {error}") from error
        settled = self.model.tokeniser.read(SETTLING, "")
        if settled.fault == NOT_IN_TEMPLATE:
            raise ConfigError(f"the chat template of {folder.name} is of no use: {settled.detail}")

    def read(self, asked: dict[str, Any], model: str) -> list[tuple[Messages, str]]:
        conversations = read_score(asked, model)
        tokeniser = self.model.tokeniser
        for at, (prompt, response) in enumerate(conversations):
            where = f"conversations[{at}]"
            reading = tokeniser.read(prompt, response)
            if reading.fault == NOT_IN_TEMPLATE:
                said = f"The model's chat template refuses {where}: {reading.detail}."
                raise Refused(said, param=where)
            if reading.fault == NOT_CLEAN:
                raise Refused(f"{where} has a control token of the model in it.", param=where)
            if reading.fault:
                raise Refused(
                    f"The response of {where} is longer than the model reads, "
                    f"{tokeniser.max_length} tokens; nothing is cut.",
                    param=where,
                    code="context_length_exceeded",
                )
        return conversations

    def answer(
        self, asked: list[tuple[Messages, str]], is_over: Callable[[], bool]
    ) -> dict[str, Any]:
        prompts, responses = zip(*asked, strict=True)
        rewards, deviations = self.model.score_with_deviation(prompts, responses)
        data = [
            {"object": "score", "index": at, "score": reward}
            for at, reward in enumerate(rewards.tolist())
        ]
        if self.model.heads.members > 1:  # of a single one it would be a 0 that looks like a fact
            for one, deviation in zip(data, deviations.tolist(), strict=True):
                one["deviation"] = deviation
        return {"object": "list", "data": data}
