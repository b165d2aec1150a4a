"""Values of a line by their type, each wrong one a RowRefused with the field's name. Pure."""

from collections.abc import Mapping
from typing import Any

from annotation.labeling.imports.problems import RowRefused, name_of_type

Positions = Mapping[str, int]  # where each response stands in its item, from 0


def index_of(key: Any, name: str, position: Positions) -> int:
    if not isinstance(key, str):
        raise RowRefused((name, f"must be the id of a response, is {name_of_type(key)}"))
    if key not in position:
        raise RowRefused((name, f"the item has no response “{key[:80]}”"))
    return position[key]


def list_of(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise RowRefused((name, f"must be a list, is {name_of_type(value)}"))
    return value


def object_of(value: Any, name: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RowRefused((name, f"must be an object, is {name_of_type(value)}"))
    return value


def text_of(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowRefused((name, f"must be text, is {name_of_type(value)}"))
    return value


def whole_of(value: Any, name: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise RowRefused((name, f"must be a whole number, is {name_of_type(value)}"))
    return value


def yes_no_of(value: Any, name: str) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise RowRefused((name, f"must be true or false, is {name_of_type(value)}"))
    return value


def only_keys(value: Mapping[str, Any], known: frozenset[str], name: str) -> None:
    if unknown := sorted(value.keys() - known):
        raise RowRefused(*((f"{name}.{key}", "is no field of this format") for key in unknown))
