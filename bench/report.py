"""Rows of the one table."""

import platform
import sys
from dataclasses import dataclass, field


@dataclass
class Report:
    """Collects what was measured, beside the aim, and prints it as it comes."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, what: str, measured: str, aim: str = "") -> None:
        self.rows.append((what, measured, aim))
        print(f"  {what}: {measured}" + (f"   (aim {aim})" if aim else ""), file=sys.stderr)

    def table(self) -> str:
        """Markdown, so that it can be pasted where it is discussed."""
        widths = [
            max(len(row[n]) for row in [("measure", "measured", "aim"), *self.rows])
            for n in range(3)
        ]
        lines = [("measure", "measured", "aim"), tuple("-" * width for width in widths)]
        lines += self.rows
        body = "\n".join(
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            + " |"
            for line in lines
        )  # fmt: skip
        return f"{body}\n\nPython {platform.python_version()}, {platform.machine()}."
