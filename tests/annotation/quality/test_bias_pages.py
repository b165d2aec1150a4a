"""The pages of bias and prompts, as a browser sees them."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.core import jobs
from annotation.projects.models import Membership, Project
from annotation.quality import services
from annotation.quality.models import Report
from tests.annotation.quality.llmfao import write_files
from tests.annotation.quality.world import make_judged_project
from tests.data import shared
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt
from tests.german import get_in_german

pytestmark = pytest.mark.django_db
PAGES = ("bias", "prompts")


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def lead(project, client):
    user = make_member(project, Membership.Role.LEAD)
    client.force_login(user)
    return user


def page_of(client, project, name):
    answer = client.get(reverse(f"quality:show-{name}", args=[project.slug]))
    assert answer.status_code == 200
    return answer.content.decode()


def text_of(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def divided(project, prompt=None):
    item = make_item(project, prompt=prompt)
    for number, ranks in enumerate(([1, 2], [2, 1])):
        make_judgment(item, make_member(project, handle=f"secret{number}"), ranks)
    return item


def compute(project):
    jobs.run(services.request_figures(project=project).pk)


def test_nothing_judged_says_when_that_will_change(client, project, lead):
    for name in PAGES:
        assert "Nothing has been judged yet" in page_of(client, project, name)


def test_one_job_brings_both_pages_and_the_groups(client, project, lead):
    divided(project)
    assert "Compute the figures" in page_of(client, project, "bias")
    compute(project)
    bias = text_of(page_of(client, project, "bias"))
    assert "No bias can be told yet" in bias
    assert "No reward model has scored these responses yet." in bias
    assert "Too few people say something about themselves" in bias
    assert "To look at first" in page_of(client, project, "prompts")
    kinds = set(Report.objects.values_list("kind", flat=True))
    assert kinds >= {"agreement", "bias", "prompts", "fairness"}


def test_what_is_shown_of_an_item_is_escaped_and_names_nobody(client, project, lead):
    item = divided(project, make_prompt(project, "<script>alert(1)</script> Which one?"))
    services.compute_report(project=project, kind="prompts")
    page = page_of(client, project, "prompts")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "secret0" not in page
    assert f'href="/projects/{project.slug}/items/{item.pk}/"' in page
    assert f'value="{item.external_id}"' in page


def test_the_chosen_items_are_in_the_draft_of_a_round(client, project, lead):
    item = divided(project)
    services.compute_report(project=project, kind="prompts")
    page = page_of(client, project, "prompts")
    action = re.search(r'<form id="round"[^>]*action="([^"]*)"', page).group(1)
    assert item.external_id in client.get(action, {"item": [item.external_id]}).content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_labelers_see_no_such_page(client, project, name):
    address = reverse(f"quality:show-{name}", args=[project.slug])
    for role, expected in ((Membership.Role.LABELER, 404), (Membership.Role.REVIEWER, 200)):
        client.force_login(make_member(project, role))
        assert client.get(address).status_code == expected


def test_the_pages_say_that_they_are_stale(client, project, lead):
    divided(project)
    compute(project)
    make_judgment(make_item(project), make_member(project), [1, 2])
    for name in PAGES:
        assert "Judgments came in since" in page_of(client, project, name)


def test_the_pages_speak_german(client, project, lead):
    divided(project)
    compute(project)
    for name, said in (
        ("bias", "Noch lässt sich keine Verzerrung"),
        ("prompts", "Zuerst ansehen"),
    ):
        url = reverse(f"quality:show-{name}", args=[project.slug])
        page = get_in_german(client, url).content.decode()
        assert said in page
        for english in ("What wins", "To look at first", "Read in two ways", "Order shown"):
            assert english not in page


def figures(slug):
    project = Project.objects.get(slug=slug)
    result = services.compute_report(project=project, kind="bias").result
    return json.loads(json.dumps(result, allow_nan=False))


def test_pandalms_figures_through_the_front_door(tmp_path):
    call_command("convert_pandalm", shared("pandalm/testset-v1.json"), tmp_path)
    call_command(
        "import_items", "pandalm", str(tmp_path / "items.jsonl"), "--create", "--booleans-as-text"
    )
    call_command("import_judgments", "pandalm", str(tmp_path / "judgments.jsonl"), "--create")
    found = figures("pandalm")
    longer = found["form"]["longer"]
    assert (longer["value"], longer["n"]) == (pytest.approx(0.667799, abs=1e-6), 2649)
    assert found["position"]["listed"]["value"] == pytest.approx(0.469861, abs=1e-6)
    assert found["position"]["first"]["reason"] == "not_recorded"
    assert found["form"]["length"]["ci"][0] > 1


def test_llmfaos_figures_through_the_front_door(tmp_path):
    write_files(shared("llmfao/llmfao.csv"), tmp_path)
    call_command("import_items", "llmfao", str(tmp_path / "items.jsonl"), "--create")
    call_command("import_judgments", "llmfao", str(tmp_path / "judgments.jsonl"), "--create")
    position = figures("llmfao")["position"]
    assert position["first"]["reason"] == "order_not_random"  # a pair always stood the same way
    left = position["listed"]
    assert left["value"] == pytest.approx(0.533150, abs=1e-6)
    assert left["p"] == pytest.approx(1.0e-6, abs=0.05e-6)
    assert left["n"] == 5460


def test_both_pages_show_every_kind_of_item(client):
    verdicts = [
        (n, f"w{k}", [1, 2, 3] if (n + k) % 3 else [3, 1, 2]) for n in range(30) for k in range(4)
    ]
    project = make_judged_project(verdicts, n_responses=3)
    client.force_login(make_member(project, Membership.Role.LEAD))
    compute(project)
    for name in PAGES:
        assert page_of(client, project, name).count("<svg") > 0
