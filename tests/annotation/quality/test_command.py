"""`manage.py agreement PROJECT`."""

import io
import json

import pytest
from django.core.management import call_command

from annotation.core.errors import NotFound
from tests.annotation.quality.shape import PAIRS, SECTIONS
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = io.StringIO()
    call_command("agreement", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def project():
    project = make_project("judged")
    labelers = [make_member(project, handle=handle) for handle in ("w1", "w2")]
    for ranks in ([1, 2], [2, 1], [1, 1]):
        item = make_item(project)
        for labeler in labelers:
            make_judgment(item, labeler, ranks, ratings={"helpfulness": [4, 2]})
    return project


def test_json_has_exactly_the_documented_keys(project):
    agreement = json.loads(run("judged", "--json"), parse_constant=pytest.fail)
    assert set(agreement) == SECTIONS
    assert set(agreement["pairs"]) == PAIRS
    raw = agreement["pairs"]["raw"]
    assert raw == {
        "value": 1.0,
        "reason": None,
        "ci": [1.0, 1.0],
        "n_items": 3,
        "n_pairable": 3,
        "n_ratings": 6,
    }
    assert agreement["pairs"]["cohen_kappa"]["w1|w2"]["value"] == pytest.approx(1.0)
    assert agreement["rankings"]["tau_b"]["n_undefined"] == 1


def test_asking_again_prints_the_same_bytes_in_the_documented_order(project):
    """The second time the report comes from the database, which sorts keys its own way."""
    first = run("judged", "--json")
    assert run("judged", "--json") == first
    keys = [line.split('"')[1] for line in first.splitlines() if line.startswith('    "')]
    assert keys[:3] == ["raw", "alpha_nominal", "gwet_ac1"]
    assert first.index('"value"') < first.index('"reason"') < first.index('"ci"')


def test_the_table_shows_numbers_intervals_and_reasons(project):
    lines = run("judged").splitlines()
    assert "95 % interval" in lines[0]
    by_name = {line.split("  ")[0]: line for line in lines[1:]}
    assert "1.00 to 1.00" in by_name["Raw agreement"]
    assert "Cohen’s kappa, w1 and w2" in by_name
    clarity = next(line for name, line in by_name.items() if "clarity" in name)
    assert "(nothing of the kind was judged)" in clarity
    assert "none" in clarity


def test_an_unknown_project_is_named():
    with pytest.raises(NotFound, match="nowhere"):
        run("nowhere", "--json")


def test_help_says_what_it_is_for(capsys):
    with pytest.raises(SystemExit) as ended:
        call_command("agreement", "--help")
    assert ended.value.code == 0
    assert "how far the labelers of a project agree" in " ".join(capsys.readouterr().out.split())
