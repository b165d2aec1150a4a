"""New against old: held-out prompts, pairs, blind items, rewards, ending early, deciding."""

import json
import re

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from annotation.candidates.models import GenerationRun
from annotation.core import jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.hashing import sha256_of_text
from annotation.core.models import Event, Job
from annotation.labeling.models import Item, Judgment
from annotation.labeling.queue import lend_next_item
from annotation.labeling.responses.deciding import decide
from annotation.labeling.services import submit_judgment
from annotation.labeling.verdict import verdict_from_choices
from annotation.prompts.models import Generator, Response
from annotation.runs.evaluation import preparing, presentation, reading, services
from annotation.runs.models import Evaluation, EvaluationPair, ModelVersion
from tests.factories import make_item, make_member, make_prompt

pytestmark = pytest.mark.django_db


class Field:
    """A project with a policy, an old generator and prompts that both have answered."""

    def __init__(self, world, count=6):
        self.world, self.project = world, world.project
        self.new = world.make_version("sft", "new policy")
        self.old = Generator.objects.create(project=self.project, name="old one")
        self.prompts = [make_prompt(self.project, f"Question {n}?") for n in range(count)]
        for n, prompt in enumerate(self.prompts):
            self.respond(prompt, self.new.generator, f"new {n}", **services.SAMPLING)
            self.respond(prompt, self.old, f"old answer {n}")

    def respond(self, prompt, generator, text, **params):
        return Response.objects.create(
            prompt=prompt,
            text=text,
            text_sha256=sha256_of_text(text),
            generator=generator,
            params=params,
        )

    def order(self, **more):
        asked = {"new": self.new, "old": self.old, "overlap": 1, "actor": self.world.engineer}
        return services.order_evaluation(project=self.project, **{**asked, **more})

    def prepare(self, **more):
        return work(self.order(**more))

    def judge(self, evaluation, labeler, *, prefers, limit=None):
        """Let a labeler judge what is lent: who wrote it is looked up by the test alone."""
        made = 0
        while limit is None or made < limit:
            assignment = lend_next_item(project=self.project, labeler=labeler)
            if assignment is None:
                return made
            places = assignment.item.item_responses.select_related("response__generator")
            wins = next(row.position for row in places if prefers(row.response.generator_id))
            verdict = verdict_from_choices({wins: 1, 3 - wins: 2}, response_count=2)
            submit_judgment(
                assignment_id=assignment.pk,
                labeler=labeler,
                verdict=verdict,
                key=assignment.key,
                seconds=5,
                origin=Judgment.Origin.DESK,
                lend_next=False,
            )
            made += 1
        return made

    def likes_new(self, generator):
        return generator == self.new.generator_id


def work(evaluation):
    """What workers do until nothing is left to do."""
    for _ in range(12):
        active = Job.objects.active().filter(kind__in=("evaluate", "generate", "score"))
        for job in active.order_by("-pk"):
            Job.objects.filter(pk=job.pk).update(not_before=job.created_at)
            jobs.run(job.pk)
        evaluation = Evaluation.objects.select_related("job").get(pk=evaluation.pk)
        if not evaluation.job.is_active:
            break
    return evaluation


@pytest.fixture
def field(world):
    return Field(world)


@pytest.fixture
def site(client, world):
    client.force_login(world.engineer)
    return client


def url(name, world, *args):
    return reverse(f"runs:{name}", args=[world.project.slug, *args])


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_stored_responses_become_blind_items_before_other_work(field):
    make_item(field.project, external_id="other")
    evaluation = field.prepare()

    assert evaluation.job.state == "done", evaluation.job.error
    assert not GenerationRun.objects.exists(), "everything was stored"
    pairs = list(evaluation.pairs.select_related("item"))
    assert len(pairs) == 6
    assert {pair.item.batch for pair in pairs} == {evaluation.batch}
    labeler = make_member(field.project)
    lent = lend_next_item(project=field.project, labeler=labeler)
    assert lent.item_id in {pair.item_id for pair in pairs}


def test_places_do_not_tell_which_is_which(field):
    """Where the new one stands in an item is drawn, and the order shown is drawn for each loan."""
    for n in range(6, 40):
        prompt = make_prompt(field.project, f"Question {n}?")
        field.respond(prompt, field.new.generator, f"new {n}", **services.SAMPLING)
        field.respond(prompt, field.old, f"old answer {n}")
    evaluation = field.prepare()
    assert field.judge(evaluation, make_member(field.project), prefers=field.likes_new) == 40
    found = reading.read(evaluation)
    # The dice are seeded by ids: a fair coin is outside of this once in 50 million times.
    assert 3 <= found["shown"]["new_first"] <= 37
    stands_first = sum(
        pair.item.item_responses.get(response=pair.new).position == 1
        for pair in evaluation.pairs.select_related("item")
    )
    assert 3 <= stands_first <= 37


def test_names_reach_no_labeler(field, client):
    field.prepare()
    client.force_login(make_member(field.project))
    page = text(client.get(reverse("labeling:judge", args=[field.project.slug])))
    assert "old answer" in page
    assert "old one" not in page
    assert "new policy" not in page
    assert "evaluation" not in page.lower()


def test_what_either_side_was_trained_on_is_never_asked(field):
    folder = field.world.dataset.folder
    rows = [{"prompt": field.prompts[0].messages}, {"prompt": shouted(field.prompts[1])}]
    (folder / "preferences.train.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    evaluation = field.prepare()
    asked = set(evaluation.prompts.values_list("pk", flat=True))
    assert asked == {prompt.pk for prompt in field.prompts[2:]}


def shouted(prompt):
    return [{**one, "content": f"  {one['content'].upper()} "} for one in prompt.messages]


def test_what_its_base_was_trained_on_is_not_asked_either(field):
    earlier = field.world.make_dataset("cd")
    rows = json.dumps({"prompt": field.prompts[0].messages}) + "\n"
    (earlier.folder / "sft.train.jsonl").write_text(rows)
    base = field.world.make_version("sft", "base", dataset=earlier)
    field.new.run.base = base
    field.new.run.save()
    evaluation = field.prepare()
    assert field.prompts[0].pk not in evaluation.prompts.values_list("pk", flat=True)
    assert evaluation.prompts.count() == 5


def test_when_every_prompt_was_seen_it_says_so_in_numbers(field):
    rows = "".join(json.dumps({"prompt": p.messages}) + "\n" for p in field.prompts)
    (field.world.dataset.folder / "sft.train.jsonl").write_text(rows)
    with pytest.raises(DomainError, match="of 6, 6 are in the training data"):
        field.order()
    assert not Evaluation.objects.exists()


def test_what_is_not_stored_is_written_by_the_model(field):
    Response.objects.filter(generator=field.new.generator).delete()
    (field.world.data_dir / "generations" / "act").write_text("well")
    evaluation = field.prepare(max_new_tokens=32)
    assert evaluation.job.state == "done", evaluation.job.error
    assert evaluation.new_run.params["max_new_tokens"] == 32
    assert evaluation.old_run is None
    assert evaluation.pairs.filter(new__generated__generation_run=evaluation.new_run).count() == 6


def test_a_response_sampled_otherwise_is_not_used_again(field):
    evaluation = field.prepare(temperature=0.1)
    assert evaluation.new_run is not None
    assert set(evaluation.pairs.values_list("new__params__temperature", flat=True)) == {0.1}


def test_equal_texts_are_shown_to_nobody_and_are_even(field):
    Response.objects.filter(generator=field.old).update(
        text="same", text_sha256=sha256_of_text("same")
    )
    first = field.prompts[0]
    Response.objects.filter(generator=field.new.generator, prompt=first).update(
        text="same", text_sha256=sha256_of_text("same")
    )
    evaluation = field.prepare()
    assert evaluation.pairs.get(prompt=first).item is None
    found = reading.read(evaluation)
    assert (found["complete"], found["ties"], found["equal_texts"]) == (1, 1, 1)


def test_a_prompt_counts_when_all_its_judgments_are_in(field):
    evaluation = field.prepare(overlap=3)
    people = [make_member(field.project) for _ in range(3)]
    for labeler in people[:2]:
        field.judge(evaluation, labeler, prefers=field.likes_new)
    assert reading.read(evaluation)["complete"] == 0
    field.judge(evaluation, people[2], prefers=lambda g: not field.likes_new(g), limit=4)
    found = reading.read(evaluation)
    assert (found["complete"], found["wins"], found["judgments"]) == (4, 4, 16)
    assert found["win_rate"]["value"] == 1.0


def test_more_than_one_pair_of_a_prompt_is_judged_apart(field):
    for n, prompt in enumerate(field.prompts):
        field.respond(prompt, field.new.generator, f"new, again {n}", **services.SAMPLING)
        field.respond(prompt, field.old, f"old answer, again {n}")
    evaluation = field.prepare(n=2)
    assert evaluation.pairs.count() == 12
    assert Item.objects.filter(evaluation_pair__evaluation=evaluation).count() == 12
    field.judge(evaluation, make_member(field.project), prefers=field.likes_new)
    found = reading.read(evaluation)
    assert (found["prompts"], found["complete"], found["wins"]) == (6, 6, 12)


def test_items_say_what_their_prompts_are_about(field):
    for n, prompt in enumerate(field.prompts):
        make_item(
            field.project,
            prompt=prompt,
            metadata={"language": "de" if n % 2 else "en"},
            state=Item.State.WITHDRAWN,
        )
    evaluation = field.prepare()
    field.judge(evaluation, make_member(field.project), prefers=field.likes_new)
    [group] = reading.read(evaluation)["slices"]
    assert [(row["value"], row["rate"]["n"]) for row in group["rows"]] == [("de", 3), ("en", 3)]


def test_a_reward_model_judges_by_its_rewards(field):
    """The stand-in's reward is the length: the old answers are longer."""
    judge = field.world.make_version("reward", "taste")
    Response.objects.filter(generator=field.new.generator, prompt=field.prompts[0]).update(
        text="long", text_sha256=sha256_of_text("long")
    )
    evaluation = field.prepare(kind="reward", judge=judge)
    assert evaluation.job.state == "done", evaluation.job.error
    assert not Item.objects.exists()
    found = reading.read(evaluation)
    assert (found["complete"], found["losses"], found["unread"]) == (5, 5, 1)
    assert presentation.state_of(evaluation, found).key == "done", "what it cannot read stays so"
    assert found["mean_gain"] < 0


def test_rewards_are_asked_for_once(field):
    judge = field.world.make_version("reward", "taste")
    field.prepare(kind="reward", judge=judge)
    again = field.prepare(kind="reward", judge=judge)
    assert again.job.state == "done"
    assert Job.objects.filter(kind="score").count() == 1


@pytest.mark.parametrize(("act", "said"), [("fail", "out of memory"), ("bad score", "11 scores")])
def test_a_scoring_that_fails_is_told_and_tried_again(field, act, said):
    judge = field.world.make_version("reward", "taste")
    field.world.act(act)
    evaluation = field.prepare(kind="reward", judge=judge)
    assert evaluation.job.state == "failed"
    assert said in evaluation.job.error
    field.world.act("well")
    services.retry_evaluation(evaluation=evaluation, actor=field.world.engineer)
    assert work(evaluation).job.state == "done"


def test_to_end_early_takes_the_rest_out_of_the_queue(field):
    evaluation = field.prepare()
    labeler = make_member(field.project)
    field.judge(evaluation, labeler, prefers=field.likes_new, limit=2)
    services.stop_evaluation(evaluation=evaluation, actor=field.world.engineer)
    assert lend_next_item(project=field.project, labeler=labeler) is None
    assert reading.read(evaluation)["complete"] == 2
    with pytest.raises(Conflict):
        services.stop_evaluation(evaluation=evaluation)


@pytest.mark.parametrize("is_ended", [True, False])
def test_an_ended_evaluation_keeps_the_last_word_over_decisions(field, is_ended):
    evaluation = field.prepare()
    actor = field.world.engineer
    pair = evaluation.pairs.order_by("pk").first()
    said = {"project": field.project, "responses": [pair.new_id], "actor": actor}
    _count, changed = decide(choice="withheld", **said)
    assert changed.withdrawn == 1
    if is_ended:
        services.stop_evaluation(evaluation=evaluation, actor=actor)

    _count, changed = decide(choice="left", **said)

    assert changed.reopened == (0 if is_ended else 1)
    assert Item.objects.get(pk=pair.item_id).state == ("withdrawn" if is_ended else "open")


def test_what_is_ended_while_it_is_prepared_makes_no_items(field, monkeypatch):
    """Somebody ends it after the job looked whether to stop, and before it makes the pairs."""
    evaluation, calls = field.order(), []

    def ended_meanwhile(*args, real=preparing.responses_of):
        calls.append(args)
        if len(calls) == 2:
            services.stop_evaluation(evaluation=evaluation, actor=field.world.engineer)
        return real(*args)

    monkeypatch.setattr(preparing, "responses_of", ended_meanwhile)
    assert work(evaluation).job.state == "cancelled"
    assert not Item.objects.exists()
    assert not EvaluationPair.objects.exists()


def test_the_same_order_twice_is_one_evaluation(field):
    first, second = field.order(), field.order()
    assert first == second
    assert Evaluation.objects.count() == 1
    assert Event.objects.filter(kind="evaluation.started").count() == 1
    assert field.order(n=1, seed=12) != first
    work(first)
    assert field.order() != first, "what is prepared can be ordered once more"


def test_to_promote_moves_the_version_and_needs_a_reason(field):
    evaluation = field.prepare()
    with pytest.raises(DomainError, match="Say why"):
        services.decide(
            evaluation=evaluation, decision="promote", reason=" ", actor=field.world.engineer
        )
    services.decide(
        evaluation=evaluation, decision="promote", reason="It wins.", actor=field.world.engineer
    )
    assert ModelVersion.objects.get(pk=field.new.pk).stage == "promoted"
    assert Event.objects.get(kind="evaluation.decided").payload["decision"] == "promote"


def test_the_database_wants_a_reason_and_two_responses(field):
    evaluation = field.prepare()
    with pytest.raises(IntegrityError), transaction.atomic():
        Evaluation.objects.filter(pk=evaluation.pk).update(decision="keep")
    pair = evaluation.pairs.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        EvaluationPair.objects.filter(pk=pair.pk).update(old=pair.new_id)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"old": "nobody"}, "no generator “nobody”"),
        ({"new": None}, "Choose the new"),
        ({"old": "new policy"}, "the same model"),
        ({"kind": "reward"}, "Choose the reward model"),
        ({"judge": "new policy"}, "People judge without"),
        ({"count": 0}, "from 1 to 2000"),
        ({"overlap": 51}, "from 1 to 50"),
        ({"temperature": "hot"}, "temperature"),
    ],
)
def test_an_order_with_a_mistake_makes_nothing(field, more, said):
    with pytest.raises(DomainError, match=said):
        field.order(**more)
    assert not Evaluation.objects.exists()
    assert not Job.objects.filter(kind="evaluate").exists()


def test_the_form_orders_and_the_page_tells_live(site, field):
    order = {
        "kind": "people",
        "new": field.new.pk,
        "old": field.old.pk,
        "count": 6,
        "n": 1,
        "overlap": 1,
        "temperature": services.SAMPLING["temperature"],
        "max_new_tokens": services.SAMPLING["max_new_tokens"],
        "seed": 11,
    }
    form = site.get(url("start-evaluation", field.world)).context["form"]
    assert form["old"].initial.pk != form["new"].field.queryset.first().generator_id
    assert site.post(url("start-evaluation", field.world), order | {"count": 0}).status_code == 422
    assert site.post(url("start-evaluation", field.world), order).status_code == 302
    evaluation = Evaluation.objects.get()
    page = url("show-evaluation", field.world, evaluation.pk)
    assert "Being prepared" in text(site.get(page))

    evaluation = work(evaluation)
    said = text(site.get(page))
    assert "No prompt is complete yet" in said
    assert 'hx-trigger="every 4s"' in said

    field.judge(evaluation, make_member(field.project), prefers=field.likes_new)
    said = text(site.get(page))
    assert "100 %" in said
    assert "hx-trigger" not in said
    assert "too close to tell" in said, "6 wins of 6 are not enough to stop by"

    assert site.post(url("decide-evaluation", field.world, evaluation.pk), {}).status_code == 422
    answer = {"decision": "keep", "reason": "Too few <b>prompts</b>."}
    site.post(url("decide-evaluation", field.world, evaluation.pk), answer)
    said = text(site.get(page))
    assert "Keep the old one" in said
    assert "Too few &lt;b&gt;prompts" in said
    assert "new policy against old one" in text(site.get(url("list-evaluations", field.world)))


def test_api_and_command_say_the_same(site, field, call):
    order = {"project": field.project.slug, "new": "new policy", "old": "old one", "overlap": 1}
    made = site.post("/api/evaluations/", order, content_type="application/json")
    assert made.status_code == 201, made.content
    evaluation = work(Evaluation.objects.get(pk=made.json()["id"]))
    field.judge(evaluation, make_member(field.project), prefers=field.likes_new)
    said = site.get(f"/api/evaluations/{evaluation.pk}/").json()
    assert (said["state"], said["figures"]["wins"]) == ("done", 6)
    printed = json.loads(call("evaluate", field.project.slug, "--json"))
    assert printed["figures"] == said["figures"]
    assert "6 of 6 prompts" in call("evaluate", field.project.slug)


@pytest.fixture
def call():
    import io

    from django.core.management import call_command

    def run(*args):
        out = io.StringIO()
        call_command(*args, stdout=out)
        return out.getvalue()

    return run
