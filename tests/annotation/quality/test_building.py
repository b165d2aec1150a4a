"""Items from stored responses: planned, built, shown to labelers, taken back."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.candidates.endpoints.services import add_endpoint
from annotation.candidates.marks.classifying import classifier_of
from annotation.candidates.models import (
    Marking,
    ResponseDecision,
    ResponseMark,
    SafetyVerdict,
)
from annotation.celery import app
from annotation.core.addresses import Origins
from annotation.core.errors import Conflict, DomainError
from annotation.core.hashing import sha256_of_text
from annotation.core.models import Event
from annotation.labeling.building import pairing
from annotation.labeling.building.policy import Policy
from annotation.labeling.building.services import build_items, withdraw_batch
from annotation.labeling.building.warnings import warn_of_late_marks
from annotation.labeling.models import BuiltBatch, Item
from annotation.labeling.queue import lend_next_item
from annotation.labeling.responses.deciding import decide
from annotation.labeling.responses.masking import MASK
from annotation.prompts.models import Generator, Response
from annotation.quality.building.gains import gains_now, planned
from tests.annotation.candidates.marks.test_marking import mark
from tests.factories import (
    make_item,
    make_judgment,
    make_key,
    make_member,
    make_project,
    make_prompt,
)

WORDS = ("north", "south", "east", "west", "up", "down", "left", "right")


@pytest.fixture
def project(db):
    return make_project(overlap=2)


@pytest.fixture
def lead(project):
    return make_member(project, "lead")


def write(project, prompt, name, text):
    generator, _ = Generator.objects.get_or_create(project=project, name=name)
    return Response.objects.create(
        prompt=prompt, text=text, text_sha256=sha256_of_text(text), generator=generator
    )


@pytest.fixture
def world(project):
    """Six prompts, each answered by three generators."""
    for number in range(6):
        prompt = make_prompt(project)
        for name in ("old-1", "old-2", "new-3"):
            write(project, prompt, name, f"{name} goes {WORDS[number]} {number}.")
    return {one.name: one.pk for one in Generator.objects.filter(project=project)}


def build(project, **values):
    return build_items(project=project, policy=Policy(**{"batch": "b", **values}))


def test_a_balanced_batch_has_every_pair_equally_often(project, world):
    batch = build(project, overlap=3, seed=5)

    assert batch.counts == {"items": 6, "prompts_without": {}, "responses_left_out": {}}
    items = Item.objects.filter(project=project, batch="b")
    pairs = [
        tuple(sorted(item.responses.values_list("generator__name", flat=True))) for item in items
    ]
    assert sorted(map(pairs.count, set(pairs))) == [2, 2, 2]
    assert {item.overlap for item in items} == {3}
    assert batch.policy["seed"] == 5
    assert Event.objects.get(kind="items.built").payload["count"] == 6


def test_the_same_order_elsewhere_would_build_the_same(project, world):
    policy = Policy(batch="b", k=3, seed=9)

    assert planned(project, policy) == planned(project, policy)
    assert planned(project, policy).items != planned(project, Policy(batch="b", seed=8)).items


def test_marks_and_decisions_keep_responses_out_and_repeats_are_merged(project, lead):
    prompt, other, third = (make_prompt(project) for _ in range(3))
    write(project, prompt, "a", "Paris.")
    write(project, prompt, "b", "paris")
    write(project, prompt, "c", "")
    write(project, other, "a", "It is Rome.")
    withheld = write(project, other, "b", "It is Milan.")
    write(project, third, "a", "I'm sorry, but I can't help with that.")
    write(project, third, "b", "Oslo it is.")
    mark(project)
    ResponseDecision.objects.create(response=withheld, choice="withheld")
    Policy(batch="b")

    plan = planned(project, Policy(batch="b", drop=("empty", "refusal")))

    assert plan.items == {}
    assert plan.reason_counts == {"too_few": 3}
    assert plan.left_out == {"repeats": 1, "empty": 1, "withheld": 1, "refusal": 1}
    with pytest.raises(DomainError):
        build(project, drop=("empty", "refusal"))
    assert len(planned(project, Policy(batch="b", drop=(), merge="same")).items) == 2


def test_what_the_classifier_said_nothing_of_is_not_taken_for_harmless(project, settings, lead):
    settings.EGRESS_ORIGINS = Origins(["https://guard.example.com"])
    prompt = make_prompt(project)
    said, failed, unasked, left = (
        write(project, prompt, name, f"Answer {name}.") for name in "abcd"
    )
    guard = add_endpoint(
        project=project, name="guard", base_url="https://guard.example.com", model="guard-8b"
    )
    drop = {"drop": ("safety",)}
    assert planned(project, Policy(batch="b", k=4, **drop)).left_out == {}
    kept, _new = Marking.objects.get_or_create(project=project)
    kept.classifier, kept.endpoint = "endpoint", guard
    kept.save()
    for response, fault in ((said, ""), (failed, "no_verdict")):
        SafetyVerdict.objects.create(
            response=response, classifier=classifier_of(kept), fault=fault
        )
    SafetyVerdict.objects.create(response=unasked, classifier="another/guard-1")
    ResponseDecision.objects.create(response=left, choice="left", decided_by=lead)

    plan = planned(project, Policy(batch="b", k=4, **drop))

    assert plan.left_out == {"unclassified": 2}
    assert set(plan.items[prompt.pk]) == {said.pk, left.pk}
    assert planned(project, Policy(batch="b", k=4, drop=())).left_out == {}


def test_where_the_first_of_repeats_is_left_out_the_next_takes_its_place(project):
    prompt = make_prompt(project)
    first = write(project, prompt, "a", "Paris.")
    second = write(project, prompt, "b", "paris")
    third = write(project, prompt, "c", "Rome.")
    mark(project)
    ResponseDecision.objects.create(response=first, choice="withheld")

    plan = planned(project, Policy(batch="b"))

    assert {pk for some in plan.items.values() for pk in some} == {second.pk, third.pk}


def test_prompts_with_items_are_left_alone_unless_asked_for(project):
    make_item(project)

    assert planned(project, Policy(batch="b")).reason_counts == {"has_items": 1}
    assert len(planned(project, Policy(batch="b", only_fresh=False)).items) == 1


def test_new_against_old(project, world):
    build(project, rule="new_against_old", new=(world["new-3"],))

    for item in Item.objects.filter(project=project):
        assert world["new-3"] in item.responses.values_list("generator", flat=True)


def test_adaptive_asks_about_the_pair_that_is_known_least(project, world, monkeypatch):
    monkeypatch.setattr(pairing, "EXPLORE", 0)  # the ids, which differ, would draw who explores
    labeler = make_member(project)
    names = {"secret-model-1": "old-1", "secret-model-2": "old-2"}
    for number in range(12):
        item = make_item(project, (f"A{number}", f"B{number}"))
        make_judgment(item, labeler, [1, 2] if number % 2 else [2, 1])
    for before, after in names.items():
        Response.objects.filter(generator__name=before).update(generator=world[after])
    gains = gains_now(project)
    known = tuple(sorted((world["old-1"], world["old-2"])))
    assert gains[known] == min(
        gain for pair, gain in gains.items() if set(pair) <= {*world.values()}
    )

    plan = planned(project, Policy(batch="b", rule="adaptive", seed=2))

    assert plan.meetings[known] < max(plan.meetings.values())


def test_a_mask_and_warnings_come_with_the_item(project, lead):
    prompt = make_prompt(project)
    leak = write(project, prompt, "a", "I am ChatGPT. Behead nobody.")
    write(project, prompt, "b", "Oslo it is.")
    mark(project)
    ResponseDecision.objects.create(
        response=leak, choice="masked", masked_text=f"I am {MASK}. Behead nobody."
    )

    build(project, drop=("identity",))

    item = Item.objects.get(project=project)
    assert item.warnings == ["violence"]
    assert item.item_responses.get(response=leak).shown == f"I am {MASK}. Behead nobody."


def test_a_verdict_that_comes_late_warns_of_items_that_nobody_has_had(project, world):
    build(project)
    lent = lend_next_item(project=project, labeler=make_member(project)).item
    item = Item.objects.filter(batch="b").exclude(pk=lent.pk).first()
    imported = make_item(project)
    for one, harm in ((item, "hate"), (item, "other"), (lent, "hate"), (imported, "hate")):
        for response in one.responses.all():
            ResponseMark.objects.create(
                response=response, kind="safety", detail=harm, version="guard-8b/guard-1"
            )
    ResponseDecision.objects.create(response=item.responses.first(), choice="left")

    assert "labeling.warn_of_late_marks" in {
        one["task"] for one in app.conf.beat_schedule.values()
    }
    assert warn_of_late_marks() == 1

    told = {pk: list(harms) for pk, harms in Item.objects.values_list("pk", "warnings") if harms}
    assert told == {item.pk: ["hate"]}
    assert warn_of_late_marks() == 0


def test_a_batch_is_taken_back_until_somebody_begins(project, world, lead):
    batch = build(project)
    assert withdraw_batch(batch=batch, actor=lead) == 6
    assert set(Item.objects.values_list("state", flat=True)) == {"withdrawn"}
    with pytest.raises(Conflict):
        withdraw_batch(batch=batch, actor=lead)

    again = build(project, batch="again")
    lend_next_item(project=project, labeler=make_member(project))
    with pytest.raises(Conflict):
        withdraw_batch(batch=again, actor=lead)
    assert Item.objects.filter(batch="again", state="open").count() == 6


def test_who_builds_and_who_decides_wait_for_one_another(project, world, lead):
    """Each takes the project's row before it reads what the other writes."""
    response = Response.objects.filter(prompt__project=project).first()
    for work in (
        lambda: build(project),
        lambda: decide(project=project, responses=[response.pk], choice="withheld", actor=lead),
    ):
        with CaptureQueriesContext(connection) as captured:
            work()
        said = [query["sql"] for query in captured]
        locked = next(at for at, sql in enumerate(said) if "FOR UPDATE OF" in sql)
        assert "candidates_marking" in said[locked]
        decisions = [at for at, sql in enumerate(said) if "candidates_responsedecision" in sql]
        assert locked < decisions[0]


def test_a_name_is_used_once(project, world):
    build(project)

    with pytest.raises(Conflict):
        build(project, only_fresh=False)
    assert BuiltBatch.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch": " "},
        {"k": 1},
        {"k": 10},
        {"rule": "x"},
        {"rule": "new_against_old"},
        {"drop": ("x",)},
        {"merge": "x"},
        {"overlap": 0},
        {"most": 0},
        {"seed": -1},
    ],
)
def test_impossible_orders_are_refused(wrong):
    with pytest.raises(DomainError):
        Policy(**{"batch": "b", **wrong})


def test_a_foreign_generator_is_refused(project, world):
    other = Generator.objects.create(project=make_project(), name="x")

    with pytest.raises(DomainError):
        planned(project, Policy(batch="b", generators=(other.pk,)))


def order(**values):
    return {
        "batch": "web",
        "k": "2",
        "rule": "balanced",
        "drop": ["empty"],
        "merge": "equal",
        "takes_fewer": "on",
        "only_fresh": "on",
        "overlap": "2",
        "priority": "0",
        "seed": "7",
    } | values


def test_the_page_counts_builds_and_takes_back(client, project, world, lead):
    client.force_login(lead)
    address = reverse("quality:build-items", args=[project.slug])
    assert client.get(address).status_code == 200

    counted = client.post(address, order(do="count")).content.decode()
    assert "6 items would be built" in counted
    live = client.post(address, order(k="3"), headers={"HX-Request": "true"}).content.decode()
    assert "would be built" in live
    assert "<form" not in live
    assert not Item.objects.exists()

    assert client.post(address, order(do="build")).status_code == 302
    assert Item.objects.filter(batch="web", state="open").count() == 6
    assert "web" in client.get(address).content.decode()

    batch = BuiltBatch.objects.get()
    client.post(reverse("quality:withdraw-batch", args=[project.slug, batch.pk]))
    assert Item.objects.filter(batch="web", state="withdrawn").count() == 6


@pytest.mark.parametrize("wrong", [{"k": "12"}, {"rule": "new_against_old"}, {"batch": ""}])
def test_the_page_refuses_what_cannot_be(client, project, world, lead, wrong):
    client.force_login(lead)

    answer = client.post(
        reverse("quality:build-items", args=[project.slug]), order(do="build", **wrong)
    )

    assert answer.status_code == 422
    assert not Item.objects.exists()


def test_a_program_counts_and_builds(client, project, world, lead):
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {make_key(lead)}"}
    address = reverse("quality-api:build-items", args=[project.slug])
    said = {"batch": "api", "k": 3, "rule": "any"}

    dry = client.post(address, said | {"dry_run": True}, content_type="application/json", **bearer)
    built = client.post(address, said, content_type="application/json", **bearer)

    assert (dry.status_code, dry.json()["items"], dry.json()["batch"]) == (200, 6, None)
    assert (built.status_code, built.json()["items"]) == (201, 6)
    assert Item.objects.filter(batch="api", response_count=3, overlap=2).count() == 6


def test_the_command_counts_and_builds(project, world, capsys):
    call_command("build_items", project.slug, "cli", "--dry-run", "--most", "4")
    assert not Item.objects.exists()
    assert "2 prompts without: beyond_limit" in " ".join(capsys.readouterr().out.split())

    call_command(
        "build_items", project.slug, "cli", "--generator", "old-1", "--generator", "new-3"
    )

    items = Item.objects.filter(batch="cli")
    assert items.count() == 6
    assert set(items.values_list("responses__generator__name", flat=True)) == {"old-1", "new-3"}
