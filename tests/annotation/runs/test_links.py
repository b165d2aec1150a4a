"""Links that say what a page begins with: misspelled, cut or made up, they never break it."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db

ODD = (
    "",
    "nothing-like-it",
    "²",
    "-1",
    "9" * 30,
    "\x00",
    "a\x00b",
    "\u202e",
    "x" * 5000,
    "[]",
    "1,2",
)
# The page, and what its address may say.
PAGES = {
    "runs:start-run": ("kind", "dataset", "base", "reward", "like"),
    "runs:start-evaluation": ("kind", "new", "old", "judge", "prompts"),
    "runs:list-runs": ("page",),
    "runs:list-model-versions": ("page", "kind", "stage"),
    "candidates:list-runs": ("page",),
    "candidates:new-run": ("like",),
    "datasets:new-dataset": ("for", "batches", "min_votes", "ties", "split", "salt", "unknown"),
    "quality:build-items": ("generators",),
    "quality:show-leaderboard": ("sort", "slice", "format"),
}


@pytest.mark.parametrize("page", PAGES)
def test_an_odd_value_is_told_passed_over_or_not_found(client, world, page):
    client.force_login(world.engineer)
    address = reverse(page, args=[world.project.slug])
    assert client.get(address, follow=True).status_code == 200, "the page itself opens"
    assert client.get(address, {"no-such-setting": "x"}, follow=True).status_code == 200
    for name in PAGES[page]:
        for value in ODD:
            answer = client.get(address, {name: value}, follow=True)
            assert answer.status_code in (200, 404, 422), (name, value)


@pytest.mark.parametrize("value", ODD)
def test_so_do_the_pages_of_one_thing(client, world, value):
    client.force_login(world.engineer)
    version = world.make_version("reward", "taste")
    here = [world.project.slug]
    for page, name, more in (
        ("runs:show-model-version", "subsets", [version.pk]),
        ("runs:show-run", "page", [version.run_id]),
    ):
        answer = client.get(reverse(page, args=here + more), {name: value})
        assert answer.status_code in (200, 404, 422), (page, value)


def test_what_a_link_names_and_is_not_there_is_said(client, world):
    client.force_login(world.engineer)
    policy = world.make_version("sft", "polite")
    start = reverse("runs:start-run", args=[world.project.slug])
    evaluate = reverse("runs:start-evaluation", args=[world.project.slug])
    there = {"kind": "dpo", "dataset": world.dataset.hash[:8], "base": policy.pk}
    said = "The link names something that is not here, or not any more"
    assert said not in client.get(start, there).content.decode()
    assert said not in client.get(evaluate, {"new": policy.pk}).content.decode()
    for wrong, label in ({"dataset": "feedbeef"}, "Dataset"), ({"base": "99999"}, "Start from"):
        page = client.get(start, there | wrong).content.decode()
        assert f"{said} ({label}): choose below." in page
    assert f"{said} (New)" in client.get(evaluate, {"new": "polite"}).content.decode()
