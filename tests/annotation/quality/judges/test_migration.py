"""Opinions that named positions name the responses that stood there."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from annotation.labeling.responses.deciding import decide
from annotation.quality.judges.models import Judge, JudgeRun, Opinion
from tests.factories import make_item, make_member, make_opinion, make_project

pytestmark = pytest.mark.django_db
NAME = ("quality", "0011_responses_of_opinions")


@pytest.fixture
def run():
    project = make_project("shop")
    judge = Judge.objects.create(project=project, name="r", reward_model="r", tie_below=0)
    return JudgeRun.objects.create(project=project, judge=judge, item_ids=[1], question_count=9)


class Step:
    """The one migration, forwards and back. `then`: its models as they are before it."""

    def __init__(self):
        loader = MigrationLoader(connection)
        self.migration = loader.graph.nodes[NAME]
        self.state = loader.project_state(NAME, at_end=False)
        self.then = self.state.apps

    def _do(self, does):
        # Else the rows of this very transaction keep their tables from being altered.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with connection.schema_editor(atomic=False) as editor:
            does(self.state.clone(), editor)

    def back(self):
        self._do(self.migration.unapply)

    def forwards(self):
        self._do(self.migration.apply)


def named(opinions):
    return {
        (row["item_id"], row["first_response_id"], row["second_response_id"], row["preferred"])
        for row in opinions.values()
    }


def test_each_position_becomes_the_response_that_stands_there_and_back(run):
    items = [make_item(run.project, ("1.", "2.", "3.")) for _ in range(2)]
    for item in items:
        make_opinion(run, item, 3, 1, preferred="first")
        make_opinion(run, item, 1, 2, fault="no_json")
    said = named(Opinion.objects.all())
    assert len(said) == 4
    step = Step()

    step.back()

    then = step.then.get_model("quality", "Opinion").objects
    places = list(then.order_by("pk").values_list("first", "second", "preferred"))
    assert places == [(3, 1, "first"), (1, 2, "")] * 2

    step.forwards()

    assert named(Opinion.objects.all()) == said


def test_back_again_what_was_said_of_a_response_that_left_goes(run):
    item = make_item(run.project, ("1.", "2.", "3."))
    for pair in ((1, 2), (1, 3), (2, 3)):
        make_opinion(run, item, *pair, preferred="first")
    lead = make_member(run.project, "lead")
    first = item.item_responses.get(position=1).response_id
    decide(project=run.project, responses=[first], choice="withheld", actor=lead)
    step = Step()

    step.back()
    then = step.then.get_model("quality", "Opinion").objects
    assert list(then.values_list("first", "second")) == [(1, 2)], "the two that were 2 and 3"
    step.forwards()

    (kept,) = Opinion.objects.placed()
    assert (kept.pair, Opinion.objects.count()) == ((1, 2), 1)
    assert first not in kept.responses


def test_a_place_that_nothing_stands_in_says_nothing(run):
    item = make_item(run.project, ("1.", "2."))
    make_opinion(run, item, 1, 2, preferred="first")
    step = Step()
    step.back()
    then = step.then.get_model("quality", "Opinion").objects
    then.create(run_id=run.pk, item_id=item.pk, first=1, second=9, preferred="tie")

    step.forwards()

    assert [one.pair for one in Opinion.objects.placed()] == [(1, 2)]
    assert Opinion.objects.count() == 1
