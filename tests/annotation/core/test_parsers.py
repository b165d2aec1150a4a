"""Bodies of the API: strict JSON, or a sentence."""

import pytest
from rest_framework.test import APIClient

from annotation.projects.models import Project
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def api():
    client = APIClient()
    client.force_authenticate(make_user(is_superuser=True))
    return client


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'{"slug": "a", "slug": "b"}', 400, "appears twice"),
        (b'{"slug": "a", "overlap": 1e999}', 400, "1e999 is too large"),
        (b'{"slug": "a", "overlap": NaN}', 400, "NaN is not JSON"),
        (b'{"slug": "a\\u0000"}', 400, "slug: has a NUL character at position 2"),
        (b'{"slug": "\\ud800"}', 400, "half a surrogate pair"),
        (b"[" * 100_000, 400, "nested deeper than 64"),
        (b'{"slug": "\xff"}', 400, "is not UTF-8"),
        (b'{"slug": "a"', 400, "is not valid JSON"),
        (b" " * (2**20 + 1), 413, "larger than 1,048,576 bytes"),
    ],
)
def test_a_hostile_body_gets_a_sentence_and_changes_nothing(api, body, status, said):
    answer = api.post("/api/projects/", body, content_type="application/json")

    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert not Project.objects.exists()


def test_a_proper_body_is_read(api):
    answer = api.post("/api/projects/", b'{"slug": "shop"}', content_type="application/json")

    assert answer.status_code == 201
    assert Project.objects.get().slug == "shop"
