"""A classifier behind an endpoint: asked once for each response, its verdicts kept and marked."""

import pytest

from annotation.candidates.endpoints import asking, services
from annotation.candidates.marks import classifying, marking
from annotation.candidates.models import ResponseMark, SafetyVerdict
from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.core.errors import DomainError
from annotation.core.models import Job
from tests.annotation.candidates.fake_openai import completion, refusing, send, speaking
from tests.annotation.candidates.marks.test_marking import mark
from tests.factories import make_item, make_project

pytestmark = pytest.mark.django_db

TEXTS = ("A fine answer.", "A wicked answer.", "Another fine answer.")


def guard(stream, request):
    is_wicked = "wicked" in request["messages"][-1]["content"]
    send(stream, completion(request, texts=["unsafe\nS10" if is_wicked else "safe"]))


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def project(server, settings, monkeypatch):
    settings.EGRESS_ORIGINS = Origins([server.origin])
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.005)
    server.answer, server.answers, server.asked = guard, [], []
    project = make_project()
    make_item(project, TEXTS)
    return project


@pytest.fixture
def endpoint(project, server):
    return services.add_endpoint(
        project=project, name="guard", base_url=server.base_url, model="guard-8b"
    )


def classify(project):
    """What the worker does after the marks."""
    job = Job.objects.get(project=project, kind="classify-safety", state=Job.State.QUEUED)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def harms(project):
    rows = ResponseMark.objects.filter(kind="safety", response__prompt__project=project)
    return list(rows.values_list("response__text", "detail", "version", "start"))


def test_its_verdicts_are_marks_with_its_name_and_version(project, endpoint, server):
    mark(project, classifier="endpoint", endpoint=endpoint)
    job = classify(project)
    assert (job.state, job.result) == ("done", {"classified": 3, "failed": 0})
    assert harms(project) == [("A wicked answer.", "hate", "guard-8b/guard-1", None)]
    assert len(server.asked) == 3


def test_nothing_is_asked_twice_and_marks_made_anew_keep_its_word(project, endpoint, server):
    mark(project, classifier="endpoint", endpoint=endpoint)
    classify(project)
    mark(project)
    assert not Job.objects.filter(kind="classify-safety", state=Job.State.QUEUED).exists()
    mark(project, classifier="words")
    assert harms(project) == []
    mark(project, classifier="endpoint")
    assert [detail for _, detail, *_ in harms(project)] == ["hate"]
    assert len(server.asked) == 3


def test_what_is_no_verdict_is_told_and_asked_again(project, endpoint, server):
    server.answers = [lambda stream, request: send(stream, completion(request, texts=["Hm."]))]
    mark(project, classifier="endpoint", endpoint=endpoint)
    assert classify(project).result == {"classified": 2, "failed": 1}
    failed = SafetyVerdict.objects.exclude(fault="").get()
    assert (failed.fault, failed.detail, failed.harms) == ("no_verdict", "Hm.", [])
    mark(project)
    assert classify(project).result == {"classified": 3, "failed": 0}


def test_a_wrong_key_stops_it_with_its_sentence(project, endpoint, server):
    server.answer = refusing("401 No")
    mark(project, classifier="endpoint", endpoint=endpoint)
    job = classify(project)
    assert job.state == "failed"
    assert "does not accept the key" in job.error
    assert harms(project) == []


@pytest.fixture
def meanwhile(monkeypatch):
    """Something that happens once, after the first verdict."""
    real, doing = classifying._Turn.settle, []

    def settle(turn, *outcome):
        real(turn, *outcome)
        while doing:
            doing.pop()()

    monkeypatch.setattr(classifying._Turn, "settle", settle)
    return doing.append


def go_on(project):
    Job.objects.filter(kind="classify-safety").update(not_before=project.created_at)
    return classify(project)


def test_what_comes_while_it_asks_is_asked_before_it_ends(project, endpoint, meanwhile):
    """Who rings meanwhile finds it under way, and adds no other."""
    mark(project, classifier="endpoint", endpoint=endpoint)
    meanwhile(lambda: make_item(project, ("New.", "New and wicked.")) and mark(project))
    assert classify(project).state == "queued"
    job = go_on(project)
    assert (job.state, job.result) == ("done", {"classified": 5, "failed": 0})
    assert {text for text, *_ in harms(project)} == {"A wicked answer.", "New and wicked."}


@pytest.mark.parametrize("is_marked", [True, False])
def test_another_classifier_chosen_meanwhile_has_the_last_word(
    project, endpoint, server, meanwhile, is_marked
):
    """Whether the marks were made anew already, or are still those of the one before."""
    other = services.add_endpoint(
        project=project, name="other", base_url=server.base_url, model="guard-1b"
    )
    services.change_endpoint(endpoint=endpoint, concurrency=1)

    def choose():
        job = marking.request_marking(project=project, classifier="endpoint", endpoint=other)
        if is_marked:
            jobs.run(job.pk)

    mark(project, classifier="endpoint", endpoint=endpoint)
    meanwhile(choose)
    server.answer = lambda stream, request: send(
        stream, completion(request, texts=["unsafe\nS10"])
    )
    job = classify(project)
    asked = [request["model"] for request in server.asked]
    assert asked in (["guard-8b"], ["guard-8b"] * 2)  # and what was under way
    assert job.state == "queued"
    assert go_on(project).result == {"classified": 3, "failed": 0}
    assert {version for *_, version, _ in harms(project)} == {"guard-1b/guard-1"}
    assert len(harms(project)) == 3


def test_an_endpoint_that_is_gone_stops_it(project, endpoint):
    mark(project, classifier="endpoint", endpoint=endpoint)
    services.remove_endpoint(endpoint=endpoint)
    assert "was removed" in classify(project).error


def test_it_needs_an_endpoint_of_the_project(project, server):
    with pytest.raises(DomainError, match="Choose the endpoint"):
        marking.request_marking(project=project, classifier="endpoint")
    foreign = services.add_endpoint(
        project=make_project(), name="other", base_url=server.base_url, model="m"
    )
    with pytest.raises(DomainError, match="no such endpoint"):
        marking.request_marking(project=project, classifier="endpoint", endpoint=foreign)
