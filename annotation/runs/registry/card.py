"""A version's card as its page shows it: without the figures, which the page tells itself.

The published card lies in a folder that never changes; what it says of the figures was told by the
rule of its day. The page tells them by today's, and what was measured since.
"""

import re

from annotation.runs.models import ModelVersion

# As `training.card.write_card` heads them, up to the next heading.
FIGURES = re.compile(r"^## Held-out figures\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def card_of(version: ModelVersion) -> str:
    """Markdown, in English, as the trainer writes."""
    return FIGURES.sub("", version.card)
