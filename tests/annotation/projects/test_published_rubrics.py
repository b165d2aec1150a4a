"""A published version never changes: not by a service, and not by SQL."""

import pytest
from django.db import IntegrityError, connection, transaction

from annotation.projects.models import Criterion, RubricExample, RubricVersion
from annotation.projects.services import (
    CriterionSpec,
    ExampleSpec,
    criterion_specs,
    current_rubric,
    publish_rubric,
)
from tests.factories import make_project

pytestmark = pytest.mark.django_db

TONE = CriterionSpec(
    "tone", "Tone", weight=2.5, examples=(ExampleSpec("“Sure!”", 7), ExampleSpec("“No.”"))
)
FACTS = CriterionSpec("facts", "Facts")


@pytest.fixture
def version():
    project = make_project("shop")
    return publish_rubric(
        project=project,
        guideline="Be fair.",
        criteria=[TONE, FACTS],
        priorities=["facts", "tone"],
        note="Tone is new.",
    )


CHANGES = [
    "UPDATE projects_rubricversion SET guideline = 'x' WHERE id = %(version)s",
    "UPDATE projects_rubricversion SET priorities = '[]' WHERE id = %(version)s",
    "UPDATE projects_rubricversion SET note = '' WHERE id = %(version)s",
    "UPDATE projects_rubricversion SET published_at = NULL WHERE id = %(version)s",
    "UPDATE projects_rubricversion SET published_at = now() WHERE id = %(version)s",
    "DELETE FROM projects_rubricversion WHERE id = %(version)s",
    "UPDATE projects_criterion SET weight = 9 WHERE id = %(criterion)s",
    "UPDATE projects_criterion SET rubric_version_id = %(draft)s WHERE id = %(criterion)s",
    "UPDATE projects_criterion SET rubric_version_id = %(version)s WHERE id = %(loose)s",
    "DELETE FROM projects_criterion WHERE id = %(criterion)s",
    "UPDATE projects_rubricexample SET text = 'x' WHERE id = %(example)s",
    "UPDATE projects_rubricexample SET criterion_id = %(loose)s WHERE id = %(example)s",
    "DELETE FROM projects_rubricexample WHERE id = %(example)s",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_sql_cannot_change_it(version, statement):
    draft = RubricVersion.objects.create(project=version.project, number=9)
    loose = Criterion.objects.create(rubric_version=draft, key="x", label="X", position=1)
    criterion = version.criteria.get(key="tone")
    names = {
        "version": version.pk,
        "criterion": criterion.pk,
        "example": criterion.examples.first().pk,
        "draft": draft.pk,
        "loose": loose.pk,
    }
    with (
        pytest.raises(IntegrityError, match="never change"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, names)


def test_nothing_is_added_to_it(version):
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        Criterion.objects.create(rubric_version=version, key="x", label="X", position=3)
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        RubricExample.objects.create(criterion=version.criteria.first(), text="x", position=3)


def test_what_is_not_published_may_change(version):
    """The positive control: the triggers refuse by what is published, not everything."""
    draft = RubricVersion.objects.create(project=version.project, number=9)
    loose = Criterion.objects.create(rubric_version=draft, key="x", label="X", position=1)
    example = RubricExample.objects.create(criterion=loose, text="x", position=1)
    assert RubricExample.objects.filter(pk=example.pk).update(text="y") == 1
    assert Criterion.objects.filter(pk=loose.pk).update(weight=3) == 1
    example.delete()
    loose.delete()
    assert RubricVersion.objects.filter(pk=draft.pk).update(guideline="x") == 1
    draft.delete()


def test_a_version_is_read_as_it_was_written(version):
    rubric = current_rubric(version.project)
    assert criterion_specs(rubric) == [TONE, FACTS]
    assert (rubric.priorities, rubric.note) == (["facts", "tone"], "Tone is new.")


def test_the_rubric_in_force_takes_three_statements_and_then_one(
    version, django_assert_num_queries
):
    with django_assert_num_queries(3):
        current_rubric(version.project)
    with django_assert_num_queries(1):
        current_rubric(version.project)


def test_the_database_keeps_weights_and_texts_in_their_bounds(version):
    draft = RubricVersion.objects.create(project=version.project, number=9)
    with pytest.raises(IntegrityError, match="weight"), transaction.atomic():
        Criterion.objects.create(
            rubric_version=draft, key="x", label="X", position=1, weight=100.5
        )
    loose = Criterion.objects.create(rubric_version=draft, key="x", label="X", position=1)
    with pytest.raises(IntegrityError, match="has_text"), transaction.atomic():
        RubricExample.objects.create(criterion=loose, text="", position=1)
