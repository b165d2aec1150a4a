"""The draw of gold looks like dice, and is none: the same labeler at the same place gets the same.

Asked of PostgreSQL itself, for 5,000 places in the queue under a fixed secret: so these are facts
about that secret, and chance fails none of them.
"""

import math

import pytest
from django.db import connection

from annotation.labeling.lending import DIE

pytestmark = pytest.mark.django_db

PLACES = 5_000
SHARE = 0.1
# 99.9 % quantiles: of chi-square with 1 and with 9 degrees of freedom, and of the normal.
CHI_1, CHI_9, NORMAL = 10.83, 27.88, 3.29


def draws(secret, count=PLACES):
    sql = DIE.replace("<last>", "place") + f" < {SHARE} FROM generate_series(1, {count}) AS place"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql} ORDER BY place", {"secret": secret})  # noqa: S608
        return [drawn for (drawn,) in cursor.fetchall()]


def chi_square(found, expected):
    return sum((a - b) ** 2 / b for a, b in zip(found, expected, strict=True))


@pytest.fixture
def drawn():
    return draws("a secret")


def test_the_share_is_kept(drawn):
    gold = sum(drawn)
    expected = [PLACES * SHARE, PLACES * (1 - SHARE)]
    assert chi_square([gold, PLACES - gold], expected) < CHI_1


def test_no_place_in_ten_has_more_of_it(drawn):
    found = [sum(drawn[start::10]) for start in range(10)]
    assert chi_square(found, [sum(drawn) / 10] * 10) < CHI_9
    every_tenth = [place % 10 == 0 for place in range(PLACES)]  # what would be seen at once
    found = [sum(every_tenth[start::10]) for start in range(10)]
    assert chi_square(found, [sum(every_tenth) / 10] * 10) > CHI_9


def test_runs_are_as_long_as_chance_makes_them(drawn):
    """Wald and Wolfowitz: gold neither clusters nor keeps its distance."""
    ones, zeros = sum(drawn), PLACES - sum(drawn)
    runs = 1 + sum(a != b for a, b in zip(drawn, drawn[1:], strict=False))
    mean = 2 * ones * zeros / PLACES + 1
    variance = (mean - 1) * (mean - 2) / (PLACES - 1)
    assert abs(runs - mean) / math.sqrt(variance) < NORMAL


def test_what_came_before_says_nothing_of_what_comes(drawn):
    after_gold = [after for before, after in zip(drawn, drawn[1:], strict=False) if before]
    n = len(after_gold)
    error = math.sqrt(SHARE * (1 - SHARE) / n)
    assert abs(sum(after_gold) / n - SHARE) < NORMAL * error


def test_another_secret_is_another_queue_and_the_same_one_the_same(drawn):
    other = draws("another secret")
    assert draws("a secret") == drawn != other
    both = sum(a and b for a, b in zip(drawn, other, strict=True))
    assert abs(both - PLACES * SHARE**2) < NORMAL * math.sqrt(PLACES * SHARE**2)
