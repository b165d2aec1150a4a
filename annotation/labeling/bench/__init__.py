"""The judging page as values: a desk, the rubric and what was entered, ready for the template.

It reads what it is given and asks the database for nothing.
"""

from annotation.labeling.bench.page import Bench, letters_of

__all__ = ["Bench", "letters_of"]
