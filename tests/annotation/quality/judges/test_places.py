"""A decision on a response never makes a judge's opinion speak of other responses."""

import pytest
from django.urls import reverse

from annotation.core import jobs
from annotation.core.addresses import Origins
from annotation.datasets.formats.frozen import Frozen
from annotation.datasets.policy import Policy
from annotation.datasets.services import freeze_dataset
from annotation.labeling.responses.deciding import decide
from annotation.quality.judges import running, services
from annotation.quality.judges.findings import findings_of
from tests.annotation.candidates.fake_openai import speaking
from tests.annotation.quality.judges.world import asked, longer, make_judge, saying
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db
NONE_SPLIT = (1.0, 0.0, 0.0)
TEXTS = ("333", "1", "22")


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
def lead(project):
    return make_member(project, "lead")


def say(lead, item, choice, key="a"):
    response = item.item_responses.filter(key=key).values_list("response", flat=True)
    removed = item.removed_places.filter(key=key).values_list("response", flat=True)
    chosen = [*response, *removed]
    return decide(project=item.project, responses=chosen, choice=choice, actor=lead)[1]


def keys(item):
    return list(item.item_responses.values_list("key", flat=True))


def frozen(project):
    policy = Policy(whose="ai_judge", judge="fake", split=NONE_SPLIT)
    dataset = freeze_dataset(project=project, policy=policy).dataset
    rows = [line.row for line in Frozen(dataset.folder).lines("preferences", "train")]
    return sorted((row["chosen_id"], row["rejected_id"]) for row in rows)


SAID = [("a", "b"), ("a", "c"), ("c", "b")]


def test_what_a_judge_said_stays_said_of_the_same_responses(project, lead, server):
    item = make_item(project, TEXTS)
    run = asked(make_judge(project, server), [item])
    assert frozen(project) == SAID

    changed = say(lead, item, "withheld")
    assert (changed.removed, changed.left, changed.asked) == (0, 0, 1)
    assert (keys(item), frozen(project)) == (["a", "b", "c"], SAID)

    say(lead, item, "left")
    assert (keys(item), frozen(project)) == (["a", "b", "c"], SAID)
    assert findings_of(run).consistency.value == 1


def test_what_left_before_a_judge_was_asked_does_not_come_back_among_its_opinions(
    project, lead, server
):
    item = make_item(project, TEXTS)
    assert say(lead, item, "withheld").removed == 1
    asked(make_judge(project, server), [item])
    assert frozen(project) == [("c", "b")]

    changed = say(lead, item, "left")

    assert (changed.restored, changed.asked) == (0, 1)
    assert (keys(item), frozen(project)) == (["b", "c"], [("c", "b")])


def test_an_answer_to_what_has_left_meanwhile_is_not_stored(project, lead, server, monkeypatch):
    item = make_item(project, TEXTS)
    judge = make_judge(project, server)
    run = services.start_run(judge=judge, item_ids=[item.pk])
    ask_all = running.ask_all

    def deciding_while_they_are_asked(endpoint, asks, **how):
        under_way = list(asks)
        assert len(under_way) == 6
        assert say(lead, item, "withheld").removed == 1
        return ask_all(endpoint, under_way, **how)

    monkeypatch.setattr(running, "ask_all", deciding_while_they_are_asked)
    jobs.run(run.job_id)

    run.job.refresh_from_db()
    assert run.job.state == "done", run.job.error
    assert len(server.asked) == 8, "two of them again, of what stands there now"
    said = set(run.opinions.values_list("first", "second", "preferred"))
    assert said == {(1, 2, "second"), (2, 1, "first")}
    assert frozen(project) == [("c", "b")]


def test_the_page_says_which_items_stay_for_their_opinions(client, project, lead, server):
    item = make_item(project, TEXTS)
    say(lead, item, "withheld")
    asked(make_judge(project, server), [item])
    client.force_login(lead)

    answer = client.post(
        reverse("labeling:decide-marks", args=[project.slug]),
        {"choice": "left", "decision": "withheld", "all": "on"},
        follow=True,
    )

    told = answer.content.decode()
    assert "1 item keeps its places: an AI judge or a reward model was asked about it" in told
    assert "somebody was lent it" not in told
