"""The world of the tests of training is one of ours, too."""

from tests.annotation.runs.conftest import world

__all__ = ["world"]
