"""Marks as rows: made by a job, made anew without a trace, and never a person's decision."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from annotation.candidates.marks import marking
from annotation.candidates.marks.models import Marking, ResponseDecision, ResponseMark
from annotation.candidates.marks.safety import WordLists
from annotation.core import jobs
from annotation.core.errors import DomainError
from annotation.core.hashing import sha256_of_text
from annotation.core.jobs import Claim
from annotation.core.models import Event, Job
from annotation.prompts.models import Response
from tests.factories import make_item, make_project, make_user

pytestmark = pytest.mark.django_db

TEXTS = (
    "The answer is here.",
    "the answer is here",
    "",
    "I'm sorry, but I can't help with that. Mail me: jane@uni-bonn.de",
    "As an AI trained by OpenAI, I would never behead anybody.",
)


@pytest.fixture
def project():
    return make_project()


@pytest.fixture
def item(project):
    return make_item(project, TEXTS)


def mark(project, **options):
    job = marking.request_marking(project=project, **options)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    return job


def marks(project):
    rows = ResponseMark.objects.filter(response__prompt__project=project)
    return sorted(
        (row.response.item_responses.get().key, row.kind, row.detail)
        for row in rows.select_related("response")
    )


def test_every_kind_is_found_in_its_response(project, item):
    job = mark(project)

    assert marks(project) == [
        ("b", "equal", ""),
        ("c", "empty", "empty"),
        ("d", "personal", "email"),
        ("d", "refusal", "sorry"),
        ("e", "identity", "vendor"),
        ("e", "safety", "violence"),
    ]
    assert job.result == {"responses": 5, "marked": 4}
    kept = Marking.objects.get(project=project)
    assert kept.response_count == 5
    assert kept.newest == Response.objects.latest("pk").pk


def test_again_finds_the_same_and_leaves_what_was_decided(project, item):
    mark(project)
    before = marks(project)
    response = item.responses.first()
    ResponseDecision.objects.create(response=response, choice="withheld")

    mark(project)

    assert marks(project) == before
    assert ResponseDecision.objects.get().choice == "withheld"


def test_a_text_that_changed_loses_its_marks(project, item):
    mark(project)
    response = item.responses.get(text__startswith="As an AI")
    Response.objects.filter(pk=response.pk).update(
        text="Fine.", text_sha256=sha256_of_text("Fine.")
    )

    mark(project)

    assert not response.marks.exists()


def test_what_people_wrote_is_not_looked_at(project, item):
    first = item.responses.first()
    Response.objects.create(
        prompt=item.prompt,
        kind="correction",
        corrects=first,
        text="",
        text_sha256=sha256_of_text(""),
        author=make_user(),
    )

    assert mark(project).result["responses"] == 5


def test_other_projects_are_left_alone(project, item):
    other = make_project()
    make_item(other, TEXTS)

    mark(project)

    assert marks(other) == []


def test_the_threshold_and_the_classifier_are_remembered(project, item):
    mark(project, threshold=0.95, classifier="none")
    mark(project)

    kept = Marking.objects.get(project=project)
    assert (kept.threshold, kept.classifier) == (0.95, "none")
    assert not ResponseMark.objects.filter(kind="safety").exists()
    assert Event.objects.filter(kind="marking.started").count() == 2


@pytest.mark.parametrize("wrong", [{"threshold": 0.2}, {"threshold": 2}, {"classifier": "x"}])
def test_impossible_settings_are_refused_and_change_nothing(project, wrong):
    with pytest.raises(DomainError):
        marking.request_marking(project=project, **wrong)

    assert not Marking.objects.exists()
    assert not Job.objects.exists()


def test_settings_do_not_change_under_a_job_that_runs(project, item):
    first = marking.request_marking(project=project)

    # While it waits it has not read them.
    assert marking.request_marking(project=project, threshold=0.8) == first
    Claim.take(first.pk)
    assert marking.request_marking(project=project) == first
    with pytest.raises(DomainError, match="being looked at"):
        marking.request_marking(project=project, threshold=0.7)
    assert Marking.objects.get().threshold == 0.8


def test_marks_of_safety_name_their_classifier(project, item):
    mark(project)

    mark_of_harm = ResponseMark.objects.get(kind="safety")
    assert mark_of_harm.version == f"{WordLists.name}/{WordLists.version}"
    text = mark_of_harm.response.text
    assert text[mark_of_harm.start : mark_of_harm.end] == "behead"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "near", "similarity": 0.9},
        {"kind": "empty", "similarity": 0.9},
        {"kind": "refusal", "start": 5, "end": 5},
        {"kind": "refusal", "start": 5},
    ],
)
def test_a_mark_without_sense_cannot_be_written(item, wrong):
    response = item.responses.first()

    with pytest.raises(IntegrityError), transaction.atomic():
        ResponseMark.objects.create(response=response, version="1", **wrong)
    ResponseMark.objects.create(response=response, version="1", kind="refusal", start=5, end=6)


def test_the_command_prints_how_many_of_each(project, item, capsys):
    call_command("mark_responses", project.slug)

    lines = capsys.readouterr().out.split("\n")
    assert lines[0].split() == ["5", "responses", "looked", "at"]
    assert "1 empty" in [" ".join(line.split()) for line in lines]
