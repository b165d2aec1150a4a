"""One line of an items file, checked. Pure: attachments are asked of a library that is given.

`read_item` takes the value of a line and gives an ItemRow, or raises RowRefused with every field
that is wrong.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from annotation.core.errors import DomainError
from annotation.core.harms import HARMS, known_harms
from annotation.core.names import unseen_at
from annotation.core.strict_json import canonical
from annotation.core.text import invisible_name
from annotation.labeling.imports.preference_rows import is_preference, read_preference
from annotation.labeling.imports.problems import RowRefused, name_of_type

ROLES = ("system", "user", "assistant", "tool")
MAX_ID, MAX_KEY, MAX_GENERATOR = 200, 100, 200
ITEM_KEYS = {"id", "prompt", "responses", "metadata", "warnings", "gold"}
RESPONSE_KEYS = {"id", "text", "generator", "params", "attachments"}
ATTACHMENT_KEYS = {"sha256", "file", "transcript"}
MAX_FILE = 1_000  # characters of a path
MAX_ATTACHMENTS, MAX_TRANSCRIPT = 20, 100_000


@dataclass(frozen=True, slots=True)
class ResponseRow:
    key: str
    text: str
    text_sha256: str
    generator: str | None
    params: dict[str, Any]
    attachments: list[dict[str, str]]
    equal_to: int | None  # the first position with the very same text and attachments


@dataclass(frozen=True, slots=True)
class ItemRow:
    external_id: str
    has_own_id: bool  # False: the id was derived from the content
    messages: bytes  # canonical JSON
    responses: list[ResponseRow]
    metadata: dict[str, Any]
    warnings: list[str]
    content_sha256: str
    # The key of the response a preference row calls chosen; None for other rows.
    chosen: str | None = None
    # The known answer as it is written. No part of what the item is: it may come later.
    gold: dict[str, Any] | None = None

    @property
    def prompt_sha256(self) -> str:
        return sha256(self.messages).hexdigest()


@dataclass(frozen=True)
class ItemOptions:
    # Numbers and booleans in the place of a text become text, as JSON spells them.
    coerce_text: bool = False
    # The preference that a chosen/rejected row states becomes a judgment of "imported".
    keep_preferences: bool = True
    fewest_responses: int = 2
    library: Any = None  # a prompts.attachments.library.Library, or without one no attachments
    gold: Any = None  # an item_gold.GoldRows, or without one no known answers


def fewest_responses(project: Any) -> int:
    """Two where responses are put in order; one where they are only rated; none where labelers
    write the response themselves."""
    if project.ordering != "none":
        return 2
    return 0 if project.demonstration == "always" else 1


@dataclass
class _Found:
    """Wrong fields of one line."""

    coerce_text: bool
    library: Any = None
    problems: list[tuple[str, str]] = field(default_factory=list)

    def text(self, value: Any, name: str) -> str:
        if isinstance(value, str):
            return value
        if self.coerce_text and isinstance(value, bool | int | float):
            return canonical(value).decode()
        self.problems.append((name, f"must be text, is {name_of_type(value)}"))
        return ""

    def short(self, value: Any, name: str, limit: int) -> str:
        """An id or a name: text, not empty, of a bounded length."""
        if not isinstance(value, str):
            self.problems.append((name, f"must be text, is {name_of_type(value)}"))
        elif not value:
            self.problems.append((name, "is empty"))
        elif len(value) > limit:
            self.problems.append((name, f"has {len(value):,} characters, at most {limit} fit"))
        else:
            return value
        return ""

    def name(self, value: Any, name: str, limit: int) -> str:
        """What people tell things apart by: nothing in it that nobody sees."""
        said = self.short(value, name, limit)
        place = unseen_at(said)
        if place is not None:
            unseen = invisible_name(said[place])
            reason = f"has a character that nobody sees ({unseen}) at position {place + 1}"
            self.problems.append((name, reason))
        elif said and not said.strip():
            self.problems.append((name, "is empty"))
        return said

    def mapping(self, value: Any, name: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        if value is not None:
            self.problems.append((name, f"must be an object, is {name_of_type(value)}"))
        return {}

    def unknown_keys(self, value: dict[str, Any], known: set[str], prefix: str) -> None:
        if not value.keys() <= known:
            for key in sorted(value.keys() - known):
                self.problems.append((f"{prefix}{key}", "is no field of this format"))

    def attachments(self, value: Any, name: str) -> list[dict[str, str]]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.problems.append((name, f"must be a list, is {name_of_type(value)}"))
            return []
        if len(value) > MAX_ATTACHMENTS:
            reason = f"has {len(value)} attachments, at most {MAX_ATTACHMENTS} fit"
            self.problems.append((name, reason))
            return []
        return [self._attachment(one, f"{name}[{place}]") for place, one in enumerate(value)]

    def _attachment(self, value: Any, name: str) -> dict[str, str]:
        if not isinstance(value, dict):
            self.problems.append((name, f"must be an object, is {name_of_type(value)}"))
            return {}
        self.unknown_keys(value, ATTACHMENT_KEYS, f"{name}.")
        given = [key for key in ("sha256", "file") if key in value]
        if len(given) != 1:
            self.problems.append((name, "needs sha256 or file, one of them"))
            return {}
        asked = self.short(value[given[0]], f"{name}.{given[0]}", MAX_FILE)
        reference = {}
        if asked:
            try:
                reference["sha256"] = (
                    self.library.by_sha256(asked)
                    if given[0] == "sha256"
                    else self.library.by_name(asked)
                )
            except DomainError as error:
                self.problems.append((f"{name}.{given[0]}", str(error)))
        if "transcript" in value:
            transcript = self.text(value["transcript"], f"{name}.transcript")
            if len(transcript) > MAX_TRANSCRIPT:
                reason = f"has {len(transcript):,} characters, at most {MAX_TRANSCRIPT:,} fit"
                self.problems.append((f"{name}.transcript", reason))
            if transcript.strip():
                reference["transcript"] = transcript
        return reference


def read_item(value: Any, options: ItemOptions) -> ItemRow:
    if not isinstance(value, dict):
        raise RowRefused(("", f"must be an object, is {name_of_type(value)}"))
    found = _Found(options.coerce_text, options.library)
    chosen_at = None
    if is_preference(value):
        value, chosen_at = read_preference(value, options.coerce_text)
    else:
        found.unknown_keys(value, ITEM_KEYS, "")
    messages = _messages(value, found)
    responses = _responses(value, options.fewest_responses, found)
    metadata = found.mapping(value.get("metadata"), "metadata")
    warnings = _warnings(value.get("warnings"), found)
    external_id = ""
    if "id" in value:
        external_id = found.short(value["id"], "id", MAX_ID)
    elif chosen_at is None:
        found.problems.append(("id", "is missing"))
    if found.problems:
        raise RowRefused(*found.problems)
    if value.get("gold") is not None:
        if options.gold is None:
            raise RowRefused(("gold", "is not taken here"))
        options.gold.check(value["gold"], [response.key for response in responses])

    prompt = canonical(messages)
    content = sha256(
        canonical(
            [
                messages,
                [_identity(response) for response in responses],
                metadata,
                chosen_at,
                *([warnings] if warnings else []),
            ]
        )
    ).hexdigest()
    return ItemRow(
        external_id=external_id or f"sha256-{content[:24]}",
        has_own_id=bool(external_id),
        messages=prompt,
        responses=responses,
        metadata=metadata,
        warnings=warnings,
        content_sha256=content,
        chosen=None if chosen_at is None else responses[chosen_at].key,
        gold=value.get("gold"),
    )


def _identity(row: ResponseRow) -> list[Any]:
    """What makes a response that response. No attachments leave the hash as it always was."""
    said = [row.key, row.text_sha256, row.generator, row.params]
    return [*said, row.attachments] if row.attachments else said


def _warnings(value: Any, found: _Found) -> list[str]:
    """The kinds of harmful content, each once, in one order."""
    if value is None:
        return []
    if not isinstance(value, list):
        found.problems.append(("warnings", f"must be a list, is {name_of_type(value)}"))
        return []
    for place, kind in enumerate(value):
        if not isinstance(kind, str) or kind not in HARMS:
            known = ", ".join(HARMS)
            found.problems.append((f"warnings[{place}]", f"must be one of {known}"))
    return known_harms([kind for kind in value if isinstance(kind, str)])


def _messages(value: dict[str, Any], found: _Found) -> list[dict[str, Any]]:
    if "prompt" not in value:
        found.problems.append(("prompt", "is missing"))
        return []
    prompt = value["prompt"]
    if not isinstance(prompt, list):
        if isinstance(prompt, dict):
            found.problems.append(("prompt", "must be text or a list of messages, is an object"))
            return []
        return [{"role": "user", "content": found.text(prompt, "prompt")}]
    if not prompt:
        found.problems.append(("prompt", "has no message"))
        return []
    messages = [_message(message, f"prompt[{n}]", found) for n, message in enumerate(prompt)]
    if messages[-1]["role"] not in ("user", ""):
        found.problems.append(
            (f"prompt[{len(prompt) - 1}].role", "the last message must be the user's")
        )
    return messages


def _message(message: Any, name: str, found: _Found) -> dict[str, Any]:
    if not isinstance(message, dict):
        found.problems.append((name, f"must be an object, is {name_of_type(message)}"))
        return {"role": "", "content": ""}
    found.unknown_keys(message, {"role", "content", "attachments"}, f"{name}.")
    role = message.get("role")
    if role not in ROLES:
        found.problems.append((f"{name}.role", f"must be one of {', '.join(ROLES)}"))
        role = ""
    if "content" not in message:
        found.problems.append((f"{name}.content", "is missing"))
    read = {"role": role, "content": found.text(message.get("content", ""), f"{name}.content")}
    if attachments := found.attachments(message.get("attachments"), f"{name}.attachments"):
        read["attachments"] = attachments
    return read


def _responses(row: dict[str, Any], fewest: int, found: _Found) -> list[ResponseRow]:
    if "responses" not in row:
        if fewest:
            found.problems.append(("responses", "is missing"))
        return []
    value = row["responses"]
    if not isinstance(value, list):
        found.problems.append(("responses", f"must be a list, is {name_of_type(value)}"))
        return []
    if not fewest <= len(value) <= 9:
        reason = f"has {len(value)}, an item needs {fewest} to 9"
        found.problems.append(("responses", reason))
        return []
    rows: list[ResponseRow] = []
    key_at: dict[str, int] = {}
    shown_at: dict[str, int] = {}
    for index, response in enumerate(value):
        name = f"responses[{index}]"
        if not isinstance(response, dict):
            found.problems.append((name, f"must be an object, is {name_of_type(response)}"))
            continue
        found.unknown_keys(response, RESPONSE_KEYS, f"{name}.")
        for required in ("id", "text"):
            if required not in response:
                found.problems.append((f"{name}.{required}", "is missing"))
        key = found.short(response["id"], f"{name}.id", MAX_KEY) if "id" in response else ""
        if key and key_at.setdefault(key, index) != index:
            found.problems.append(
                (f"{name}.id", f"“{key}” is the id of responses[{key_at[key]}] already")
            )
        text = found.text(response["text"], f"{name}.text") if "text" in response else ""
        generator = response.get("generator")
        if generator is not None:
            generator = found.name(generator, f"{name}.generator", MAX_GENERATOR)
        attachments = found.attachments(response.get("attachments"), f"{name}.attachments")
        shown = text + "".join(f"\n{one.get('sha256', '')}" for one in attachments)
        first = shown_at.setdefault(shown, index + 1)
        rows.append(
            ResponseRow(
                key=key,
                text=text,
                text_sha256=sha256(text.encode()).hexdigest(),
                generator=generator,
                params=found.mapping(response.get("params"), f"{name}.params"),
                attachments=attachments,
                equal_to=first if first != index + 1 else None,
            )
        )
    return rows
