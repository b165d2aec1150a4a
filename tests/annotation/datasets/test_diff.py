"""What differs between two datasets, and which line was changed."""

import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.core.errors import DomainError
from annotation.datasets import services
from annotation.datasets.diff import (
    CAME,
    EXAMPLE_CAME,
    JUDGMENTS,
    NEW_ITEM,
    OUTCOME,
    POLICY,
    SPLIT,
    WENT,
    compare,
)
from annotation.datasets.exporting import reader
from annotation.datasets.policy import Policy
from annotation.datasets.verify import verify_dataset
from annotation.labeling.models import Item
from annotation.projects.models import Membership
from tests.annotation.datasets.world import HANDLES, judge_more, make_world
from tests.factories import make_item, make_judgment, make_key, make_member, make_prompt

pytestmark = pytest.mark.django_db


def freeze(project, **fields):
    return services.freeze_dataset(project=project, policy=Policy(**fields)).dataset


def difference(then, now):
    return compare(reader(then), reader(now))


@pytest.fixture
def project():
    return make_world()


@pytest.fixture
def then(project):
    return freeze(project)


def add_item(project, external_id="new"):
    item = make_item(
        project,
        ("Yes.", "No."),
        prompt=make_prompt(project, "Brand new?"),
        external_id=external_id,
    )
    for membership in project.memberships.filter(handle__in=HANDLES):
        make_judgment(item, membership.user, [1, 2])
    return item


def turn(project, external_id="x0"):
    """Enough people of another mind that b wins over a."""
    item = project.items.get(external_id=external_id)
    for _ in range(4):
        judge_more(project, item, (2, 1, 2))


def test_a_dataset_differs_in_nothing_from_itself(then):
    found = difference(then, then)
    assert found.is_none
    assert found.same == then.counts["comparisons"]["kept"] + sum(then.counts["ties"].values())
    assert found.same > 0


def test_what_was_judged_since_came_with_its_reason(project, then):
    add_item(project)
    found = difference(then, freeze(project))
    assert set(found.counts) == {CAME, EXAMPLE_CAME}
    (change,) = found.changes[CAME]
    assert (change.item, change.ids, change.reason) == ("new", ("a", "b"), NEW_ITEM)
    assert len(change.judgments_came) == 3
    assert set(difference(freeze(project), then).counts) == {WENT, "example_went"}


def test_a_turned_outcome_names_the_judgments_that_turned_it(project, then):
    turn(project)
    found = difference(then, freeze(project))
    changes = {change.ids: change for change in found.changes[OUTCOME]}
    change = changes["a", "b"]
    assert (change.then.better, change.now.better) == ("a", "b")
    assert change.reason == JUDGMENTS
    assert len(change.judgments_came) == 4
    assert change.judgments_went == ()
    assert {change.item for change in found.changes[OUTCOME]} == {"x0"}


def test_another_policy_is_the_reason_where_the_judgments_are_the_same(project, then):
    found = difference(then, freeze(project, drop_empty=False, salt="other"))
    assert {change.item for change in found.changes[CAME]} == {"x3"}
    assert {change.reason for kind in found.changes.values() for change in kind} == {POLICY}
    for change in found.changes.get(SPLIT, ()):
        assert change.then.split != change.now.split
        assert change.then.better == change.now.better


def command(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_command_tells_policy_and_rows(project, then):
    turn(project)
    now = freeze(project, min_votes=2)
    said = command("diff_datasets", then.hash[:10], now.hash[:10])
    assert "Policy, Votes a pair needs: 1 → 2" in said
    assert f"Another outcome: {difference(then, now).counts[OUTCOME]}\n" in said
    assert "x0: a over b" in said
    assert "(other judgments count)" in said
    told = json.loads(command("diff_datasets", then.hash, now.hash, "--json"))
    assert told["counts"]["outcome"] == difference(then, now).counts[OUTCOME]


def test_page_and_api_tell_the_same(client, project, then):
    add_item(project)
    now = freeze(project)
    reviewer = make_member(project, Membership.Role.REVIEWER)
    client.force_login(reviewer)
    url = reverse("datasets:show-diff", args=["shop", now.hash])
    choice = client.get(url)
    assert f'value="{then.hash}"' in choice.content.decode()
    page = client.get(url, {"with": then.hash}).content.decode()
    assert "the item was not in it before" in page
    assert "2 rows differ" in page
    assert "judgments: 3 came, 0 went" in page
    client.logout()
    api = client.get(
        reverse("datasets-api:diff", args=[now.hash]),
        {"with": then.hash},
        headers={"Authorization": f"Token {make_key(reviewer, 'read')}"},
    ).json()
    assert api["counts"] == {"came": 1, "example_came": 1}
    assert api["changes"][0]["rows"]["now"].startswith("preferences.")


def test_whichever_was_picked_the_newer_one_is_told_against_the_older(client, project, then):
    add_item(project)
    middle = freeze(project)
    add_item(project, "newer")
    now = freeze(project)
    client.force_login(make_member(project, Membership.Role.LEAD))

    def url(dataset):
        return reverse("datasets:show-diff", args=["shop", dataset.hash])

    forward = f"{url(now)}?with={middle.hash}"
    assert client.get(forward).status_code == 200
    assert client.get(url(middle), {"with": now.hash}).url == forward
    # Proposed is the one before, not the newest.
    assert f'value="{then.hash}" selected' in client.get(url(middle)).content.decode()
    assert " selected>" not in client.get(url(then)).content.decode().split("h-other")[1]


def test_a_dataset_of_another_project_is_not_there(client, project, then):
    other = freeze(make_world("other", items=4))
    client.force_login(make_member(project, Membership.Role.LEAD))
    url = reverse("datasets:show-diff", args=["shop", then.hash])
    assert client.get(url, {"with": other.hash}).status_code == 404


def test_the_check_names_the_line_that_was_changed(then):
    path = then.folder / "preferences.train.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    row = json.loads(lines[1])
    lines[1] = lines[1].replace(b'"margin":', b'"margin":1').replace(b"Bad", b"Odd")
    path.write_bytes(b"".join(lines))
    found = verify_dataset(then)
    assert found.recomputed == then.hash
    assert not found.is_whole
    named = [line for line in found.problems if "line" in line]
    assert len(named) == 1
    assert named[0].startswith("preferences.train.jsonl, line 2: was changed (item ")
    assert row["item"] in named[0]
    with pytest.raises(DomainError, match="damaged"):
        command("verify_dataset", then.hash)


def test_a_missing_and_an_added_line_are_named(then):
    path = then.folder / "sft.train.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-1], b'{"a": 1}\n', b"{}\n"]))
    said = " ".join(verify_dataset(then).problems)
    assert f"sft.train.jsonl, line {len(lines)}: was changed" in said
    assert f"sft.train.jsonl, line {len(lines) + 1}: does not belong there" in said
    path.write_bytes(b"".join(lines[:-1]))
    said = " ".join(verify_dataset(then).problems)
    assert f"sft.train.jsonl, line {len(lines)}: is missing" in said


def test_the_check_names_the_rows_that_the_database_gives_otherwise(project, then):
    turn(project)
    found = verify_dataset(then)
    assert found.is_whole
    assert not found.is_reproduced
    (said,) = [line for line in found.differences if "a over b" in line and "x0" in line]
    assert said.endswith("(other judgments count)")
    Item.objects.filter(external_id="x1").update(state=Item.State.WITHDRAWN)
    said = " ".join(verify_dataset(then).differences)
    assert "x1: " in said
    assert "not in it" in said
