"""Published tables in their shortest form: one character a rating or a count, a dot missing."""

import numpy as np

from annotation.quality.stats.ratings import Ratings
from annotation.quality.stats.tables import count_table

KRIPPENDORFF_2011_C = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
KRIPPENDORFF_WIKIPEDIA = (".....34121133.3", "1.213343.......", "..21344.21133.4")
FLEISS_1971 = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)
FLEISS_14_RATERS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)
COHEN_1968 = np.array([[88, 10, 2], [14, 40, 6], [18, 10, 12]])
COHEN_1968_DISAGREEMENT = np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]])
# Shrout & Fleiss 1979, table 2: six targets, four judges.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)
ANXIETY = "332 361 344 464 523 542 221 346 531 231 221 632 133 533 221 221 113 233 432 342"


def counts_of_raters(raters) -> np.ndarray:
    """Rows of ratings from 1, one row a labeler (text, or lists with None) -> items x scale."""
    cells = [
        (unit, int(rating) - 1)
        for row in raters
        for unit, rating in enumerate(row)
        if rating not in (".", None)
    ]
    item, category = zip(*cells, strict=True)
    return count_table(item, category, len(raters[0]), max(category) + 1)


def ratings_of_raters(raters) -> Ratings:
    """As `counts_of_raters`, with who gave which."""
    cells = [
        (unit, labeler, int(rating) - 1)
        for labeler, row in enumerate(raters)
        for unit, rating in enumerate(row)
        if rating not in (".", None)
    ]
    unit, labeler, category = zip(*cells, strict=True)
    return Ratings.of(
        unit=unit,
        labeler=labeler,
        category=category,
        n_units=len(raters[0]),
        n_labelers=len(raters),
        n_categories=max(category) + 1,
    )


def counts_of_digits(text: str) -> np.ndarray:
    return np.array([[int(digit) for digit in row] for row in text.split()])


def ratings_of_table(table) -> tuple[np.ndarray, np.ndarray]:
    """A cross table of two labelers -> the ratings of either, cell by cell."""
    table = np.asarray(table)
    first, second = np.indices(table.shape)
    return np.repeat(first.ravel(), table.ravel()), np.repeat(second.ravel(), table.ravel())
