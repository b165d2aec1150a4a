"""The pages of judges: add, see what it takes, start, watch, read, and ask people."""

import pytest
from django.urls import reverse

from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.labeling.models import Item
from annotation.projects.models import Membership
from annotation.quality.judges.models import Judge, JudgeRun
from tests.annotation.candidates.fake_openai import speaking
from tests.annotation.quality.judges.world import asked, longer, make_judge, saying
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def project(server, settings, client):
    settings.EGRESS_ORIGINS = Origins([server.origin])
    server.answer, server.answers, server.asked = saying(longer), [], []
    project = make_project("shop")
    client.force_login(make_member(project, Membership.Role.LEAD))
    return project


@pytest.fixture
def item(project):
    """Whose majority is against a judge that prefers length."""
    item = make_item(project, ("No.", "Yes, of course."), overlap=1, taken=1)
    make_judgment(item, make_member(project), (1, 2))
    return item


def url(name, *args):
    return reverse(f"quality:{name}", args=["shop", *args])


def test_a_lead_adds_a_judge_sees_what_a_run_takes_and_starts_it(client, project, item, server):
    endpoint = make_judge(project, server, name="other", price_in=1, price_out=1).endpoint
    given = {"name": "strict", "endpoint": endpoint.pk, "max_tokens": 100}
    added = client.post(url("new-judge"), given)
    judge = Judge.objects.get(name="strict")
    assert added.headers["Location"] == url("show-judge", judge.pk)
    assert (judge.is_json_demanded, judge.max_tokens) == (False, 100)
    takes = client.get(url("show-judge", judge.pk), {"most": 5})
    assert takes.context["takes"].questions == 2
    assert "USD" in takes.content.decode()
    started = client.post(url("start-judge-run", judge.pk), {"most": 5})
    run = JudgeRun.objects.get()
    assert started.headers["Location"] == url("show-judge-run", run.pk)
    assert run.item_ids == [item.pk]
    watched = client.get(url("show-judge-run", run.pk)).content.decode()
    assert 'hx-trigger="every' in watched
    jobs.run(run.job_id)
    done = client.get(url("show-judge-run", run.pk), headers={"HX-Request": "true"})
    said = done.content.decode()
    assert "<html" not in said
    assert "hx-trigger" not in said
    assert item.external_id in said
    assert "By length." in said
    assert "strict" in client.get(url("list-judges")).content.decode()


def test_a_form_that_is_refused_says_why(client, project, item, server):
    judge = make_judge(project, server)
    given = {"name": "fake", "endpoint": judge.endpoint_id, "max_tokens": 100}
    refused = client.post(url("new-judge"), given)
    assert refused.status_code == 422
    assert "this name" in refused.content.decode()
    assert client.get(url("show-judge", judge.pk), {"most": 0}).status_code == 422
    started = client.post(url("start-judge-run", judge.pk), {"most": "many"})
    assert started.status_code == 422
    assert not JudgeRun.objects.exists()


def test_what_a_judge_differs_in_goes_to_one_labeler_more(client, project, item, server):
    run = asked(make_judge(project, server))
    where = url("ask-people-after-judge", run.pk)
    client.post(where, {"item": item.pk})
    client.post(where, {"item": item.pk})  # a double click
    assert Item.objects.get(pk=item.pk).overlap == 2
    assert client.post(where, {"item": "9" * 30}).status_code == 422


def test_cancel_and_ask_again(client, project, item, server):
    server.answers = [saying(lambda d: "So.")]
    run = asked(make_judge(project, server))
    page = client.get(url("show-judge-run", run.pk)).content.decode()
    assert "not the JSON" in page
    assert client.post(url("cancel-judge-run", run.pk)).status_code == 409
    client.post(url("resume-judge-run", run.pk))
    run.refresh_from_db()
    client.post(url("cancel-judge-run", run.pk))
    run.job.refresh_from_db()
    assert run.job.state == "cancelled"


def test_critiques_are_escaped(client, project, item, server):
    server.answer = saying(lambda d: longer(d) | {"critique": "<script>x</script>"})
    run = asked(make_judge(project, server))
    page = client.get(url("show-judge-run", run.pk)).content.decode()
    assert "&lt;script&gt;x" in page
    assert "<script>x" not in page
