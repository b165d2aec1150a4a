"""Marks of what comes in: rung for once, only the new is looked at, and nothing slips through."""

import pytest

from annotation.candidates.marks import marker, marking
from annotation.candidates.marks.models import Marking, ResponseMark
from annotation.core import jobs
from annotation.core.hashing import sha256_of_text
from annotation.core.models import Job
from annotation.prompts.models import Response
from tests.annotation.candidates.marks.test_marking import mark
from tests.factories import make_item, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    project = make_project()
    make_item(project, ("Fine.", ""))
    return project


def waiting(project):
    return Job.objects.filter(project=project, kind="mark", state=Job.State.QUEUED)


def test_a_ring_looks_at_what_is_new_alone(project):
    mark(project)
    make_item(project, ("", "Good."))
    marking.ring_marking(project=project)
    marking.ring_marking(project=project)
    job = waiting(project).get()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.result == {"responses": 2, "marked": 2}
    assert not waiting(project).exists()


def test_the_first_ring_looks_at_everything(project):
    marking.ring_marking(project=project)
    job = waiting(project).get()
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.result == {"responses": 2, "marked": 1}


def test_a_project_may_want_no_ring(project):
    mark(project, is_automatic=False)
    marking.ring_marking(project=project)
    assert not waiting(project).exists()


def test_what_comes_while_it_looks_is_looked_at_next(project, monkeypatch):
    real = marking.mark_prompts

    def slow(kept, prompts):
        seen = real(kept, prompts)
        if waiting(project).count() == 0 and not Response.objects.filter(text="Late").exists():
            make_item(project, ("Late", ""))
            marking.ring_marking(project=project)  # one is running: the ring adds none
        return seen

    monkeypatch.setattr(marking, "mark_prompts", slow)
    mark(project)
    job = waiting(project).get()
    jobs.run(job.pk)
    assert ResponseMark.objects.filter(kind="empty").count() == 2
    assert not waiting(project).exists()


def test_a_full_look_is_not_swallowed_by_one_at_what_is_new_that_waits(project):
    mark(project)
    Response.objects.update(text=" ")  # what was looked at already
    marking.ring_marking(project=project)
    job = marking.request_marking(project=project, threshold=0.9)
    assert job == waiting(project).get()
    jobs.run(job.pk)
    assert ResponseMark.objects.filter(kind="empty").count() == Response.objects.count()
    kept = Marking.objects.get()
    assert (kept.threshold, kept.version) == (0.9, marker.VERSION)


def test_a_full_look_is_not_swallowed_by_one_at_what_is_new_that_runs(project, monkeypatch):
    mark(project)
    Response.objects.update(text=" ")
    make_item(project, ("New",))
    marking.ring_marking(project=project)
    real = marking.mark_prompts

    def slow(kept, prompts):
        monkeypatch.setattr(marking, "mark_prompts", real)
        marking.request_marking(project=project, is_automatic=False)
        return real(kept, prompts)

    monkeypatch.setattr(marking, "mark_prompts", slow)
    jobs.run(waiting(project).get().pk)
    jobs.run(waiting(project).get().pk)
    blank = Response.objects.filter(text=" ")
    assert ResponseMark.objects.filter(kind="empty").count() == blank.count() > 0
    assert not waiting(project).exists()


def test_one_that_came_late_with_a_low_number_is_found(project):
    """Numbers are given before rows are committed."""
    mark(project)
    Marking.objects.update(newest=10**9)
    prompt = project.prompts.get()
    Response.objects.create(prompt=prompt, text=" ", text_sha256=sha256_of_text(" "))
    marking.ring_marking(project=project)
    jobs.run(waiting(project).get().pk)
    assert ResponseMark.objects.filter(kind="empty").count() == 2
