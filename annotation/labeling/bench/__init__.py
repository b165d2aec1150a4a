"""The judging page as values: a desk, the rubric and what was entered, ready for the template.

It reads what it is given and asks the database for nothing.
"""

from annotation.labeling.bench.page import Bench
from annotation.labeling.bench.problems import problems_of

__all__ = ["Bench", "problems_of"]
