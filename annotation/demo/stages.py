"""The stages of a round, in order. Each is safe to enter again at any point: what it made is in
the round's row, written by the transaction that made it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_noop

from annotation.candidates.models import GenerationRun
from annotation.candidates.services import generate_responses, responses_of
from annotation.core.errors import DomainError
from annotation.core.jobs import Claim, Deferred
from annotation.core.models import Job
from annotation.datasets.models import Dataset
from annotation.datasets.policy import Policy
from annotation.datasets.services import freeze_dataset
from annotation.demo import evaluation, world
from annotation.demo.figures import labeler_figures
from annotation.demo.items import add_items, add_prompts, add_responses
from annotation.demo.labelers import FRESH, PANEL
from annotation.demo.panel import add_panel, judge_batch
from annotation.demo.services import BATCH as SEED_BATCH
from annotation.prompts.models import Generator, Prompt, Response
from annotation.quality.services import compute_agreement
from annotation.runs.models import ModelVersion, Round, TrainingRun
from annotation.runs.services import start_run

POLL_SECONDS = 1.0
SLICE_SECONDS = 3.0
SEED = 11


@dataclass(frozen=True)
class Outcome:
    """What a finished stage says: a sentence, and where to look."""

    detail: str
    link: str = ""


class Work:
    """A round in the hands of its job."""

    def __init__(self, claim: Claim, found: Round):
        self.claim = claim
        self.round = found
        self.project = found.project
        self.options = found.options
        self.made = found.result.setdefault("made", {})

    @property
    def seed(self) -> int:
        return SEED + self.round.number

    def batch(self, name: str) -> str:
        return f"round:{self.round.number}:{name}"

    def save(self) -> None:
        with transaction.atomic():
            self.claim.fence()
            self.round.save(update_fields=["stages", "result"])

    def once(self, key: str, make: Callable):
        """`make()` the first time, with its value kept in the same transaction; later the kept
        value. The value goes into JSON."""
        if key not in self.made:
            try:
                with transaction.atomic():
                    self.claim.fence()
                    self.made[key] = make()
                    self.round.save(update_fields=["result"])
            except BaseException:
                self.made.pop(key, None)
                raise
        return self.made[key]

    def wait_for(self, job: Job, what: str) -> None:
        """Come back when the job is done. DomainError with its cause when it failed."""
        row = next(row for row in self.round.stages if row["state"] == "running")
        if job.state == Job.State.DONE:
            if row.pop("job", None):
                self.save()
            return
        if not job.is_active:
            raise DomainError(f"{what} {job.state}: {job.error or 'somebody ended it'}")
        if row.get("job") != job.pk:
            row["job"] = job.pk
            self.save()
        raise Deferred(POLL_SECONDS)

    def prompts(self, key: str) -> list[Prompt]:
        found = Prompt.objects.in_bulk(self.made[key])
        return [found[pk] for pk in self.made[key]]

    def version(self, key: str) -> ModelVersion:
        return ModelVersion.objects.select_related("generator").get(run=self.made[key])


def link(name: str, *args) -> str:
    """An address where there is such a page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def write_demonstrations(work: Work) -> Outcome:
    """Replies of mixed quality by the shop's staff: the first policy imitates them."""
    count = work.options["demonstrations"]

    def make():
        have = Response.objects.filter(
            prompt__project=work.project, kind=Response.Kind.DEMONSTRATION
        ).count()
        if have >= count:
            return have
        demonstrations = world.sample_demonstrations(
            count - have, seed=f"{SEED} {have}", exclude=_messages(work.project)
        )
        staff, _ = Generator.objects.get_or_create(
            project=work.project, name="shop staff", revision="demo"
        )
        prompts = add_prompts(project=work.project, cases=[d.case for d in demonstrations])
        add_responses(
            prompts=prompts,
            texts=[[d.reply] for d in demonstrations],
            generator=staff,
            kind=Response.Kind.DEMONSTRATION,
        )
        return count

    written = work.once("demonstrations", make)
    work.claim.progress()
    policy = Policy(demonstrations="only", split=(0.94, 0.03, 0.03))
    dataset = _freeze(work, "sft_dataset", policy, "Demonstrations")
    return Outcome(f"{written:,} replies by the shop's staff, good and bad", _link_to(dataset))


def train_sft(work: Work) -> Outcome:
    run = _train(work, "sft_run", "sft", "sft_dataset", base=None)
    loss = run.report.get("metrics", {}).get("dev_loss")
    version = work.version("sft_run")
    said = f"{version.name} imitates them" + (f", dev loss {loss:.2f}" if loss else "")
    return Outcome(said, link("runs:show-run", work.project.slug, run.pk))


def sample_candidates(work: Work) -> Outcome:
    """Replies of the SFT policy to new customers."""
    options = work.options

    def make():
        cases = world.sample_cases(
            options["prompts"] + options["test_prompts"],
            seed=f"round {work.seed}",
            exclude=_messages(work.project),
        )
        prompts = [prompt.pk for prompt in add_prompts(project=work.project, cases=cases)]
        return {"train": prompts[: options["prompts"]], "test": prompts[options["prompts"] :]}

    chosen = work.once("prompts", make)
    work.made["train_prompts"], work.made["test_prompts"] = chosen["train"], chosen["test"]
    run = _generate(work, "candidates", "sft_run", "train_prompts", n=options["replies"])
    return Outcome(
        f"{responses_of(run).count():,} replies to {len(chosen['train'])} new customers"
    )


def build_items(work: Work) -> Outcome:
    run = GenerationRun.objects.get(pk=work.made["candidates"])

    def make():
        answers = {}
        for response in responses_of(run):
            answers.setdefault(response.prompt_id, []).append(response)
        prompts = work.prompts("train_prompts")
        return add_items(
            project=work.project,
            batch=work.batch("collect"),
            candidates=[(prompt, answers[prompt.pk]) for prompt in prompts],
            overlap=work.options["overlap"],
            priority=10,
        )

    count = work.once("items", make)
    return Outcome(
        f"{count} items, {work.options['overlap']} judgments each wanted; "
        "whoever judges now, judges these",
        link("labeling:list-items", work.project.slug),
    )


def judge_candidates(work: Work) -> Outcome:
    count = _judge(work, "collect", PANEL)
    people = _judgments(work, "collect").filter(labeler__kind="person").count()
    by_people = f", {people} of them by people" if people else ""
    return Outcome(
        f"{count:,} judgments{by_people}", link("labeling:list-items", work.project.slug)
    )


def measure_agreement(work: Work) -> Outcome:
    report = compute_agreement(project=work.project)
    alpha = report.result["agreement"]["pairs"]["alpha_ordinal"]
    figures = labeler_figures(evaluation.ballots(_judgments(work, "collect")))
    work.round.result["labelers"] = figures
    work.round.result["alpha"] = {key: alpha.get(key) for key in ("value", "ci", "reason")}
    suspicious = [row["labeler"] for row in figures if row["is_suspicious"]]
    said = "no figure" if alpha["value"] is None else f"{alpha['value']:.2f}"
    found = f"{', '.join(suspicious)} stand out" if suspicious else "nobody stands out"
    return Outcome(
        f"Krippendorff's alpha (ordinal) {said}; {found}",
        link("quality:show-agreement", work.project.slug),
    )


def freeze_comparisons(work: Work) -> Outcome:
    batches = [SEED_BATCH] + [f"round:{n}:collect" for n in range(1, work.round.number + 1)]
    policy = Policy(
        batches=tuple(batches), demonstrations="exclude", labels="majority", split=(0.8, 0.1, 0.1)
    )
    dataset = _freeze(work, "dataset", policy, f"Round {work.round.number}")
    kept = dataset.counts["comparisons"]["kept"]
    return Outcome(f"{kept:,} comparisons by majority", _link_to(dataset))


def train_reward(work: Work) -> Outcome:
    run = _train(work, "reward_run", "reward", "dataset", base="sft_run")
    accuracy = run.report.get("metrics", {}).get("accuracy") or {}
    if accuracy.get("value") is None:
        said = "trained; too few held-out comparisons for a figure"
    else:
        said = (
            f"accuracy {accuracy['value']:.2f} [{accuracy['low']:.2f}, {accuracy['high']:.2f}] "
            "on held-out comparisons"
        )
    return Outcome(said, link("runs:show-run", work.project.slug, run.pk))


def train_dpo(work: Work) -> Outcome:
    run = _train(work, "dpo_run", "dpo", "dataset", base="sft_run")
    version = work.version("dpo_run")
    return Outcome(
        f"{version.name}, tuned from {work.version('sft_run').name}",
        link("runs:show-run", work.project.slug, run.pk),
    )


def answer_tests(work: Work) -> Outcome:
    """Both policies answer customers that neither was trained on."""
    _generate(work, "before", "sft_run", "test_prompts", n=1, **work.options["answer"])
    _generate(work, "after", "dpo_run", "test_prompts", n=1, **work.options["answer"])
    return Outcome(f"two replies to each of {len(work.made['test_prompts'])} new customers")


def compare_policies(work: Work) -> Outcome:
    """The two replies as items, blind, judged by labelers who saw neither policy before."""

    def make():
        return add_items(
            project=work.project,
            batch=work.batch("compare"),
            candidates=evaluation.blind_pairs(
                work.prompts("test_prompts"), *_both(work), seed=work.seed
            ),
            overlap=work.options["overlap"],
            priority=20,
        )

    items = work.once("compare_items", make)
    count = _judge(work, "compare", FRESH)
    return Outcome(
        f"{count} blind judgments of {items} pairs by labelers who are new to both",
        link("labeling:list-items", work.project.slug),
    )


def sum_up(work: Work) -> Outcome:
    before, after = _both(work)
    work.round.result |= evaluation.evaluate(
        prompts=work.prompts("test_prompts"),
        before=before,
        after=after,
        tuned=work.version("dpo_run").generator,
        judgments=_judgments(work, "compare"),
        seed=work.seed,
    )
    rate = work.round.result["win_rate"]
    return Outcome(f"the tuned policy wins {evaluation.say_rate(rate)}")


@dataclass(frozen=True)
class Stage:
    key: str
    title: str
    work: Callable[[Work], Outcome]


STAGES = (
    Stage("demonstrations", gettext_noop("Demonstrations"), write_demonstrations),
    Stage("sft", gettext_noop("Supervised tuning"), train_sft),
    Stage("candidates", gettext_noop("Sample candidates"), sample_candidates),
    Stage("items", gettext_noop("Build items"), build_items),
    Stage("judge", gettext_noop("Labelers rank"), judge_candidates),
    Stage("agreement", gettext_noop("Agreement"), measure_agreement),
    Stage("dataset", gettext_noop("Freeze a dataset"), freeze_comparisons),
    Stage("reward", gettext_noop("Reward model"), train_reward),
    Stage("dpo", gettext_noop("DPO"), train_dpo),
    Stage("answers", gettext_noop("Both policies answer"), answer_tests),
    Stage("compare", gettext_noop("Blind comparison"), compare_policies),
    Stage("result", gettext_noop("Win rate"), sum_up),
)


def _messages(project) -> set[str]:
    return {
        messages[-1]["content"]
        for messages in Prompt.objects.filter(project=project).values_list("messages", flat=True)
    }


def _freeze(work: Work, key: str, policy: Policy, name: str) -> Dataset:
    # Outside of a transaction: freezing reads in one of its own, and twice is once.
    if key not in work.made:
        frozen = freeze_dataset(
            project=work.project, policy=policy, name=name, actor=work.round.created_by
        )
        work.once(key, lambda: frozen.dataset.pk)
    return Dataset.objects.get(pk=work.made[key])


def _link_to(dataset: Dataset) -> str:
    return link("datasets:show-dataset", dataset.project.slug, dataset.hash)


def _train(work: Work, key: str, kind: str, dataset: str, *, base: str | None) -> TrainingRun:
    def make():
        return start_run(
            project=work.project,
            kind=kind,
            dataset=Dataset.objects.get(pk=work.made[dataset]),
            actor=work.round.created_by,
            base=work.version(base) if base else None,
            name=f"{kind}-round-{work.round.number}",
            seed=work.seed,
            options=work.options[kind],
        ).pk

    run = TrainingRun.objects.select_related("job").get(pk=work.once(key, make))
    work.wait_for(run.job, run.name)
    return run


def _generate(
    work: Work, key: str, policy: str, prompts: str, *, n: int, **params
) -> GenerationRun:
    sampling = {**work.options["generate"], **params}

    def make():
        return generate_responses(
            project=work.project,
            generator=work.version(policy).generator,
            prompts=work.prompts(prompts),
            n=n,
            actor=work.round.created_by,
            # Each order its own seed: with the same one two policies that hardly differ would
            # write the same replies.
            seed=work.seed + 1_000 * ("candidates", "before", "after").index(key),
            target=work.batch(key),
            **sampling,
        ).pk

    run = GenerationRun.objects.select_related("job").get(pk=work.once(key, make))
    work.wait_for(run.job, "Sampling replies")
    return run


def _judge(work: Work, name: str, personas) -> int:
    """Let the personas judge for a few seconds; come back until nothing is left for them."""
    batch = work.batch(name)
    work.once(f"panel:{name}", lambda: add_panel(project=work.project, personas=personas))
    made = judge_batch(
        project=work.project,
        batch=batch,
        personas=personas,
        seed=work.seed,
        seconds=SLICE_SECONDS,
    )
    count = _judgments(work, name).count()
    if made:
        wanted = work.project.items.filter(batch=batch).count() * work.options["overlap"]
        row = next(row for row in work.round.stages if row["state"] == "running")
        row["detail"] = f"{count:,} of {wanted:,} judgments"
        work.save()
        raise Deferred(0)
    return count


def _judgments(work: Work, name: str):
    return work.project.judgments.current().filter(item__batch=work.batch(name))


def _both(work: Work) -> tuple[dict, dict]:
    """{prompt id: response} of the SFT policy and of the tuned one."""
    return tuple(
        {
            response.prompt_id: response
            for response in responses_of(GenerationRun.objects.get(pk=work.made[key]))
        }
        for key in ("before", "after")
    )
