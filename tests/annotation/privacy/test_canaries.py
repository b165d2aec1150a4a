"""Somebody is erased: a dump of the database and the files hold nothing of them any more."""

import pytest
from django.db import connection

from annotation.labeling.models import Judgment
from annotation.privacy.erasing import erase_person, preview
from tests.annotation.privacy.canaries import (
    CANARIES,
    ON_DISK,
    found_in_dump,
    found_on_disk,
    plant,
)

# Not inside a transaction: pg_dump sees what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def test_of_all_canaries_none_is_left():
    person, _project = plant()
    assert found_in_dump() == set(CANARIES), "before, the dump holds every one of them"
    assert found_on_disk() == set(ON_DISK)

    erase_person(user=person, removes_texts=True)

    assert found_in_dump() == set()
    assert found_on_disk() == set()
    assert Judgment.objects.filter(labeler=person).count() == 1


def test_without_the_option_only_what_was_said_of_items_is_left():
    person, _project = plant()

    erase_person(user=person)

    assert found_in_dump() == {
        "phone in a rationale",
        "note at an error",
        "correction",
        "rendered text",
    }
    assert found_on_disk() == set()


def test_looking_changes_nothing():
    person, _project = plant()
    before = hashes_of_tables()

    seen = preview(user=person, removes_texts=True)

    assert hashes_of_tables() == before
    assert found_on_disk() == set(ON_DISK)
    assert seen.problem == ""
    assert seen.counts["rationales"] == 1
    assert seen.counts["recordings"] == 1
    assert seen.counts["items_given_back"] == 1


def hashes_of_tables() -> dict[str, str]:
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            rows = f"SELECT string_agg(t::text, '|' ORDER BY t::text) FROM {table} t"  # noqa: S608
            cursor.execute(f"SELECT md5(coalesce(({rows}), ''))")  # noqa: S608
            (found[table],) = cursor.fetchone()
    assert len(found) > 30
    return found
