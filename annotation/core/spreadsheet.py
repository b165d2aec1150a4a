"""Values as cells of a CSV file, none of which a spreadsheet runs as a formula."""

from typing import Any

# A spreadsheet runs a cell that begins so, whoever wrote it. The wide forms count, too.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cell(value: Any) -> Any:
    """Texts that a spreadsheet would run get an apostrophe before them; numbers stay numbers."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value
