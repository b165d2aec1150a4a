"""The page, the API and the command of marks."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation.candidates.models import (
    Endpoint,
    Marking,
    ResponseDecision,
    ResponseMark,
    SafetyVerdict,
)
from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.core.models import Job
from annotation.labeling.responses.listing import pieces_of
from tests.annotation.candidates.marks.test_marking import mark
from tests.factories import make_item, make_key, make_member, make_project

TEXTS = ("I am ChatGPT. <b>bold</b>", "Paris is the capital.", "paris is the capital", "")


@pytest.fixture
def project(db):
    return make_project()


@pytest.fixture
def lead(project):
    return make_member(project, "lead")


@pytest.fixture
def item(project):
    return make_item(project, TEXTS)


def page(client, project, query=""):
    answer = client.get(reverse("labeling:list-marked-responses", args=[project.slug]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_before_anybody_looked_the_page_says_so_and_the_button_starts_it(
    client, project, lead, item
):
    client.force_login(lead)
    assert "Nobody has looked at these responses yet" in page(client, project)

    answer = client.post(
        reverse("labeling:look-at-responses", args=[project.slug]),
        {"threshold": "90", "classifier": "none"},
    )
    job = Job.objects.get(kind="mark")
    assert answer.status_code == 302
    assert f'id="job-{job.pk}"' in page(client, project)
    jobs.run(job.pk)

    shown = page(client, project)
    assert "3 of 4 responses are marked" in shown
    assert 'value="90"' in shown


def test_marked_places_are_highlighted_and_texts_escaped(client, project, lead, item):
    mark(project)
    client.force_login(lead)

    shown = page(client, project)

    assert ">ChatGPT</mark>" in shown
    assert "&lt;b&gt;bold&lt;/b&gt;" in shown
    assert "<b>bold</b>" not in shown
    assert "100 % alike" in shown


def test_the_filter_shows_what_it_says(client, project, lead, item):
    mark(project)
    client.force_login(lead)
    generator = item.responses.get(text="").generator_id

    assert "ChatGPT" not in page(client, project, "?kind=empty")
    assert "1 response\n" in page(client, project, "?kind=empty").replace("<", "\n")
    assert "ChatGPT" not in page(client, project, f"?generator={generator}")
    assert "No response matches" in page(client, project, "?decision=withheld")
    assert ">ChatGPT</mark>" in page(client, project, "?kind=%00&generator=x&decision=y")


def test_what_came_in_since_is_counted(client, project, lead, item):
    mark(project)
    make_item(project, ("New.", "Newer."))
    client.force_login(lead)

    assert "2 responses came in since." in page(client, project)


def test_ticked_ones_and_all_of_a_filter_are_decided(client, project, lead, item):
    mark(project)
    client.force_login(lead)
    address = reverse("labeling:decide-marks", args=[project.slug])
    named = ResponseMark.objects.get(kind="identity").response_id

    client.post(address, {"choice": "masked", "response": [named]})
    client.post(address, {"choice": "withheld", "kind": "empty", "all": "on"})

    decided = dict(ResponseDecision.objects.values_list("response__text", "choice"))
    assert decided == {TEXTS[0]: "masked", "": "withheld"}


def test_nothing_ticked_is_said_and_changes_nothing(client, project, lead, item):
    mark(project)
    client.force_login(lead)
    address = reverse("labeling:decide-marks", args=[project.slug])

    answer = client.post(address, {"choice": "withheld"})

    assert answer.status_code == 422
    assert "Tick at least one response." in answer.content.decode()
    assert not ResponseDecision.objects.exists()


def test_a_wrong_threshold_is_refused_at_its_field(client, project, lead):
    client.force_login(lead)
    address = reverse("labeling:look-at-responses", args=[project.slug])

    answer = client.post(address, {"threshold": "20", "classifier": "words"})

    assert answer.status_code == 422
    assert not Job.objects.exists()


def test_an_endpoint_is_chosen_and_what_it_could_not_say_is_told(client, project, lead, item):
    client.force_login(lead)
    address = reverse("labeling:look-at-responses", args=[project.slug])
    wanted = {"threshold": "85", "classifier": "endpoint", "protocol": "moderations"}
    refused = client.post(address, wanted)
    assert refused.status_code == 422
    assert "Choose the endpoint" in refused.content.decode()
    guard = Endpoint.objects.create(
        project=project, name="guard", base_url="https://guard.example/v1", model="g-1"
    )

    assert client.post(address, wanted | {"endpoint": guard.pk}).status_code == 302
    kept = Marking.objects.get()
    assert (kept.endpoint, kept.protocol, kept.is_automatic) == (guard, "moderations", False)
    SafetyVerdict.objects.create(
        response=item.responses.first(),
        classifier="g-1/moderations-1",
        fault="no_verdict",
        detail="Hm.",
    )
    said = page(client, project)
    assert "What the classifier answered is no verdict: Hm." in said
    assert "have no verdict of the classifier yet" not in said  # the job waits


def test_a_reviewer_reads_and_may_not_act(client, project, item):
    mark(project)
    client.force_login(make_member(project, "reviewer"))

    assert "Do it with those ticked" not in page(client, project)


def test_a_program_reads_looks_and_decides(client, project, lead, item):
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {make_key(lead)}"}
    address = reverse("labeling-api:marks", args=[project.slug])
    said = {"threshold": 0.9}
    started = client.post(address, said, content_type="application/json", **bearer)
    jobs.run(started.json()["job"])

    found = client.get(f"{address}?kind=identity", **bearer).json()

    assert (found["threshold"], found["count"], found["new"]) == (0.9, 1, 0)
    (one,) = found["results"]
    (leak,) = one["marks"]
    assert one["text"][leak["start"] : leak["end"]] == "ChatGPT"
    decided = client.post(
        reverse("labeling-api:decisions-on-responses", args=[project.slug]),
        {"responses": [one["response"]], "choice": "masked"},
        content_type="application/json",
        **bearer,
    )
    counts = {key: count for key, count in decided.json().items() if count}
    assert counts == {"decided": 1, "shown": 1}
    assert set(decided.json()) > {"removed", "withdrawn", "restored", "reopened", "left"}


def test_the_command_decides_on_all_of_a_kind(project, item, capsys):
    mark(project)

    call_command("decide_responses", project.slug, "empty", "withheld")

    assert ResponseDecision.objects.get().response.text == ""
    assert "1 response" in capsys.readouterr().out
    with pytest.raises(DomainError):
        call_command("decide_responses", "none", "empty", "withheld")


def test_the_command_takes_a_decision_back(project, item, capsys):
    mark(project)
    call_command("decide_responses", project.slug, "empty", "withheld")
    call_command("decide_responses", project.slug, "empty", "left")
    assert ResponseDecision.objects.get().choice == "withheld", "decided on: not meant"

    call_command("decide_responses", project.slug, "empty", "left", decision="withheld")

    assert ResponseDecision.objects.get().choice == "left"
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("decide_responses", project.slug, "empty", "left", "--decision", "gone")


def test_far_from_a_mark_the_text_is_left_out():
    text = "a" * 1000 + "ChatGPT" + "b" * 1000
    place = ResponseMark(kind="identity", detail="name", start=1000, end=1007)

    pieces = pieces_of(text, [place])

    assert [piece.kind for piece in pieces] == ["", "identity", ""]
    assert pieces[1].text == "ChatGPT"
    assert pieces[0].text.startswith("… ")
    assert pieces[2].text.endswith(" …")
    assert all(len(piece.text) < 300 for piece in pieces)
