"""Connections that broke are replaced, and whole ones are not asked."""

import psycopg2
import pytest
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)


def from_elsewhere(statement):
    """The answer to a statement about the test's connection, by another one."""
    settings = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    other = psycopg2.connect(**{name: settings[name] for name in names if name in settings})
    try:
        other.autocommit = True
        with other.cursor() as cursor:
            cursor.execute(statement, {"pid": connection.connection.info.backend_pid})
            return cursor.fetchone()[0]
    finally:
        other.close()


def last_statement() -> str:
    return from_elsewhere("SELECT query FROM pg_stat_activity WHERE pid = %(pid)s")


def test_a_connection_that_stands_is_usable_and_is_sent_nothing():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'the last thing said'")
    assert "the last thing said" in last_statement()

    assert connection.is_usable()
    assert "the last thing said" in last_statement()


def test_a_connection_that_the_server_ended_is_not_usable():
    connection.ensure_connection()
    assert connection.is_usable()

    assert from_elsewhere("SELECT pg_terminate_backend(%(pid)s, 5000)") is True
    assert not connection.is_usable()
    connection.close()


def test_the_first_statement_after_a_restart_of_the_server_is_answered():
    connection.ensure_connection()
    before = connection.connection.info.backend_pid
    assert from_elsewhere("SELECT pg_terminate_backend(%(pid)s, 5000)") is True

    connection.health_check_enabled, connection.health_check_done = True, False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert connection.connection.info.backend_pid != before


def test_one_that_was_closed_here_or_never_opened_is_not_usable():
    connection.ensure_connection()
    assert connection.is_usable()

    connection.connection.close()
    assert not connection.is_usable()
    connection.close()
    assert not connection.is_usable()


def test_a_message_of_the_server_does_not_make_it_unusable():
    with connection.cursor() as cursor:
        cursor.execute("LISTEN news")
        cursor.execute("NOTIFY news")
    assert connection.is_usable()


def setting(name) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return cursor.fetchone()[0]


def test_what_is_prepared_is_planned_once_and_nothing_is_compiled():
    assert setting("plan_cache_mode") == "force_generic_plan"
    assert setting("jit") == "off"


def test_what_the_address_of_the_database_says_holds(monkeypatch):
    options = connection.settings_dict["OPTIONS"] | {"options": "-c jit=on -c work_mem=5MB"}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    connection.close()
    try:
        assert (setting("jit"), setting("work_mem")) == ("on", "5MB")
        assert setting("plan_cache_mode") == "force_generic_plan"
    finally:
        connection.close()
