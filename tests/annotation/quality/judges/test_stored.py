"""A run's findings: computed once for each change, the same when read back, and by principle."""

import dataclasses

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.core.addresses import Origins
from annotation.labeling.models import Item
from annotation.projects.models import Membership, Slice
from annotation.quality.judges import findings, stored
from annotation.quality.judges.findings import findings_of
from annotation.quality.judges.models import JudgeFindings, JudgeRun
from annotation.quality.judges.principles import set_principles
from tests.annotation.candidates.fake_openai import speaking
from tests.annotation.quality.judges.world import always_a, asked, longer, make_judge, saying
from tests.factories import make_item, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    with speaking() as server:
        yield server


@pytest.fixture
def project(server, settings):
    settings.EGRESS_ORIGINS = Origins([server.origin])
    server.answer, server.answers, server.asked = saying(longer), [], []
    return make_project("shop")


@pytest.fixture
def computed(monkeypatch):
    calls = []
    real = findings.findings_of
    monkeypatch.setattr(stored, "findings_of", lambda run: calls.append(run.pk) or real(run))
    return calls


def judged(project, ranks=(2, 1), people=2):
    item = make_item(project, ("No.", "Yes, and this is why."))
    for _ in range(people):
        make_judgment(item, make_member(project), ranks)
    return item


def again(run):
    return JudgeRun.objects.select_related("job", "judge", "project", "principle_list").get(
        pk=run.pk
    )


def without_compared(found):
    return dataclasses.asdict(found) | {"compared": None}


def test_what_is_read_back_is_what_was_computed(project, server, computed):
    for ranks in ((2, 1), (2, 1), (1, 2)):
        judged(project, ranks)
    run = asked(make_judge(project, server))
    first, second = stored.stored_findings(run), stored.stored_findings(again(run))
    fresh = findings_of(run)
    assert computed == [run.pk]
    assert without_compared(second) == without_compared(first) == without_compared(fresh)
    assert second.differing == fresh.differing != []
    assert second.unsure == fresh.unsure == []


def test_a_judge_that_contradicts_itself_does_so_when_read_back(project, server):
    server.answer = saying(always_a)
    judged(project)
    run = asked(make_judge(project, server))
    assert stored.stored_findings(run).unsure == stored.stored_findings(again(run)).unsure != []


def test_a_judgment_or_another_slice_is_computed_anew_and_one_copy_is_kept(
    project, server, computed
):
    item = judged(project)
    run = asked(make_judge(project, server))
    assert stored.stored_findings(run).raw.value == 1
    for _ in range(3):
        make_judgment(item, make_member(project), (1, 2))
    assert stored.stored_findings(run).raw.value == 0
    cut = Slice.objects.create(project=project, name="odd", position=1)
    Item.objects.filter(pk=item.pk).update(slice=cut)
    assert [name for name, _raw in stored.stored_findings(run).slices] == ["odd"]
    Slice.objects.filter(pk=cut.pk).update(name="even")
    assert [name for name, _raw in stored.stored_findings(run).slices] == ["even"]
    assert len(computed) == 4
    assert JudgeFindings.objects.count() == 1


def test_pages_and_api_read_it_back_in_a_number_of_statements_that_stays(
    client, project, server, computed
):
    client.force_login(make_member(project, Membership.Role.LEAD))

    def count(run):
        page = reverse("quality:show-judge-run", args=[project.slug, run.pk])
        client.get(page)
        with CaptureQueriesContext(connection) as found:
            assert client.get(page).status_code == 200
        return len(found)

    judged(project, (1, 2))
    judge = make_judge(project, server)
    one = count(asked(judge))
    for _ in range(19):
        judged(project, (1, 2))
    assert count(asked(judge)) == one
    assert len(computed) == 2, "once for each run, however often it is looked at"


def test_agreement_is_told_by_principle_and_not_of_few_items(client, project, server):
    client.force_login(make_member(project, Membership.Role.LEAD))
    for n in range(30):
        judged(project, (1, 2) if n % 3 == 0 else (2, 1), people=1)
    judge = make_judge(project, server)
    set_principles(judge=judge, principles=["Be honest.", "Be <b>brief</b>."])
    run = asked(judge)
    first, second = findings_of(run).principles
    counts = [first.raw.n_items, second.raw.n_items]
    assert sum(counts) == 30
    assert (first.number, second.principle) == (1, "Be <b>brief</b>.")
    drawn = dict(run.opinions.values_list("item", "principle"))
    agree = [item for item, one in drawn.items() if one == 1 and Item.objects.get(
        pk=item).judgments.get().ranks == [2, 1]]  # fmt: skip
    assert first.raw.value == pytest.approx(len(agree) / counts[0])
    assert first.is_told == (counts[0] >= findings.LEAST_ITEMS)

    address = reverse("quality:show-judge", args=[project.slug, judge.pk])
    page = client.get(address).content.decode()
    assert "Agreement with people by principle" in page
    assert "2. Be &lt;b&gt;brief&lt;/b&gt;." in page
    api = client.get(reverse("quality-api:judge-run", args=[run.pk])).json()
    told = api["findings"]["principles"]
    assert [one["n_items"] for one in told] == counts
    assert told[0]["raw"]["ci"] is not None
    set_principles(judge=judge, principles=["Another."])
    assert "Agreement with people by principle" not in client.get(address).content.decode()


def test_a_principle_that_was_drawn_for_few_items_is_not_told(client, project, server):
    client.force_login(make_member(project, Membership.Role.LEAD))
    for _ in range(4):
        judged(project, people=1)
    judge = make_judge(project, server)
    set_principles(judge=judge, principles=["Be honest."])
    run = asked(judge)
    (one,) = findings_of(run).principles
    assert (one.raw.value, one.is_told) == (1, False)
    api = client.get(reverse("quality-api:judge-run", args=[run.pk])).json()
    (told,) = api["findings"]["principles"]
    assert (told["raw"], told["n_items"], told["least_items"]) == (None, 4, 10)
    page = client.get(reverse("quality:show-judge", args=[project.slug, judge.pk]))
    assert "not told of 4 items: from 10 on" in page.content.decode()
