import pytest

from annotation.accounts.models import User
from annotation.core.models import Job
from annotation.demo import rounds, services, world
from annotation.demo.evaluation import SAMPLE_COUNT, ballots
from annotation.demo.figures import labeler_figures, outcome, quality_figures, win_rate
from annotation.demo.reading import hidden_quality

WIDTHS = (360, 1280, 1920)


def figures_of(project):
    """A result with the shape and the texts of a real one: the better of two replies is the
    tuned policy's."""
    rows = []
    for case in world.sample_cases(100, seed=3):
        pair = world.sample_replies(case, 3, seed=3)
        after = max(pair[1:], key=lambda reply, m=case.message: hidden_quality(m, reply))
        rows.append((case.message, pair[0], after))
    gains = [hidden_quality(m, new) - hidden_quality(m, old) for m, old, new in rows]
    rate = win_rate([outcome([(gain > 0) - (gain < 0)]) for gain in gains], seed=1)
    return {
        "win_rate": rate,
        "hidden_win_rate": rate,
        "before": quality_figures([(m, old) for m, old, _ in rows]),
        "after": quality_figures([(m, new) for m, _, new in rows]),
        "samples": [
            {
                "message": message,
                "before": old,
                "after": new,
                "before_quality": hidden_quality(message, old),
                "after_quality": hidden_quality(message, new),
            }
            for message, old, new in rows[:SAMPLE_COUNT]
        ],
        "labelers": labeler_figures(ballots(project.judgments.all())),
        "made": {},
    }


@pytest.fixture
def found(transactional_db, monkeypatch):
    monkeypatch.setattr("annotation.core.jobs.dispatch", lambda *args, **options: True)
    monkeypatch.setattr("annotation.demo.rounds.why_no_training", lambda: "")
    return rounds.start_round(project=services.seed())


def end(found, state, error=""):
    Job.objects.filter(pk=found.job_id).update(
        state=state, error=error, finished_at=found.created_at, started_at=found.created_at
    )


def finish(found):
    for row in found.stages:
        row |= {"state": "done", "seconds": 31.4, "detail": "1,200 replies to 300 new customers"}
    found.result = figures_of(found.project)
    found.save()
    end(found, "done")


def test_a_finished_round_reads_well_everywhere(visit, found):
    finish(found)
    window = visit()
    window.sign_in(User.objects.get(username="demo-engineer")).open(f"/rounds/{found.pk}/")
    assert "the tuned policy wins" in window.page.locator("h1").inner_text()
    assert window.faults(widths=WIDTHS) == []


def test_a_running_round_is_shown_as_it_goes_and_ends_by_itself(visit, found):
    found.stages[0] |= {"state": "running", "started_at": found.created_at.isoformat()}
    found.save()
    window = visit().sign_in(User.objects.get(username="demo-lead"))
    window.open(f"/rounds/{found.pk}/")
    assert window.page.get_by_text("Stage 1 of 12").is_visible()
    assert window.violations()[0] == []
    end(found, "failed", "sft-round-1 failed: the disk is full")
    window.page.get_by_text("The round stopped.").wait_for()
    assert "the disk is full" in window.page.locator("[role=alert]").inner_text()
    assert window.page.locator("[hx-trigger]").count() == 0


def test_the_button_of_the_project_page_leads_to_the_round(visit, found):
    window = visit().sign_in(User.objects.get(username="demo-engineer"))
    window.open(f"/projects/{found.project.slug}/")
    window.page.get_by_role("button", name="Run a whole round").click()
    window.page.wait_for_url(f"**/rounds/{found.pk}/")
    window.page.get_by_role("button", name="Cancel the round").click()
    window.page.get_by_text("Cancelled").first.wait_for()
    assert Job.objects.get(pk=found.job_id).state == "cancelled"
