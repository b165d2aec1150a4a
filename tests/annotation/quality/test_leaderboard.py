"""The leaderboard, as a browser sees it."""

import html
import re

import pytest
from django.urls import reverse

from annotation.projects.models import Membership
from annotation.prompts.models import Generator
from annotation.quality import services
from tests.factories import make_item, make_judgment, make_member, make_project
from tests.german import get_in_german

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("x")</script>\u202e'


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def lead(project, client):
    user = make_member(project, Membership.Role.LEAD)
    client.force_login(user)
    return user


def judge(project, *verdicts, texts=("One.", "Two.", "Three.")):
    """Ranks by generator: secret-model-1, -2 and -3 wrote the responses of every item."""
    labeler = make_member(project)
    for ranks in verdicts:
        make_judgment(make_item(project, texts), labeler, ranks, ratings={})


def compute(project):
    return services.compute_report(project=project, kind="abilities")


def rename(project, number, name):
    Generator.objects.filter(project=project, name=f"secret-model-{number}").update(name=name)


def page_of(client, project, query=""):
    response = client.get(reverse("quality:show-leaderboard", args=[project.slug]) + query)
    assert response.status_code == 200
    return response.content.decode()


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def heading_of(page):
    return html.unescape(re.search(r"<h1>(.*?)</h1>", page).group(1))


def connected(*, lead_of=12):
    """1 is clearly best; 2 and 3 are about equal."""
    return (
        [[1, 2, None]] * lead_of
        + [[1, None, 2]] * lead_of
        + [
            *([2, 1, None], [2, None, 1]),
            *([None, 1, 2], [None, 2, 1]) * 6,
        ]
    )


def test_nothing_judged_says_when_that_will_change(client, project, lead):
    shown = text_of(page_of(client, project))
    assert "Nothing has been judged yet" in shown
    assert "once people have compared responses of two generators" in shown


def test_who_is_ahead_is_the_title(client, project, lead):
    judge(project, *connected())
    compute(project)
    page = page_of(client, project)
    assert heading_of(page) == "secret-model-1 is ahead of all others"
    shown = text_of(page)
    assert "38 comparisons of two generators in 38 items; 0 are ties." in shown
    assert "Every generator can be placed" in shown
    row = text_of(page[page.index("<bdi>secret-model-1") :])
    # 26 games: 24 won, none tied, 2 lost; nobody else can be the first.
    assert re.match(r"secret-model-1 \d+ \d+ to \d+ 1 26 24 0 2 2 ", row), row[:60]
    assert "nan" not in shown.lower().split()


def test_a_lead_that_is_not_sure_is_no_lead(client, project, lead):
    judge(project, [1, 2, None], [1, 2, None], [2, 1, None], [1, None, 2], [2, None, 1])
    compute(project)
    assert heading_of(page_of(client, project)) == "No generator is clearly ahead of another"


def test_who_never_won_is_named_with_the_comparison_that_would_help(client, project, lead):
    judge(project, *[[1, 2, None]] * 10, *[[2, 1, None]] * 3, *[[None, 1, 2]] * 5)
    compute(project)
    page = page_of(client, project)
    assert heading_of(page).endswith("; secret-model-3 cannot be placed")
    unsaid = text_of(page[page.index('id="unsaid"') :])
    assert "secret-model-3 with secret-model-2 never won" in unsaid
    assert reverse("labeling:import", args=[project.slug]) in page
    with_prior = page_of(client, project, "?prior=0.5")
    assert "cannot be placed" not in heading_of(with_prior)
    # The prior gives it a number, and the page still says what that rests on.
    assert "never won: nothing says how far below" in text_of(with_prior)


def test_nothing_but_ties_bounds_nobody(client, project, lead):
    judge(project, *[[1, 1, None]] * 4)
    make_judgment(make_item(project, ("1", "2", "3")), make_member(project), [None, 1, 1])
    compute(project)
    page = page_of(client, project)
    assert heading_of(page) == "The comparisons place no generator yet"
    assert "With ties taken like this" in text_of(page)
    halves = page_of(client, project, "?ties=half")
    assert heading_of(halves) == "No generator is clearly ahead of another"
    assert "Every generator can be placed" in text_of(halves)


def test_groups_that_never_met_are_not_compared(client, project, lead):
    judge(project, [1, 2, None], [2, 1, None])
    judge(project, [None, None, 1, 2], [None, None, 2, 1], texts=tuple("1234"))
    compute(project)
    page = page_of(client, project)
    assert "The comparisons fall into 2 groups that never met" in text_of(page)
    assert "no chain of comparisons leads to the others" in text_of(page)


def test_responses_that_nobody_signed_are_counted_and_explained(client, project, lead):
    judge(project, [1, 2, 3])
    project.prompts.first().responses.update(generator=None)
    compute(project)
    page = page_of(client, project)
    assert heading_of(page) == "Nothing says what wrote the responses"
    assert "need a generator" in text_of(page)


def test_two_responses_of_one_generator_are_no_comparison(client, project, lead):
    judge(project, [1, 2], texts=("One.", "Two."))
    one = Generator.objects.get(name="secret-model-1")
    project.prompts.first().responses.update(generator=one)
    compute(project)
    page = page_of(client, project)
    assert heading_of(page) == "No two generators were compared yet"
    assert "1 comparison is between two responses of one generator." in text_of(page)


def test_a_hostile_name_is_text(client, project, lead):
    judge(project, *connected())
    rename(project, 1, HOSTILE)
    compute(project)
    page = page_of(client, project)
    assert HOSTILE in heading_of(page)
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") > 5


def test_the_switches_choose_among_the_figures_of_the_report(client, project, lead):
    judge(project, *connected(), [1, 1, None])
    report = compute(project)
    plain = page_of(client, project)
    assert "Davidson; 95 % intervals" in text_of(plain)
    shown = page_of(client, project, "?scale=log&ties=half&prior=0.5")
    assert "Bradley–Terry, a tie half a win each, a prior of half a win" in text_of(shown)
    fit = next(
        fit
        for fit in report.result["boards"][0]["fits"]
        if (fit["tie_model"], fit["prior"]) == ("half", 0.5)
    )
    value = f"{fit['generators'][0]['value']:.2f}".replace("-", "−")
    assert f"secret-model-1 {value}" in text_of(shown)
    assert '<option value="half" selected>' in shown
    # What is not offered is as good as nothing said.
    for query in ("?ties=3&prior=99&scale=%00&criterion=none", "?ties="):
        assert heading_of(page_of(client, project, query)) == heading_of(plain)


def test_a_criterion_that_was_rated_has_its_own_order(client, project, lead):
    labeler = make_member(project)
    for _ in range(12):
        item = make_item(project)
        make_judgment(item, labeler, [1, 2], ratings={"helpfulness": [2, 4]})
    compute(project)
    page = page_of(client, project, "?criterion=helpfulness&prior=0.5")
    assert heading_of(page) == "secret-model-2 is ahead of secret-model-1"
    assert heading_of(page_of(client, project, "?prior=0.5")) == (
        "secret-model-1 is ahead of secret-model-2"
    )
    switch = page[page.index('id="criterion"') :]
    # Of the criteria only the one that was rated.
    assert switch[: switch.index("</select>")].count("<option") == 2


def test_the_heat_map_has_its_table(client, project, lead):
    judge(project, *connected())
    compute(project)
    page = page_of(client, project)
    heat = page[page.index('id="pairs"') :]
    assert heat[: heat.index("</svg>")].count("<rect") == 9
    assert "secret-model-1 against secret-model-2 0.92" in text_of(heat)


@pytest.mark.parametrize(
    "role", [Membership.Role.REVIEWER, Membership.Role.ENGINEER, Membership.Role.LEAD]
)
def test_those_who_see_agreement_see_it(client, project, role):
    judge(project, *connected())
    compute(project)
    client.force_login(make_member(project, role))
    assert "secret-model-1" in page_of(client, project)


def test_a_labeler_never_learns_what_wrote_the_responses(client, project):
    judge(project, *connected())
    compute(project)
    client.force_login(make_member(project, Membership.Role.LABELER))
    for address in (
        reverse("quality:show-leaderboard", args=[project.slug]),
        f"/api/projects/{project.slug}/figures/abilities/",
    ):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "secret-model" not in answer.content.decode()


def test_the_api_has_all_of_it(client, project, lead):
    judge(project, *connected())
    answer = client.get(f"/api/projects/{project.slug}/figures/abilities/").json()
    names = [generator["name"] for generator in answer["result"]["generators"]]
    assert names == ["secret-model-1", "secret-model-2", "secret-model-3"]
    assert len(answer["result"]["boards"][0]["fits"]) == 6


def test_looking_computes_nothing(client, project, lead, django_assert_max_num_queries):
    judge(project, *connected())
    compute(project)
    before = project.reports.count()
    with django_assert_max_num_queries(20):
        page_of(client, project, "?prior=0.5")
    assert project.reports.count() == before


def test_it_speaks_german(client, project, lead):
    judge(project, *connected())
    compute(project)
    address = reverse("quality:show-leaderboard", args=[project.slug])
    page = get_in_german(client, address).content.decode()
    assert heading_of(page) == "secret-model-1 liegt vor allen anderen"
    assert "Bestenliste" in text_of(page)
