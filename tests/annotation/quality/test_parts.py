"""Agreement of parts of the work, and of what is said beside a ranking, by hand."""

from datetime import UTC, datetime

import pytest

from annotation.projects.models import Membership
from annotation.quality.analyses.agreement.pairs import MAIN
from annotation.quality.analyses.by_version import FEWEST_ITEMS
from annotation.quality.services import compute_report
from annotation.quality.snapshot.facts import MOST_FACETS
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db
MONDAY, NEXT_SUNDAY, NEXT_MONDAY = (datetime(2026, 3, day, 12, tzinfo=UTC) for day in (2, 8, 9))
ENOUGH = FEWEST_ITEMS


@pytest.fixture
def project():
    return make_project("parts")


@pytest.fixture
def labelers(project):
    return [make_member(project, handle=f"w{number}") for number in (1, 2)]


def judge(project, labelers, count, times, second=(1, 2), texts=("One.", "Two."), **fields):
    for _ in range(count):
        item = make_item(project, texts, **fields)
        for labeler, ranks, at in zip(labelers, ([1, 2], second), times, strict=True):
            make_judgment(item, labeler, list(ranks), submitted_at=at)


def cuts_of(project):
    found = compute_report(project=project).result["agreement"]["parts"]
    return {(cut["by"], cut["key"]): cut for cut in found}


def adds_up(cut):
    beside = [cut[name] for name in ("few", "unshown", "outside")]
    ratings, pairs = (
        sum(part[count] for part in (*cut["parts"], *beside)) for count in ("n_ratings", "n_pairs")
    )
    return (ratings, pairs + cut["n_pairs_across"]) == (cut["n_ratings"], cut["n_pairs"])


def test_weeks_begin_on_monday_and_what_lies_across_two_is_said(project, labelers):
    judge(project, labelers, ENOUGH, (MONDAY, NEXT_SUNDAY))
    judge(project, labelers, ENOUGH + 1, (NEXT_MONDAY, NEXT_MONDAY), second=(2, 1))
    judge(project, labelers, 3, (MONDAY, NEXT_MONDAY))
    weeks = cuts_of(project)["week", None]
    assert [(part["name"], part["raw"]["value"], part["n_items"]) for part in weeks["parts"]] == [
        ("2026-03-02", 1.0, ENOUGH),
        ("2026-03-09", 0.0, ENOUGH + 1),
    ]
    assert weeks["n_pairs_across"] == 3
    assert adds_up(weeks)


def test_few_items_are_counted_and_not_computed(project, labelers):
    times = (MONDAY, MONDAY)
    judge(project, labelers, ENOUGH, times, batch="large", metadata={"language": "de"})
    judge(project, labelers, ENOUGH - 1, times, batch="small", metadata={"language": "en"})
    judge(project, labelers, 2, times)
    cuts = cuts_of(project)
    for cut, name in ((cuts["batch", None], "large"), (cuts["facet", "language"], "de")):
        assert [part["name"] for part in cut["parts"]] == [name]
        assert cut["few"] == {
            "parts": 1,
            "n_ratings": 2 * (ENOUGH - 1),
            "n_pairs": ENOUGH - 1,
        }
        assert cut["outside"] == {"parts": 1, "n_ratings": 4, "n_pairs": 2}
        assert adds_up(cut)
    assert ("week", None) not in cuts  # there is one week only: nothing to tell apart


def test_a_pair_of_generators_is_the_same_in_either_place(project, labelers):
    times = (MONDAY, MONDAY)
    judge(project, labelers, ENOUGH, times)
    for item in project.items.all()[:4]:  # the responses change places, and what wrote them
        first, second = item.item_responses.order_by("position")
        one, other = first.response, second.response
        one.generator, other.generator = other.generator, one.generator
        one.save()
        other.save()
    item = make_item(project, ("One.", "Two.", "Three."))
    for labeler in labelers:
        make_judgment(item, labeler, [1, 2, 3])
    pairs = cuts_of(project)["generators", None]
    assert [(part["name"], part["n_items"]) for part in pairs["parts"]] == [
        (["secret-model-1", "secret-model-2"], ENOUGH + 1)
    ]
    assert pairs["few"]["parts"] == 2
    assert adds_up(pairs)


def test_a_part_has_the_figures_of_the_first_three(project, labelers):
    times = (MONDAY, MONDAY)
    judge(project, labelers, ENOUGH, times, batch="one")
    judge(project, labelers, ENOUGH, times, batch="two", second=(2, 1))
    parts = cuts_of(project)["batch", None]["parts"]
    assert all(set(MAIN) <= set(part) for part in parts)
    assert parts[0]["alpha_nominal"]["reason"] == "no_variation"


def test_strength_stands_by_response_and_ties_in_the_middle(project, labelers):
    """Differences of −1 and −1, 3 and −3, 0 and 0: two of three on the same side."""
    for first, second in (
        (([1, 2], [1]), ([1, 2], [1])),
        (([2, 1], [3]), ([1, 2], [3])),
        (([1, 1], []), ([1, 1], [])),
    ):
        item = make_item(project)
        for labeler, (ranks, strength) in zip(labelers, (first, second), strict=True):
            make_judgment(item, labeler, ranks, strength=strength)
    strength = compute_report(project=project).result["agreement"]["strength"]
    assert strength["sign_raw"]["value"] == pytest.approx(2 / 3)
    assert strength["sign_raw"]["n_ratings"] == 6
    # Interval: values −1 −1 3 −3 0 0, mean −1/3; D_o = 2·36/6, D_e = 2·(6·20 − 4)/(6·5).
    assert strength["alpha_interval"]["value"] == pytest.approx(1 - 12 / (232 / 30))


def test_nobody_gave_a_strength(project, labelers):
    judge(project, labelers, 2, (MONDAY, MONDAY))
    assert compute_report(project=project).result["agreement"]["strength"] is None


@pytest.mark.parametrize(
    ("second", "form", "value"),
    [([4, 2], "2,1", 1.0), (None, None, None)],
)
def test_numbers_have_an_icc_where_everybody_rated_everything(
    project, labelers, second, form, value
):
    for number in range(3):
        item = make_item(project)
        make_judgment(item, labelers[0], [1, 2], ratings={"helpfulness": [4, 2]})
        if second or number:
            ratings = {"helpfulness": second or [4, 2]}
            make_judgment(item, labelers[1], [1, 2], ratings=ratings)
    icc = compute_report(project=project).result["agreement"]["scales"]["helpfulness"]["icc"]
    assert (icc["form"], icc["value"]) == (form, value)
    assert icc["reason"] == (None if value else "unbalanced")


def test_eight_labelers_have_an_interval_over_labelers(project):
    people = [make_member(project, handle=f"w{n}") for n in range(8)]
    for number in range(12):
        item = make_item(project)
        for place, labeler in enumerate(people):
            make_judgment(item, labeler, [1, 2] if (number + place) % 3 else [2, 1])
    agreement = compute_report(project=project).result["agreement"]
    over = agreement["over_labelers"]
    assert over["labelers"] == 8
    assert over["raw"][0] <= agreement["pairs"]["raw"]["value"] <= over["raw"][1]


def test_seven_labelers_have_none(project):
    people = [make_member(project, handle=f"w{n}") for n in range(7)]
    item = make_item(project)
    for labeler in people:
        make_judgment(item, labeler, [1, 2])
    over = compute_report(project=project).result["agreement"]["over_labelers"]
    assert over == {
        "labelers": 7,
        "draws": 0,
        "raw": None,
        "alpha_nominal": None,
        "gwet_ac1": None,
    }


def test_the_page_shows_three_first_the_rest_folded_and_the_parts(client, project, labelers):
    judge(project, labelers, ENOUGH, (MONDAY, MONDAY), batch="one")
    judge(project, labelers, ENOUGH, (NEXT_MONDAY, NEXT_MONDAY), batch="two", second=(2, 1))
    compute_report(project=project)
    client.force_login(make_member(project, Membership.Role.LEAD))
    page = client.get("/projects/parts/agreement/").content.decode()
    first, folded = page.split("Every other coefficient", 1)
    for name in ("Raw agreement", "Krippendorff’s alpha, nominal", "Gwet’s AC1"):
        assert name in first
    for name in ("Brennan–Prediger", "Conger’s kappa", "Tau-x", "Alpha of ranks"):
        assert name not in first
        assert name in folded
    assert "Bai et al. 2022" in page
    assert "By week" in folded
    assert "By batch" in folded
    assert "20 of 20 pairs of answers to one comparison are in this table." in page
    item = project.items.filter(batch="two").first()
    assert f'href="/projects/parts/review/{item.pk}/"' in page


def test_an_engineer_is_not_offered_to_adjudicate(client, project, labelers):
    judge(project, labelers, 1, (MONDAY, MONDAY), second=(2, 1))
    compute_report(project=project)
    client.force_login(make_member(project, Membership.Role.ENGINEER))
    page = client.get("/projects/parts/agreement/").content.decode()
    assert "Most disputed" in page
    assert "/projects/parts/review/" not in page[page.index("Most disputed") :]


def test_many_facets_are_folded_and_those_left_out_are_counted(client, project, labelers):
    keys = [f"key{n:02}" for n in range(MOST_FACETS + 2)]
    for value in ("a", "b"):
        metadata = dict.fromkeys(keys, value)
        judge(project, labelers, ENOUGH, (MONDAY, MONDAY), metadata=metadata)
    client.force_login(make_member(project, Membership.Role.LEAD))
    for kind, page in (("agreement", "agreement"), ("prompts", "prompts")):
        compute_report(project=project, kind=kind)
        shown = client.get(f"/projects/parts/{page}/").content.decode()
        assert "2 more keys of the items’ metadata have few values, too" in shown, page
    shown = client.get("/projects/parts/agreement/").content.decode()
    assert shown.count('<details class="panel">') == MOST_FACETS
    assert "<strong>By key00</strong>" in shown
    assert "raw from 1.00 (a) to 1.00 (b)" in shown


def test_three_facets_lie_open_and_nothing_is_said_to_be_left_out(client, project, labelers):
    for value in ("a", "b"):
        metadata = dict.fromkeys(("x", "y", "z"), value)
        judge(project, labelers, ENOUGH, (MONDAY, MONDAY), metadata=metadata)
    compute_report(project=project)
    client.force_login(make_member(project, Membership.Role.LEAD))
    shown = client.get("/projects/parts/agreement/").content.decode()
    assert '<details class="panel">' not in shown
    assert "By z</h2>" in shown
    assert "more key" not in shown
