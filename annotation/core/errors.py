"""The one family of errors that a person is meant to read.

Services raise them with a whole sentence; views show it, the API answers `status`, commands
print it and exit 1. Anything else that is raised is a defect of ours.
"""


class DomainError(Exception):
    """A rule was broken; `str(error)` is a sentence for the person who broke it."""

    status = 400


class Conflict(DomainError):
    """The request was fine, but the world has moved on: a stale lease, a row already there."""

    status = 409


class NotFound(DomainError):
    """Absent or forbidden: the two look the same from outside."""

    status = 404


class TooLarge(DomainError):
    """More bytes than this door takes; the sentence names the limit and the way around it."""

    status = 413
