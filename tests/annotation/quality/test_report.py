"""The printable report of a project: what is in it, and what is not."""

import json

import pytest

from annotation.labeling.models import Purpose
from annotation.projects.models import Membership
from annotation.quality.analyses import ANALYSES
from annotation.quality.reporting.coverage import PURPOSES
from annotation.quality.reporting.methods import DATASET, METHODS
from annotation.quality.reporting.people import without_people
from annotation.quality.reporting.summaries import SUMMARIES
from annotation.quality.reporting.tables import Row, Table, list_estimates
from annotation.quality.services import compute_report
from tests.annotation.quality.world import a_crowd
from tests.factories import make_item, make_judgment, make_member, make_project

URL = "/projects/shop/report/"
CROWD_URL = "/projects/crowd/report/"


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
    compute_all(project)
    return project


@pytest.fixture
def crowd():
    """Ten labelers, of whom “turned” and “tied” stand out."""
    project = a_crowd(n_items=60)
    compute_all(project)
    return project


def compute_all(project):
    for kind in ANALYSES:
        compute_report(project=project, kind=kind)


def sign_in(client, project, role=Membership.Role.LEAD):
    client.force_login(make_member(project, role))


def exclusions(client):
    coverage = client.get(f"{URL}?format=json").json()["coverage"]
    assert coverage["judgments"]["counted"] == coverage["judged"]["judgments"]
    return {one["key"]: one["count"] for one in coverage["exclusions"]}


@pytest.mark.django_db
def test_every_judgment_is_counted_or_left_out_for_a_reason(client, project):
    sign_in(client, project)
    assert exclusions(client) == {"superseded": 2, "retracted": 1, "gold": 1}
    coverage = client.get(f"{URL}?format=json").json()["coverage"]
    assert coverage["judgments"] == {"all": 9, "counted": 5}
    assert coverage["judged"]["items_judged_once"] == 1


@pytest.mark.django_db
def test_repeats_have_revisions_of_their_own(client, project):
    """What was taken back stays so, whatever was said when the item was asked again."""
    labeler = project.memberships.get(handle="secret1").user
    taken_back = project.judgments.get(labeler=labeler, is_retraction=True)
    for revision in (1, 2):
        make_judgment(taken_back.item, labeler, [1, 2], purpose=Purpose.REPEAT, revision=revision)
    make_judgment(
        taken_back.item, labeler, [1, 2], purpose=Purpose.REPEAT, revision=3, is_retraction=True
    )
    other = project.memberships.get(handle="secret2").user
    make_judgment(taken_back.item, other, [2, 1], purpose=Purpose.REPEAT)
    compute_report(project=project)
    sign_in(client, project)
    assert exclusions(client) == {"superseded": 4, "retracted": 2, "gold": 1, "repeat": 1}


def test_every_purpose_but_work_has_words():
    assert set(PURPOSES) == set(Purpose) - {Purpose.WORK}


@pytest.mark.django_db
def test_what_came_later_is_in_no_count(client, project):
    sign_in(client, project)
    before = client.get(f"{URL}?format=json").json()
    make_judgment(make_item(project), make_member(project), [1, 2], purpose=Purpose.GOLD)
    replaced = project.judgments.filter(revision=1, purpose=Purpose.WORK).earliest("pk")
    make_judgment(replaced.item, replaced.labeler, [2, 1], revision=2)
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
    page = client.get(URL).content.decode()
    assert report.input_sha256 in page
    assert "<math" in page
    assert "Replaced by a later revision" in page
    assert "Krippendorff 2011" in page


@pytest.mark.django_db
def test_the_json_has_every_result_whole_but_for_single_people(client, crowd):
    sign_in(client, crowd, Membership.Role.ENGINEER)
    told = {
        one["kind"]: one["result"]
        for one in client.get(f"{CROWD_URL}?format=json").json()["analyses"]
    }
    for kind in ("abilities", "bias", "prompts", "adaptive"):
        assert told[kind] == crowd.reports.get(kind=kind).result, kind
    whole = crowd.reports.get(kind="labelers").result
    assert len(whole["labelers"]) == 10
    assert told["labelers"] == whole | {"labelers": []}
    pairs = crowd.reports.get(kind="agreement").result["agreement"]["pairs"]
    assert len(pairs.pop("cohen_kappa")) == 45
    assert told["agreement"]["agreement"]["pairs"] == pairs
    assert told["agreement"]["labelers"] == []


@pytest.mark.django_db
def test_nobody_is_named_unless_a_lead_asks(client, crowd):
    """The handles of those who stand out would be there: a lead who asks for them sees them."""
    asked = (f"{CROWD_URL}?names=1", f"{CROWD_URL}?format=json&names=1")
    unasked = (CROWD_URL, f"{CROWD_URL}?format=json")
    sign_in(client, crowd, Membership.Role.REVIEWER)
    for url in (*unasked, *asked):
        assert b"turned" not in client.get(url).content, url
    assert b"With handles" not in client.get(CROWD_URL).content
    sign_in(client, crowd)
    for url in unasked:
        assert b"turned" not in client.get(url).content, url
    assert b"With handles" in client.get(CROWD_URL).content
    for url in asked:
        assert b"turned" in client.get(url).content, url
    assert b"by their handles" in client.get(asked[0]).content


@pytest.mark.django_db
def test_in_print_every_analysis_has_its_finding_and_a_contents_list_leads_to_it(client, crowd):
    sign_in(client, crowd)
    page = client.get(CROWD_URL).content.decode()
    for kind in ANALYSES:
        assert page.count(f'href="#r-{kind}"') == page.count(f'id="r-{kind}"') == 1
    for said in (
        "of comparisons, ",
        "2 of 10 labelers stand out",
        "Nothing says what wrote the responses",
        "Nothing was asked again, so nobody is compared with themselves",
        "Stopping when an answer is 90 % sure would have saved",
        "People read the task in two ways",
    ):
        assert page.count(said) >= 2, said  # in the contents and above its figures


@pytest.mark.django_db
def test_a_reason_is_that_of_its_analysis(client, crowd):
    """Of labelers “not recorded” is no order of display, and few answers are no comparisons."""
    sign_in(client, crowd)
    page = client.get(CROWD_URL).content.decode()
    labelers = page[page.index('id="r-labelers"') : page.index('id="r-abilities"')]
    assert "was not recorded" in labelers
    assert "the order shown was not recorded" not in labelers
    repeats = page[page.index('id="r-repeats"') : page.index('id="r-adaptive"')]
    assert "Nothing was asked again" in repeats
    assert "nothing of the kind was judged" not in repeats


@pytest.mark.django_db
def test_before_anything_was_judged_it_says_so_and_leads_nowhere(client):
    project = make_project("shop")
    sign_in(client, project)
    page = client.get(URL).content.decode()
    assert "Nothing has been judged yet" in page
    assert "Compute the figures" not in page
    said = client.get(f"{URL}?format=json").json()
    assert (said["coverage"], said["analyses"]) == (None, [])
    assert said["not_computed"] == list(ANALYSES)


@pytest.mark.django_db
def test_before_anything_was_computed_it_offers_to(client):
    project = make_project("shop")
    make_judgment(make_item(project), make_member(project), [1, 2])
    sign_in(client, project)
    page = client.get(URL).content.decode()
    assert 'action="/projects/shop/figures/compute/"' in page
    asked = client.post("/projects/shop/figures/compute/", {"page": "report"})
    assert (asked.status_code, asked["Location"]) == (302, URL)
    assert "figures-progress" in client.get(URL).content.decode()


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
            "parts": [
                {
                    "value": "basket",
                    "reason": None,
                    "generators": [{"name": "m", "value": 0.2, "reason": None}],
                }
            ],
        }
    )
    assert [(row.name, row.value, row.interval, row.note) for row in rows] == [
        ("boards · all · spread", "0.50", "0.40 to 0.60", ""),
        ("empty", "none", "", "nothing of the kind was judged"),
        ("parts · basket · generators · m", "0.20", "", ""),
    ]


def test_figures_missing_for_one_reason_are_one_line():
    rows = [
        Row("a", "none", n="0", note="was not recorded"),
        Row("b", "none", n="0", note="was not recorded"),
        Row("c", "none", n="0", note="nothing of the kind was judged"),
        Row("d", "0.50", "0.40 to 0.60", "9", "was not recorded"),
        Row("e", "none", n="0", note="was not recorded"),
    ]
    table = Table.of("Signals", "Signal", rows, n="Labelers")
    assert [row.name for row in table.shown] == ["a; b", "c", "d", "e"]


def test_a_long_table_ends_and_says_how_many_lines_there_are_more():
    rows = [Row(str(number), "0.50", n="9") for number in range(30)]
    table = Table.of("Generators", "Generator", rows, n="Games")
    assert (len(table.shown), table.more) == (25, 5)


def test_people_are_taken_out_wherever_they_stand():
    told = without_people(
        {
            "pairs": {"raw": {"value": 0.5}, "cohen_kappa": {"w1|w2": {"value": 0.1}}},
            "labelers": [{"labeler": 17, "n": 3}, {"handle": "w1"}],
            "worst": {"labeler": 17},
            "extent": {"labelers": 2},
        }
    )
    assert told == {"pairs": {"raw": {"value": 0.5}}, "labelers": [], "extent": {"labelers": 2}}
    assert "w1" not in json.dumps(told)


def test_every_analysis_has_a_summary_and_methods_and_every_method_a_use():
    assert set(SUMMARIES) == set(ANALYSES)
    assert {method.kind for method in METHODS} == {*ANALYSES, DATASET}


def test_every_formula_becomes_mathematics():
    from annotation.core.markup import render_untrusted

    assert len(METHODS) > 30
    for method in METHODS:
        html = render_untrusted(method.mathematics)
        assert html.startswith("<math"), method.name
        assert "\\" not in html, method.name
