"""What every test stands on: one migrated database, cheap passwords, the long files first."""

import fcntl
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.emptying import delete_every_row

# How long a machine takes says nothing of what is checked on it.
settings.register_profile("concord", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("concord")

# What takes longest comes first, so that no process works alone at the end. The order of the rest
# is the one they were found in.
LONG = (
    "tests/training/test_entry_points.py",
    "tests/browser/test_kinds.py",
    "tests/training",
    "tests/browser/test_every_theme.py",
    "tests/annotation/projects/test_permissions.py",
    "tests/contract/test_runs.py",
    "tests/faults",
    "tests/annotation/demo/test_round_end_to_end.py",
    "tests/browser",
)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config, items):
    yield
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: place_of(item.nodeid))


def place_of(nodeid):
    return next((n for n, start in enumerate(LONG) if nodeid.startswith(start)), len(LONG))


@pytest.fixture(scope="session")
def django_db_setup(
    request, django_test_environment, django_db_blocker, django_db_keepdb, django_db_createdb
):
    """Migrate once, whatever the number of processes: each works in a copy of its own."""
    from django.db import connection

    keeps = django_db_keepdb and not django_db_createdb
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    creation, own_name = connection.creation, connection.settings_dict["NAME"]
    options = {"verbosity": 0, "autoclobber": True, "keepdb": keeps}
    with django_db_blocker.unblock():
        if worker:
            with (Path(os.environ["CONCORD_DATA"]) / "migrated").open("a+") as done:
                fcntl.flock(done, fcntl.LOCK_EX)
                done.seek(0)
                if name := done.read():
                    connection.close()
                    connection.settings_dict["NAME"] = name
                else:
                    done.write(creation.create_test_db(serialize=False, **options))
                    done.flush()
                creation.clone_test_db(worker, **options)
            connection.settings_dict |= creation.get_test_db_clone_settings(worker)
        else:
            creation.create_test_db(serialize=False, **options)
    yield
    if not keeps:
        with django_db_blocker.unblock():
            # A page that still polled when its browser closed may hold a session for a moment.
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            creation.destroy_test_db(own_name, verbosity=0)  # what was copied, the next run drops


@pytest.fixture(scope="session", autouse=True)
def _what_costs_little():
    """The same hash of a password with the least work, and the emptying of tables that have rows
    instead of all. What is hashed and what is left behind stay what they are."""
    from django.contrib.auth.hashers import Argon2PasswordHasher as Argon
    from django.test import TransactionTestCase

    with pytest.MonkeyPatch.context() as patch:
        for name, least in {"time_cost": 1, "memory_cost": 8, "parallelism": 1}.items():
            patch.setattr(Argon, name, least)
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: delete_every_row())
        yield
