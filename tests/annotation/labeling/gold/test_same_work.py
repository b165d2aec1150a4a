"""PostgreSQL does the same for gold as for work: what is looked at does not hang on the draw.

How long it takes is measured by `python -m bench gold`; here is only what it runs.
"""

import hashlib
import json
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from annotation.core.clock import last_midnight
from annotation.labeling.gold.share import set_share
from annotation.labeling.lending import LEND
from annotation.labeling.models import Assignment
from annotation.labeling.queue import lend_next_item
from annotation.labeling.repeats import set_repeats
from tests.annotation.labeling.gold.world import gold_of
from tests.annotation.labeling.repeats.world import age, judge
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db


class Undone(Exception):
    pass


def die(secret, ended):
    """What the lending statement draws with this secret after this assignment, 0 to 100."""
    return int(hashlib.md5(f"{secret}:{ended}".encode()).hexdigest()[:7], 16) / 2**28 * 100  # noqa: S324


def lend(project, labeler, secret):
    """(what is lent, each part of the statement that ran, with its rows); nothing stays of it."""
    values = {
        "project": project.pk, "labeler": labeler.pk, "avoids": [], "midnight": last_midnight(),
        "secret": secret, "key": uuid.uuid4(), "lease": timedelta(minutes=30),
    }  # fmt: skip
    given = [values[name] for name in LEND.names]
    try:
        with transaction.atomic():
            LEND.row(values)
            purpose = Assignment.objects.live().get(labeler=labeler).purpose
            raise Undone
    except Undone:
        pass
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + LEND._execute, given)
            plan = cursor.fetchone()[0]
            raise Undone
    except Undone:
        pass
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return purpose, dict(_parts(plan[0]["Plan"]))


def _parts(node):
    name = node.get("Subplan Name", "")
    if name.startswith("CTE "):
        yield name, (node["Actual Loops"], node["Actual Rows"] * node["Actual Loops"])
    for inner in node.get("Plans", ()):
        yield from _parts(inner)


@pytest.fixture
def seated():
    """A labeler with work before and behind them, known answers and repeats in their queue."""
    project = make_project(overlap=50)
    lead, labeler = make_member(project, role="lead"), make_member(project)
    for _ in range(12):
        make_item(project)
    for _ in range(5):
        judge(lend_next_item(project=project, labeler=labeler))
    age(labeler, hours=30)
    for _ in range(4):
        gold_of(project)
    set_share(project=project, actor=lead, gold_percent=20, probation_gold_percent=20)
    set_repeats(project=project, actor=lead, percent=20, after_items=2, after_hours=1)
    project.refresh_from_db()
    return project, labeler


def test_the_same_is_looked_for_whatever_the_die_says(seated):
    project, labeler = seated
    ended = Assignment.objects.filter(labeler=labeler).latest("pk").pk
    seen = {}
    for number in range(200):
        secret = f"secret {number}"
        drawn = die(secret, ended)
        expected = "gold" if drawn < 20 else "repeat" if drawn < 40 else "work"
        if expected not in seen:
            purpose, seen[expected] = lend(project, labeler, secret)
            assert purpose == expected
    assert set(seen) == {"gold", "repeat", "work"}
    assert seen["gold"]["CTE gold"] == (1, 1)
    assert seen["gold"]["CTE counted"] == (1, 1), "a place is written to, though none is taken"
    assert seen["gold"] == seen["repeat"] == seen["work"]
