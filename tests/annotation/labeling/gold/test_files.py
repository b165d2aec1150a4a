"""Known answers from a file: all of them or none, each wrong line with its field."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotation.labeling.gold.files import FileRefused, import_gold
from annotation.labeling.models import GoldItem, Item
from annotation.projects.models import Membership
from tests.annotation.labeling.gold.world import gold_of
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db

ROW = {"item": "x1", "ranking": [["b"], ["a"]]}


@pytest.fixture
def project():
    project = make_project("shop")
    make_item(project, external_id="x1")
    make_item(project, ("1", "2", "3"), external_id="x2")
    gold_of(project, external_id="known")
    return project


def lines(*rows):
    return "\n".join(json.dumps(row) for row in rows).encode()


def test_every_field_of_a_line(project):
    whole = {
        "item": "x2",
        "ranking": [["c"], ["a"]],
        "unacceptable": ["b"],
        "ratings": {"helpfulness": {"c": 5, "a": 3}},
        "tolerance": "inversions",
        "max_inversions": 1,
        "rating_slack": 2,
        "explanation": "c answers.",
    }
    assert import_gold(project=project, stream=io.BytesIO(lines(ROW, whole)), actor=None) == 2
    gold = GoldItem.objects.get(item__external_id="x2")
    assert (gold.ranks, gold.unacceptable) == ([2, None, 1], [False, True, False])
    assert gold.ratings == {"helpfulness": [3, None, 5]}
    assert (gold.tolerance, gold.max_inversions, gold.rating_slack) == ("inversions", 1, 2)
    assert gold.explanation == "c answers."
    assert Item.objects.get(external_id="x1").state == Item.State.RESERVED


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ([], ""),
        ({"ranking": []}, "item"),
        (ROW | {"item": "nowhere"}, "item"),
        (ROW | {"item": "known"}, "item"),
        (ROW | {"colour": 1}, "colour"),
        (ROW | {"ranking": [["b"], ["z"]]}, "ranking[1][0]"),
        (ROW | {"ranking": [["b"], [1]]}, "ranking[1][0]"),
        (ROW | {"ranking": "b"}, "ranking"),
        (ROW | {"ranking": []}, "ranking"),
        (ROW | {"tolerance": "nearly"}, "tolerance"),
        (ROW | {"max_inversions": 1}, "max_inversions"),
        (ROW | {"tolerance": "inversions", "max_inversions": 1}, "max_inversions"),
        (ROW | {"rating_slack": "1"}, "rating_slack"),
        (ROW | {"ratings": {"helpfulness": {"a": 9}}}, "ratings.helpfulness"),
        (ROW | {"ratings": {"helpfulness": {"z": 1}}}, "ratings.helpfulness"),
        (ROW | {"explanation": 1}, "explanation"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_made(project, row, field):
    good = {"item": "x2", "ranking": [["a"], ["b"], ["c"]]}
    with pytest.raises(FileRefused) as refused:
        import_gold(project=project, stream=io.BytesIO(lines(good, row)), actor=None)
    (problem,) = refused.value.problems.first
    assert (problem.line, problem.field) == (2, field)
    assert GoldItem.objects.count() == 1


def test_the_same_item_twice_is_refused(project):
    with pytest.raises(FileRefused) as refused:
        import_gold(project=project, stream=io.BytesIO(lines(ROW, ROW)), actor=None)
    assert "line 1" in str(refused.value.problems.first[0])
    assert GoldItem.objects.count() == 1


def test_through_the_page(client, project):
    client.force_login(make_member(project, Membership.Role.LEAD))
    url = reverse("labeling:import-gold", args=["shop"])
    refused = client.post(url, {"text": '{"item": "nowhere", "ranking": []}\n{'})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "line 1: item: there is no item" in page
    assert "line 2" in page
    assert "nowhere" in page
    assert client.post(url, {}).status_code == 422
    assert GoldItem.objects.count() == 1

    sent = SimpleUploadedFile("gold.jsonl", lines(ROW))
    assert client.post(url, {"file": sent}).status_code == 302
    assert GoldItem.objects.count() == 2
