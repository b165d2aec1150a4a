"""PostgreSQL and a broker without a container engine, run as our own children.

Standard library only: settings read `discover` before Django exists, and the test plugin starts
a database before pytest-django reads the settings.
"""


class EmbeddedError(RuntimeError):
    """A server that cannot be found, started or stopped; the message says what to do."""
