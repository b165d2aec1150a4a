"""The training pages in German: their charts and forms keep numbers that a browser can read."""

import pytest
from django.urls import reverse

from tests.annotation.core.machine_numbers import comma_numbers, drawn_shapes

pytestmark = pytest.mark.django_db


def test_a_runs_pages_in_german(client, world):
    run = world.train("reward", name="Judge")
    world.engineer.preferences = {"language": "de"}
    world.engineer.save()
    client.force_login(world.engineer)
    slug = world.project.slug
    shapes = 0
    for name, args in [
        ("list-runs", [slug]),
        ("start-run", [slug]),
        ("show-run", [slug, run.pk]),
        ("show-project", [slug]),
    ]:
        answer = client.get(reverse(f"runs:{name}", args=args))
        assert answer.status_code == 200
        page = answer.content.decode()
        assert '<html lang="de"' in page
        assert comma_numbers(page) == [], name
        shapes += drawn_shapes(page)
    assert shapes > 10
    assert "0,750" in client.get(reverse("runs:list-runs", args=[slug])).content.decode()
