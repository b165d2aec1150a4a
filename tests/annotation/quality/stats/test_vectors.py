"""Every published vector through the check of its kind; no kind without a check."""

import pytest

from .vectors import COVERED, NAMES, load_vectors


@pytest.fixture(scope="module")
def vectors():
    return load_vectors()


@pytest.mark.parametrize("name", NAMES)
def test_a_vector_is_met(vectors, name):
    COVERED[vectors[name]["kind"]](vectors[name])


def test_every_vector_of_the_file_is_named(vectors):
    assert set(vectors) == set(NAMES)


def test_every_kind_of_vector_is_covered_by_somebody(vectors):
    kinds = {vector["kind"] for vector in vectors.values()}
    assert not kinds - set(COVERED), "a kind that nobody computes"
    assert not set(COVERED) - kinds, "a check that no vector reaches"


def test_a_wrong_figure_is_noticed(vectors):
    """The checks can fail."""
    vector = dict(vectors["tau_b"])
    vector["computed"] = {"own": vector["computed"]["own"] + 1e-5}
    with pytest.raises(AssertionError):
        COVERED[vector["kind"]](vector)
