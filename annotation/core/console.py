"""The last lines a person in a terminal sees when a command cannot do its work."""

import os
import sys

from django.db import OperationalError

from annotation.core.errors import DomainError


def run(execute, argv):
    """Run a management command; a broken rule or a missing database is a sentence, not a trace."""
    try:
        execute(argv)
    except BrokenPipeError:  # `… | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except DomainError as error:
        sys.exit(f"{error}")
    except OperationalError as error:
        if os.environ.get("DATABASE_URL"):
            sys.exit(f"The database of DATABASE_URL does not answer: {error}")
        sys.exit(
            "No database is running. Start one with `make demo` (everything) or "
            "`manage.py services` (only the servers) in another terminal, or set DATABASE_URL. "
            "If one runs there with CONCORD_DATA set, set it to the same here."
        )
