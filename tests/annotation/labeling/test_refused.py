"""Forms that are refused: what was typed comes back, and the reason stands beside its field.

One row for each form and each kind of refusal. `is_here`: the form is still on the page; where the
world has moved on it is not, and the text stands on top, to be copied.
"""

import html
import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.labeling.calibration.revealing import reveal
from annotation.labeling.calibration.talking import say
from annotation.labeling.feedback import answer_feedback, give_feedback
from annotation.labeling.messages.services import answer_question, ask
from annotation.labeling.models import (
    CalibrationMember,
    CalibrationPost,
    CalibrationRound,
    Feedback,
    Judgment,
)
from annotation.labeling.queue import lend_next_item
from annotation.labeling.reports import report_problem, resolve_report
from annotation.labeling.review.entries import bring_up_to_date
from annotation.projects.models import Membership, ProjectPool
from annotation.projects.pools.services import save_pool
from tests.annotation.labeling.calibration.world import judge_all, opened
from tests.factories import make_item, make_member, make_project

pytestmark = pytest.mark.django_db

TYPED = 'Look <again> at "B".'
LONG = TYPED + "x" * 4_000


class World:
    def __init__(self):
        self.project = make_project("shop", overlap=2)
        self.lead = make_member(self.project, Membership.Role.LEAD)
        self.labelers = [make_member(self.project) for _ in range(2)]
        self.labeler = self.labelers[0]

    def url(self, name, *ids):
        return reverse(name, args=["shop", *ids])

    def judged(self):
        make_item(self.project)
        judge_all(self.project, self.labelers, 1)
        bring_up_to_date(self.project)
        return Judgment.objects.filter(labeler=self.labeler).latest("pk")

    def held(self):
        make_item(self.project)
        return lend_next_item(project=self.project, labeler=self.labeler)

    def round(self):
        people = [one.pk for one in self.labelers]
        items = [make_item(self.project)]
        return opened(self.project, self.lead, items, takes_everybody=False, labelers=people)

    def revealed(self):
        made = self.round()
        judge_all(self.project, self.labelers, 1)
        return reveal(round_=made, actor=self.lead)


# Each returns the address, what is sent, and the text of it that must come back.


def returned(world, text=LONG, **sent):
    judgment = world.judged()
    sent = {"text": text, "seen": "0", "key": uuid.uuid4(), "filter": ""} | sent
    return world.url("labeling:return-judgment", judgment.item_id, judgment.pk), sent


def returned_over_another_decision(world):
    return returned(world, TYPED, seen="7")


def returned_after_a_revision(world):
    url, sent = returned(world, TYPED)
    old = Judgment.objects.filter(labeler=world.labeler).latest("pk")
    kept = {
        field.attname: getattr(old, field.attname)
        for field in Judgment._meta.concrete_fields
        if not field.primary_key
    }
    Judgment.objects.create(**kept | {"revision": 2, "key": uuid.uuid4(), "assignment_id": None})
    return url, sent


def answered(world, text=LONG):
    asked = ask(assignment=world.held(), text="Why?")
    return world.url("labeling:answer-question", asked.pk), {"text": text, "everybody": "1"}


def answered_by_another(world):
    url, sent = answered(world, TYPED)
    question = world.project.questions.get()
    answer_question(question=question, actor=world.lead, text="So.")
    return url, sent


def disputed(world, text=LONG):
    told = give_feedback(judgment=world.judged(), reviewer=world.lead, text="Look.")
    return reverse("labeling:answer-feedback", args=[told.pk]), {"answer": text, "dispute": "1"}


def disputed_twice(world):
    url, sent = disputed(world, TYPED)
    answer_feedback(feedback=Feedback.objects.get(), is_disputed=False)
    return url, sent


def told(world):
    judgment = world.judged()
    return world.url("labeling:give-feedback", judgment.item_id, judgment.pk), {"text": LONG}


def resolved_twice(world):
    made = report_problem(assignment=world.held(), kind="other", text="Odd.")
    resolve_report(report=made, actor=world.lead, resolution="Mended.")
    return world.url("labeling:resolve-report", made.item_id, made.pk), {"resolution": TYPED}


def example_of_no_criterion(world):
    item = make_item(world.project)
    sent = {"criterion": "beauty", "text": TYPED}
    return world.url("labeling:add-rubric-example", item.pk), sent


def revealed_before_anybody_judged(world):
    return world.url("labeling:reveal-calibration", world.round().pk), {"reason": TYPED}


def excused_after_the_end(world):
    made = world.revealed()
    member = CalibrationMember.objects.filter(round=made).first()
    return world.url("labeling:excuse-calibration-member", made.pk, member.pk), {"reason": TYPED}


def a_post(world, text):
    made = world.revealed()
    post = say(found=made.items.get(), author=world.labeler, text="So.")
    url = world.url("labeling:change-calibration-post", made.pk, post.pk)
    return url, {"do": "edit", "text": text}


def changed(world):
    return a_post(world, LONG)


def changed_too_late(world):
    url, sent = a_post(world, TYPED)
    CalibrationPost.objects.update(created_at=timezone.now() - timedelta(hours=1))
    return url, sent


def left_open(world):
    made = world.revealed()
    url = world.url("labeling:conclude-calibration-item", made.pk, 1)
    return url, {"do": "open", "note": LONG, "key": uuid.uuid4()}


def said_after_the_end(world):
    made = world.revealed()
    CalibrationRound.objects.filter(pk=made.pk).update(state="closed", closed_at=timezone.now())
    return world.url("labeling:write-calibration-post", made.pk, 1), {"text": TYPED}


def paused_into_the_past(world):
    url = world.url("labeling:change-workload", world.labeler.membership.pk)
    return url, {"do": "pause", "reason": TYPED, "until": "2001-02-03"}


def limited_below_nothing(world):
    url = world.url("labeling:change-workload", world.labeler.membership.pk)
    return url, {"do": "limits", "quota": "-12345", "daily_cap": "7"}


def limited_as_a_pool(world):
    pool = a_pool(world)
    sent = {"pool": pool.pk, "quota": "-12345", "daily_cap": "7"}
    return world.url("labeling:limit-pool"), sent


def a_pool(world, name="German"):
    pool = save_pool(name=name, kind="language", description="", actor=world.lead)
    ProjectPool.objects.create(pool=pool, project=world.project)
    return pool


def a_second_pool(world):
    a_pool(world)
    sent = {"name": "German", "kind": "language", "description": TYPED}
    return world.url("projects:list-pools"), sent


def a_pool_by_a_taken_name(world):
    a_pool(world)
    other = a_pool(world, "French")
    sent = {"do": "save", "name": "German", "kind": "language", "description": TYPED}
    return world.url("projects:show-pool", other.pk), sent


def invited(world):
    return world.url("projects:invite-people"), {
        "people": f"not an address {TYPED}",
        "role": "labeler",
    }


def linked(world):
    return world.url("projects:make-link"), {"link_role": "reviewer", "handle": TYPED}


# The form, who sends it, the field that comes back, and whether the form is still there.
LEAD, LABELER = "lead", "labeler"
FORMS = [
    (returned, LEAD, "text", True),
    (returned_over_another_decision, LEAD, "text", True),
    (returned_after_a_revision, LEAD, "text", False),
    (answered, LEAD, "text", True),
    (answered_by_another, LEAD, "text", False),
    (disputed, LABELER, "answer", True),
    (disputed_twice, LABELER, "answer", False),
    (told, LEAD, "text", True),
    (resolved_twice, LEAD, "resolution", False),
    (example_of_no_criterion, LEAD, "text", True),
    (revealed_before_anybody_judged, LEAD, "reason", True),
    (excused_after_the_end, LEAD, "reason", False),
    (changed, LABELER, "text", True),
    (changed_too_late, LABELER, "text", False),
    (left_open, LEAD, "note", True),
    (said_after_the_end, LABELER, "text", False),
    (paused_into_the_past, LEAD, "reason", True),
    (limited_below_nothing, LEAD, "quota", True),
    (limited_as_a_pool, LEAD, "quota", None),
    (a_second_pool, LEAD, "description", None),
    (a_pool_by_a_taken_name, LEAD, "description", None),
    (invited, LEAD, "people", None),
    (linked, LEAD, "handle", None),
]


@pytest.mark.parametrize(
    ("form", "who", "field", "is_here"), FORMS, ids=[row[0].__name__ for row in FORMS]
)
def test_what_was_typed_comes_back(client, form, who, field, is_here):
    world = World()
    url, sent = form(world)
    client.force_login(getattr(world, who))

    answer = client.post(url, sent)

    assert answer.status_code in (400, 409, 422), "there was something to refuse"
    page = answer.content.decode()
    assert html.escape(sent[field]).replace("&#x27;", "&#39;") in page
    assert "autofocus" in page, "and why: the first thing to be read"
    if is_here is True:
        assert 'id="refused"' in page, "and beside the field"
        problem = re.search(r'role="alert"[^>]*><span>(.+?)</span>', page, re.DOTALL)
        assert problem[1] in page.split('id="refused"')[1]
    if is_here is False:
        assert 'id="refused"' not in page
        assert 'id="typed"' in page


def test_what_is_refused_on_a_later_page_comes_back_on_that_page(client):
    world = World()
    for number in range(60):
        make_member(world.project, handle=f"zz-{number:02}")
    member = Membership.objects.get(handle="zz-59")
    client.force_login(world.lead)
    page = client.get(world.url("labeling:show-workload") + "?page=2").content.decode()
    address = world.url("labeling:change-workload", member.pk) + "?page=2"
    assert f'action="{address}"' in page

    answer = client.post(address, {"do": "pause", "reason": TYPED, "until": "2001-02-03"})

    assert answer.status_code == 422
    assert answer.context["refused"].is_here
    assert f'value="{html.escape(TYPED)}"' in answer.content.decode()
    done = client.post(address, {"do": "limits", "quota": "5", "daily_cap": ""})
    assert done["Location"].endswith("?page=2")
    # Without the page its form is not there: what was typed stands on top.
    lost = client.post(address.partition("?")[0], {"do": "pause", "reason": TYPED, "until": "x"})
    assert not lost.context["refused"].is_here
    assert html.escape(TYPED) in lost.content.decode()


@pytest.mark.parametrize("bound", [1, 2])
def test_an_answer_to_feedback_is_kept_when_its_form_is_not_shown(client, monkeypatch, bound):
    from annotation.labeling import feedback_views

    monkeypatch.setattr(feedback_views, "SHOWN", bound)
    world = World()
    judgment = world.judged()
    first, _second = (
        give_feedback(judgment=judgment, reviewer=world.lead, text=text) for text in ("a", "b")
    )
    client.force_login(world.labeler)

    answer = client.post(
        reverse("labeling:answer-feedback", args=[first.pk]), {"answer": LONG, "dispute": "1"}
    )

    assert answer.context["refused"].is_here is (bound == 2)
    assert html.escape(TYPED) in answer.content.decode()


@pytest.mark.parametrize("bound", [1, 2])
def test_an_answer_to_a_question_is_kept_when_its_form_is_not_shown(client, monkeypatch, bound):
    from annotation.labeling.messages import views

    monkeypatch.setattr(views, "MOST_WAITING", bound)
    world = World()
    lent = world.held()
    _first, second = (ask(assignment=lent, text=text) for text in ("a", "b"))
    client.force_login(world.lead)

    answer = client.post(world.url("labeling:answer-question", second.pk), {"text": LONG})

    assert answer.context["refused"].is_here is (bound == 2)
    assert html.escape(TYPED) in answer.content.decode()
