"""Statements that are planned once per connection, with a real PostgreSQL."""

import pytest
from django.db import IntegrityError, connection, transaction

from annotation.core.prepared import USES_OF_A_PLAN, Prepared

pytestmark = pytest.mark.django_db

SUM = Prepared("SELECT %(one)s::int + %(other)s::int + %(one)s::int, '100%%' LIKE '1%%'")


def run(statement, **values):
    return statement.rows(values)


def times_known(statement) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE name = %s", [statement.name]
        )
        return cursor.fetchone()[0]


def plan_of(statement, value) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN EXECUTE {statement.name}({value})")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_it_answers_as_the_plain_statement_does():
    with connection.cursor() as cursor:
        cursor.execute(SUM.sql, {"one": 1, "other": 20})
        plain = cursor.fetchall()

    assert run(SUM, one=1, other=20) == plain == [(22, True)]
    assert SUM.row({"one": 1, "other": 20}) == (22, True)
    assert Prepared("SELECT 1 WHERE false").row({}) is None


def test_a_statement_without_parameters_runs():
    assert run(Prepared("SELECT 7")) == [(7,)]


def test_it_is_prepared_once_and_counts_as_one_statement(django_assert_num_queries):
    statement = Prepared("SELECT %(n)s::int AS once")
    assert times_known(statement) == 0

    for n in range(3):
        with django_assert_num_queries(1):
            assert run(statement, n=n) == [(n,)]

    assert times_known(statement) == 1


def test_a_plan_that_was_made_for_an_empty_table_is_not_kept_for_ever():
    statement = Prepared("SELECT count(*) FROM growing WHERE id = %(id)s::int")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE growing (id int PRIMARY KEY)")
        cursor.execute("ANALYZE growing")  # now it is known to be empty
        for _ in range(10):
            assert run(statement, id=1) == [(0,)]
        cursor.execute("INSERT INTO growing SELECT generate_series(1, 5000)")
    assert "Seq Scan" in plan_of(statement, 1)  # there is something to get rid of

    for _ in range(USES_OF_A_PLAN):
        assert run(statement, id=1) == [(1,)]
    assert "Index" in plan_of(statement, 1)


def test_values_are_values_and_never_sql():
    text = Prepared("SELECT %(text)s::text")

    for hostile in ("'; DROP TABLE x; --", "%s %(text)s %%", "$1", "\\'", "“\n"):
        assert run(text, text=hostile) == [(hostile,)]


def test_another_statement_has_another_name():
    assert Prepared("SELECT 1").name == Prepared("SELECT 1").name != Prepared("SELECT 2").name


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_learns_it_anew():
    statement = Prepared("SELECT %(n)s::int AS anew")
    run(statement, n=1)
    connection.close()
    assert times_known(statement) == 0

    assert run(statement, n=2) == [(2,)]
    assert times_known(statement) == 1


def test_what_fails_or_is_rolled_back_can_be_run_again():
    divide = Prepared("SELECT 10 / %(by)s::int")
    with pytest.raises(Exception, match="division by zero"), transaction.atomic():
        run(divide, by=0)

    assert run(divide, by=5) == [(2,)]


def test_an_error_is_the_same_as_the_plain_statements():
    insert = Prepared(
        "INSERT INTO django_content_type (app_label, model) VALUES (%(a)s, %(m)s) RETURNING model"
    )
    assert run(insert, a="tests", m="twice") == [("twice",)]

    with pytest.raises(IntegrityError), transaction.atomic():
        run(insert, a="tests", m="twice")


def test_a_statement_that_cannot_be_prepared_says_why_each_time():
    wrong = Prepared("SELECT * FROM nowhere_at_all")

    for _ in range(2):
        with pytest.raises(Exception, match="nowhere_at_all"), transaction.atomic():
            run(wrong)
