"""Read a frozen dataset folder and refuse what must not be trained on. Imports no torch.

The platform checks all this before it freezes; a trainer checks again, for it may be handed any
folder, and a leak that nobody notices is a result that everybody believes.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.checkpoint import sha256_of
from training.errors import ConfigError, DataError

FORMAT = "concord-dataset/1"
SPLITS = ("train", "dev", "test")
ROLES = ("system", "user", "assistant", "tool")  # what items are imported with
# Above this share of unusable rows the run fails unless it was told to go on.
LARGEST_DROPPED_SHARE = 0.02

# Why a row cannot be used, as counts and reports name it; the others stand in tokens.py.
NOT_IN_TEMPLATE = "refused by the chat template"
EVEN = 0.5  # a share of the votes that decides nothing

Messages = tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Comparison:
    """Two responses to one prompt. `p_chosen` is the share of votes for chosen, ties halved."""

    prompt: Messages
    chosen: str
    rejected: str
    prompt_sha256: str
    p_chosen: float = 1.0
    weight: float = 1.0
    margin: float | None = None
    # Which criterion of the rubric it is about; empty: the ranking itself.
    criterion: str = ""


@dataclass(frozen=True)
class Demonstration:
    """A prompt and the response to imitate."""

    prompt: Messages
    completion: str
    prompt_sha256: str


@dataclass(frozen=True)
class Text:
    """A prompt and one response to it, whatever anybody thought of it."""

    prompt: Messages
    response: str
    prompt_sha256: str


# In which lines a response's text stands, and beside which id.
TEXT_PLACES = {
    "preferences": (("chosen", "chosen_id"), ("rejected", "rejected_id")),
    "ties": (("first", "first_id"), ("second", "second_id")),
    "sft": (("completion", "response_id"),),
}


@dataclass
class Counts:
    """What became of the rows of all splits; `dropped` and `cut` never happen silently.

    `read` = `kept` + all of `dropped`; `cut` are kept rows whose prompt lost its beginning.
    """

    read: int = 0
    cut: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    # Left out because this kind of training has no use for them: no sign of bad data.
    by_design: frozenset[str] = frozenset({"tie"})
    # What the base model's chat template said of the first prompt it refused, and of which.
    refusal: str = ""

    @property
    def kept(self) -> int:
        return self.read - self.dropped.total()

    def describe(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "kept": self.kept,
            "cut": self.cut,
            "dropped": {reason: n for reason, n in sorted(self.dropped.items()) if n},
        }

    def drop_refused(self, prompt_sha256: str, said: str) -> None:
        """A row whose prompt the chat template does not take, in the template's own words."""
        self.dropped[NOT_IN_TEMPLATE] += 1
        said = " ".join(said.split())[:300]
        self.refusal = self.refusal or f"“{said}” of prompt_sha256 {prompt_sha256}"

    def check(self, *, allow_drops: bool) -> None:
        """Raise DataError when more than 2 % of the usable rows were lost."""
        usable = self.read - sum(self.dropped[reason] for reason in self.by_design)
        lost = {
            reason: n for reason, n in self.dropped.items() if reason not in self.by_design and n
        }
        if allow_drops or sum(lost.values()) <= LARGEST_DROPPED_SHARE * usable:
            return
        reasons = ", ".join(f"{n} {reason}" for reason, n in sorted(lost.items()))
        share = 100 * sum(lost.values()) / usable
        todo = ["repair the data", "set allow_drops"]
        if self.refusal:
            reasons += f", which says {self.refusal}"
            todo.insert(0, "choose a base model whose chat template takes these prompts")
        if lost.keys() != {NOT_IN_TEMPLATE}:
            todo.insert(0, "raise max_length")
        raise DataError(
            f"{share:.1f} % of {usable} rows cannot be used ({reasons}); "
            f"{', '.join(todo[:-1])}, or {todo[-1]}"
        )


class Dataset:
    """A dataset folder whose manifest, file hashes and split were checked."""

    def __init__(self, folder: Path, expected_hash: str | None = None):
        self.folder = folder
        self.manifest = self._read_manifest()
        self.hash: str = self.manifest["hash"]
        if expected_hash is not None and expected_hash != self.hash:
            raise DataError(f"the folder holds dataset {self.hash}, not {expected_hash}")
        for name, entry in self.manifest["counts"]["files"].items():
            path = folder / name
            if not path.is_file() or sha256_of(path) != entry["sha256"]:
                raise DataError(f"{name} is missing or differs from the manifest")

    @property
    def shares_weight(self) -> bool:
        """Whether the comparisons of a ranking or prompt have the weight of one between them."""
        policy = self.manifest.get("policy")
        return isinstance(policy, dict) and policy.get("share_weight", "none") != "none"

    def _read_manifest(self) -> dict[str, Any]:
        try:
            manifest = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"no dataset at {self.folder}: {error.strerror}") from error
        except ValueError as error:
            raise DataError(f"manifest.json is not JSON: {error}") from error
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise DataError(f"manifest.json must have format {FORMAT!r}")
        if not isinstance(manifest.get("hash"), str) or "files" not in manifest.get("counts", {}):
            raise DataError("manifest.json lacks hash or counts.files")
        if manifest["hash"] != manifest_hash(manifest):
            raise DataError("manifest.json does not have the hash it names")
        return manifest

    def comparisons(self, split: str) -> list[Comparison]:
        """The decided comparisons of a split."""
        return [one for one in self._preferences(split) if one.p_chosen != EVEN]

    def ties(self, split: str) -> list[Comparison]:
        """The even splits of a split, as comparisons with p = 0.5 and no real chosen side: those
        in files of their own, and soft ones that stand among the comparisons."""
        kept_apart = [
            read_comparison(row, where, "first", "second", "p_first")
            for where, row in self._rows(f"ties.{split}.jsonl")
        ]
        return kept_apart + [one for one in self._preferences(split) if one.p_chosen == EVEN]

    def _preferences(self, split: str) -> list[Comparison]:
        return [
            read_comparison(row, where, "chosen", "rejected", "p_chosen")
            for where, row in self._rows(f"preferences.{split}.jsonl")
        ]

    def demonstrations(self, split: str) -> list[Demonstration]:
        return [
            Demonstration(
                read_prompt(row, where), read_response(row, "completion", where), _hash(row, where)
            )
            for where, row in self._rows(f"sft.{split}.jsonl")
        ]

    def rankings(self, split: str) -> list[tuple[str, dict[str, Any]]]:
        """(place, row) of the raw judgments of a split, each with its item, as they were given."""
        rows = [(at, row) for at, row in self._rows("rankings.jsonl") if row.get("split") == split]
        for where, row in rows:
            if not isinstance(row.get("item"), str):
                raise DataError(f"{where}: item is missing")
        return rows

    def texts(self, split: str) -> dict[tuple[str, str], Text]:
        """What the responses of a split say, by (item, response id), from all its lines.

        A response that stands in no comparison, tie or demonstration is not among them.
        """
        found: dict[tuple[str, str], Text] = {}
        for kind, sides in TEXT_PLACES.items():
            for where, row in self._rows(f"{kind}.{split}.jsonl"):
                for side, name in sides:
                    if isinstance(row.get("item"), str) and isinstance(row.get(name), str):
                        text = Text(
                            read_prompt(row, where),
                            read_response(row, side, where),
                            _hash(row, where),
                        )
                        found.setdefault((row["item"], row[name]), text)
        return found

    def prompts(self, split: str) -> list[tuple[str, Messages]]:
        """(prompt_sha256, messages) of a split: each prompt of its files once, in their order."""
        found: dict[str, Messages] = {}
        for kind in ("preferences", "ties", "sft"):
            for where, row in self._rows(f"{kind}.{split}.jsonl"):
                found.setdefault(_hash(row, where), read_prompt(row, where))
        return list(found.items())

    def check_leaks(self, kinds: tuple[str, ...] = ("preferences", "ties", "sft")) -> None:
        """Raise DataError when a prompt is in more than one split, over all files."""
        home: dict[str, str] = {}
        leaks: set[str] = set()
        for kind in kinds:
            for split in SPLITS:
                for where, row in self._rows(f"{kind}.{split}.jsonl"):
                    # The text itself too: a wrong prompt_sha256 must not hide a leak.
                    text = json.dumps(read_prompt(row, where))
                    for key in (_hash(row, where), text):
                        if home.setdefault(key, split) != split:
                            leaks.add(row["prompt_sha256"])
        if leaks:
            raise DataError(
                f"leak: {len(leaks)} prompt(s) are in more than one split, "
                f"such as prompt_sha256 {min(leaks)}"
            )

    def _rows(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        path = self.folder / name
        if not path.is_file():
            return []
        rows = []
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                where = f"{name} line {number}"
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise DataError(f"{where} is not JSON: {error}") from error
                if not isinstance(row, dict):
                    raise DataError(f"{where} is not an object")
                rows.append((where, row))
        return rows


def manifest_hash(manifest: dict[str, Any]) -> str:
    """sha256 of the canonical JSON of a manifest without its own `hash` (docs/formats.md)."""
    rest = {key: value for key, value in manifest.items() if key != "hash"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_comparison(
    row: dict[str, Any], where: str, first: str, second: str, share: str
) -> Comparison:
    margin = row.get("margin")
    p = _number(row, share, where, 1.0)
    weight = _number(row, "weight", where, 1.0)
    if not 0 <= p <= 1 or weight < 0:
        raise DataError(f"{where}: {share} must be in 0 to 1 and weight not negative")
    return Comparison(
        prompt=read_prompt(row, where),
        chosen=read_response(row, first, where),
        rejected=read_response(row, second, where),
        prompt_sha256=_hash(row, where),
        p_chosen=p,
        weight=weight,
        margin=None if margin is None else _number(row, "margin", where, 0.0),
    )


def read_prompt(row: dict[str, Any], where: str) -> Messages:
    """The prompt's messages, with nothing but role and content, both text."""
    messages = row.get("prompt")
    if not isinstance(messages, list) or not messages:
        raise DataError(f"{where}: prompt must be a list of messages")
    return tuple(_message(message, where) for message in messages)


def read_response(row: dict[str, Any], key: str, where: str) -> str:
    messages = row.get(key)
    if not isinstance(messages, list) or len(messages) != 1:
        raise DataError(f"{where}: {key} must be a list of one message")
    message = _message(messages[0], where)
    if message["role"] != "assistant":
        raise DataError(f"{where}: {key} must be the assistant's")
    return message["content"]


def check_margins(comparisons: list[Comparison]) -> None:
    """Margins in every row or in none: TRL looks at the first row only and drops the rest."""
    with_margin = sum(comparison.margin is not None for comparison in comparisons)
    if with_margin not in (0, len(comparisons)):
        raise DataError(f"mixed margins: {with_margin} of {len(comparisons)} comparisons have one")


def drop_identical(comparisons: list[Comparison], counts: Counts) -> list[Comparison]:
    """Comparisons whose two sides differ: equal texts teach nothing, whatever the votes."""
    kept = [one for one in comparisons if one.chosen != one.rejected]
    counts.dropped["identical responses"] += len(comparisons) - len(kept)
    return kept


def _message(message: Any, where: str) -> dict[str, str]:
    if not isinstance(message, dict):
        raise DataError(f"{where}: a message must be an object")
    role, content = message.get("role"), message.get("content")
    if role not in ROLES or not isinstance(content, str):
        raise DataError(f"{where}: a message needs a known role and a text as content")
    return {"role": role, "content": content}


def _hash(row: dict[str, Any], where: str) -> str:
    value = row.get("prompt_sha256")
    if not isinstance(value, str) or not value:
        raise DataError(f"{where}: prompt_sha256 is missing")
    return value


def _number(row: dict[str, Any], key: str, where: str, default: float) -> float:
    value = row.get(key, default)
    if type(value) not in (int, float) or not -1e9 < value < 1e9:
        raise DataError(f"{where}: {key} must be a number")
    return float(value)
