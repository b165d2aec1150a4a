"""The printable report of a project: what is in it, and what is not."""

import pytest

from annotation.labeling.models import Purpose
from annotation.projects.models import Membership
from annotation.quality.analyses import ANALYSES
from annotation.quality.reporting.methods import METHODS
from annotation.quality.reporting.rows import list_estimates
from annotation.quality.services import compute_report
from tests.factories import make_item, make_judgment, make_member, make_project

URL = "/projects/shop/report/"


@pytest.fixture
def project():
    project = make_project("shop")
    labelers = [make_member(project, handle=f"secret{n}") for n in (1, 2)]
    for _ in range(3):
        item = make_item(project)
        make_judgment(item, labelers[0], [1, 2])
        make_judgment(item, labelers[1], [2, 1])
    make_judgment(item, labelers[1], [1, 2], revision=2)
    make_judgment(item, labelers[0], [1, 2], revision=2, is_retraction=True)
    make_judgment(make_item(project), labelers[0], [1, 2], purpose=Purpose.GOLD)
    for kind in ANALYSES:
        compute_report(project=project, kind=kind)
    return project


def sign_in(client, project, role=Membership.Role.LEAD):
    client.force_login(make_member(project, role))


@pytest.mark.django_db
def test_every_judgment_is_counted_or_left_out_for_a_reason(client, project):
    sign_in(client, project)
    coverage = client.get(f"{URL}?format=json").json()["coverage"]
    assert {one["key"]: one["count"] for one in coverage["exclusions"]} == {
        "superseded": 2,
        "retracted": 1,
        "gold": 1,
    }
    assert coverage["judgments"] == {"all": 9, "counted": 5}
    assert coverage["judged"]["judgments"] == 5
    assert coverage["judged"]["items_judged_once"] == 1


@pytest.mark.django_db
def test_what_came_later_is_in_no_count(client, project):
    sign_in(client, project)
    before = client.get(f"{URL}?format=json").json()
    make_judgment(make_item(project), make_member(project), [1, 2], purpose=Purpose.GOLD)
    after = client.get(f"{URL}?format=json").json()
    assert after["coverage"]["judgments"] == before["coverage"]["judgments"]
    assert after["coverage"]["exclusions"] == before["coverage"]["exclusions"]
    assert [one["is_stale"] for one in before["analyses"]] == [False] * len(ANALYSES)
    assert [one["is_stale"] for one in after["analyses"]] == [True] * len(ANALYSES)


@pytest.mark.django_db
def test_every_analysis_is_in_it_with_what_is_needed_to_repeat_it(client, project):
    sign_in(client, project, Membership.Role.ENGINEER)
    said = client.get(f"{URL}?format=json").json()
    assert [one["kind"] for one in said["analyses"]] == list(ANALYSES)
    report = project.reports.get(kind="agreement")
    agreement = said["analyses"][0]
    assert agreement["input_sha256"] == report.input_sha256
    assert agreement["code_version"] == report.code_version
    raw = next(row for row in agreement["figures"] if row["name"] == "Raw agreement")
    assert raw["value"] == report.result["agreement"]["pairs"]["raw"]["value"]
    page = client.get(URL).content.decode()
    assert report.input_sha256 in page
    assert "<math" in page
    assert "Replaced by a later revision" in page
    assert "Krippendorff 2011" in page


@pytest.mark.django_db
def test_nobody_is_named_unless_a_lead_asks(client, project):
    """A handle is not looked for in the right place only: nowhere in page or JSON."""
    sign_in(client, project, Membership.Role.REVIEWER)
    for query in ("", "?format=json", "?names=1", "?format=json&names=1"):
        assert b"secret1" not in client.get(URL + query).content
    assert b"With handles" not in client.get(URL).content
    sign_in(client, project)
    assert b"secret1" not in client.get(URL).content
    assert b"With handles" in client.get(URL).content
    assert b"by their handles" in client.get(f"{URL}?names=1").content


@pytest.mark.django_db
def test_without_figures_it_leads_to_where_they_are_computed(client):
    project = make_project("shop")
    sign_in(client, project)
    page = client.get(URL)
    assert page.status_code == 200
    assert b'href="/projects/shop/agreement/"' in page.content
    said = client.get(f"{URL}?format=json").json()
    assert (said["coverage"], said["analyses"]) == (None, [])
    assert said["not_computed"] == list(ANALYSES)


@pytest.mark.django_db
def test_it_is_in_the_row_of_pages(client, project):
    sign_in(client, project)
    page = client.get("/projects/shop/agreement/").content.decode()
    assert f'<a href="{URL}">Report</a>' in page


def test_figures_of_an_unknown_analysis_are_listed_without_single_people():
    rows = list_estimates(
        {
            "boards": [
                {"name": "all", "spread": {"value": 0.5, "reason": None, "ci": [0.4, 0.6]}}
            ],
            "labelers": [{"labeler": 17, "gold": {"value": 0.1, "reason": None}}],
            "empty": {"value": None, "reason": "no_data", "n": 0},
            "number": 3,
            "parts": [{"value": "basket", "ci": None}],
        }
    )
    assert [(row.name, row.value, row.ci, row.why) for row in rows] == [
        ("boards · all · spread", 0.5, (0.4, 0.6), ""),
        ("empty", None, None, "nothing was judged yet"),
    ]


def test_every_formula_becomes_mathematics():
    from annotation.core.markup import render_untrusted

    assert len(METHODS) > 15
    for method in METHODS:
        html = render_untrusted(method.mathematics)
        assert html.startswith("<math"), method.name
        assert "\\" not in html, method.name
