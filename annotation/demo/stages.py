"""The stages of a round, in order. Each is safe to enter again at any point: what it made is in
the round's row, written by the transaction that made it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop as _

from annotation.candidates.models import GenerationRun
from annotation.candidates.services import generate_responses, responses_of
from annotation.core.jobs import Deferred
from annotation.datasets.models import Dataset
from annotation.datasets.policy import Policy
from annotation.datasets.services import freeze_dataset
from annotation.demo import evaluation, world
from annotation.demo.figures import labeler_figures
from annotation.demo.items import add_items, add_prompts, add_responses
from annotation.demo.labelers import FRESH, PANEL
from annotation.demo.panel import add_panel, judge_batch
from annotation.demo.services import BATCH as SEED_BATCH
from annotation.demo.work import Outcome, Work, link, sentence
from annotation.prompts.models import Generator, Prompt, Response
from annotation.quality.services import compute_report
from annotation.runs.evaluation.preparing import make_pairs
from annotation.runs.evaluation.services import create_evaluation
from annotation.runs.models import Evaluation, ModelVersion, TrainingRun
from annotation.runs.services import start_run

SLICE_SECONDS = 3.0


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
            count - have, seed=f"{work.options['seed']} {have}", exclude=_messages(work.project)
        )
        staff, _is_new = Generator.objects.get_or_create(
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
    return Outcome(
        _("%(count)s replies by the shop's staff, good and bad"),
        _link_to(dataset),
        {"count": written},
    )


def train_sft(work: Work) -> Outcome:
    run = _train(work, "sft_run", "sft", "sft_dataset", base=None)
    loss = run.report.get("metrics", {}).get("dev_loss")
    version = work.version("sft_run")
    where = link("runs:show-run", work.project.slug, run.pk)
    if not loss:
        return Outcome(_("%(policy)s imitates them"), where, {"policy": version.name})
    return Outcome(
        _("%(policy)s imitates them, dev loss %(loss)s"),
        where,
        {"policy": version.name, "loss": float(loss)},
    )


def sample_candidates(work: Work) -> Outcome:
    """Replies of the SFT policy to new customers."""
    options = work.options
    chosen = _customers(work, options["prompts"], options["test_prompts"])
    policy = work.version("sft_run")
    run = _generate(work, "candidates", policy, "train_prompts", n=options["replies"])
    return Outcome(
        _("%(replies)s replies to %(customers)s new customers"),
        values={"replies": responses_of(run).count(), "customers": len(chosen["train"])},
    )


def sample_customers(work: Work) -> Outcome:
    """Customers for the comparison alone, where an earlier round made all the rest."""
    chosen = _customers(work, 0, work.options["test_prompts"])
    return Outcome(
        _("%(customers)s new customers; all else is from round %(round)s"),
        values={"customers": len(chosen["test"]), "round": work.options["again"]},
    )


def _customers(work: Work, train: int, test: int) -> dict[str, list[int]]:
    """New prompts, so many to train on and so many that no trainer sees: their ids."""

    def make():
        cases = world.sample_cases(
            train + test, seed=f"round {work.seed}", exclude=_messages(work.project)
        )
        prompts = [prompt.pk for prompt in add_prompts(project=work.project, cases=cases)]
        return {"train": prompts[:train], "test": prompts[train:]}

    chosen = work.once("prompts", make)
    work.made["train_prompts"], work.made["test_prompts"] = chosen["train"], chosen["test"]
    return chosen


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
    _tie(work)
    return Outcome(
        _("%(items)s items, %(overlap)s judgments each wanted; whoever judges now, judges these"),
        link("labeling:list-items", work.project.slug),
        {"items": count, "overlap": work.options["overlap"]},
    )


def judge_candidates(work: Work) -> Outcome:
    count = _judge(work, "collect", PANEL)
    people = _judgments(work, "collect").filter(labeler__kind="person").count()
    where = link("labeling:list-items", work.project.slug)
    if not people:
        return Outcome(_("%(count)s judgments"), where, {"count": count})
    text = _("%(count)s judgments, %(people)s of them by people")
    return Outcome(text, where, {"count": count, "people": people})


def measure_agreement(work: Work) -> Outcome:
    report = compute_report(project=work.project)
    alpha = report.result["agreement"]["pairs"]["alpha_ordinal"]
    figures = labeler_figures(evaluation.ballots(_judgments(work, "collect")))
    work.round.result["labelers"] = figures
    work.round.result["alpha"] = {key: alpha.get(key) for key in ("value", "ci", "reason")}
    suspicious = [row["labeler"] for row in figures if row["is_suspicious"]]
    text = _("Krippendorff's alpha (ordinal) %(alpha)s; nobody stands out")
    if suspicious:
        text = _("Krippendorff's alpha (ordinal) %(alpha)s; %(names)s stand out")
    return Outcome(
        text,
        link("quality:show-agreement", work.project.slug),
        {"alpha": alpha["value"], "names": ", ".join(suspicious)},
    )


def freeze_comparisons(work: Work) -> Outcome:
    asked = [SEED_BATCH] + [f"round:{n}:collect" for n in range(1, work.round.number + 1)]
    # A round that was cancelled, or that only tuned, has no items of its own.
    there = set(work.project.items.filter(batch__in=asked).values_list("batch", flat=True))
    batches = [batch for batch in asked if batch in there]
    policy = Policy(
        batches=tuple(batches), demonstrations="exclude", labels="majority", split=(0.8, 0.1, 0.1)
    )
    dataset = _freeze(work, "dataset", policy, f"Round {work.round.number}")
    _tie(work)
    kept = dataset.counts["comparisons"]["kept"]
    return Outcome(_("%(count)s comparisons by majority"), _link_to(dataset), {"count": kept})


def train_reward(work: Work) -> Outcome:
    run = _train(work, "reward_run", "reward", "dataset", base="sft_run")
    accuracy = run.report.get("metrics", {}).get("accuracy") or {}
    where = link("runs:show-run", work.project.slug, run.pk)
    if accuracy.get("value") is None:
        return Outcome(_("trained; too few held-out comparisons for a figure"), where)
    return Outcome(
        _("accuracy %(value)s [%(low)s, %(high)s] on held-out comparisons"),
        where,
        {key: float(accuracy[key]) for key in ("value", "low", "high")},
    )


def train_dpo(work: Work) -> Outcome:
    return _say_tuned(work, _train(work, "dpo_run", "dpo", "dataset", base="sft_run"))


def train_rl(work: Work) -> Outcome:
    run = _train(work, "rl_run", "rl", "dataset", base="sft_run", reward="reward_run")
    return _say_tuned(work, run)


def _say_tuned(work: Work, run: TrainingRun) -> Outcome:
    return Outcome(
        _("%(policy)s, tuned from %(base)s"),
        link("runs:show-run", work.project.slug, run.pk),
        {"policy": _tuned(work).name, "base": work.version("sft_run").name},
    )


def _tuned(work: Work) -> ModelVersion:
    return work.version("dpo_run" if work.options.get("method", "dpo") == "dpo" else "rl_run")


def answer_tests(work: Work) -> Outcome:
    """Both policies answer customers that neither was trained on."""
    for key, version in (("before", work.version("sft_run")), ("after", _tuned(work))):
        _generate(work, key, version, "test_prompts", n=1, **work.options["answer"])
    return Outcome(
        _("two replies to each of %(customers)s new customers"),
        values={"customers": len(work.made["test_prompts"])},
    )


def compare_policies(work: Work) -> Outcome:
    """The two replies as items, blind, judged by labelers who saw neither policy before."""

    def make():
        before, after = _both(work)
        found = create_evaluation(
            kind=Evaluation.Kind.PEOPLE,
            new=_tuned(work),
            old=work.version("sft_run").generator,
            prompts=work.prompts("test_prompts"),
            options={
                "n": 1,
                "overlap": work.options["overlap"],
                "priority": 20,
                "seed": work.seed,
                "sampling": work.options["answer"],
                "batch": work.batch("compare"),
            },
            actor=work.round.created_by,
        )
        new, old = ({pk: [one] for pk, one in side.items()} for side in (after, before))
        pairs = make_pairs(found, new, old)
        return sum(pair.item is not None for pair in pairs)

    _tie(work)
    items = work.once("compare_items", make)
    count = _judge(work, "compare", FRESH)
    return Outcome(
        _("%(count)s blind judgments of %(pairs)s pairs by labelers who are new to both"),
        _link_to_evaluation(work),
        {"count": count, "pairs": items},
    )


def _evaluation(work: Work) -> Evaluation:
    """What compare_policies made; somebody may have ordered others of this policy since."""
    return _tuned(work).evaluations.filter(kind=Evaluation.Kind.PEOPLE).order_by("pk")[0]


def sum_up(work: Work) -> Outcome:
    before, after = _both(work)
    work.round.result |= evaluation.evaluate(
        prompts=work.prompts("test_prompts"),
        before=before,
        after=after,
        tuned=_tuned(work).generator,
        judgments=_judgments(work, "compare"),
        seed=_evaluation(work).pk,  # as its own page draws, which tells the same interval
    )
    rate = work.round.result["win_rate"]
    return Outcome(_("the tuned policy wins %(rate)s"), _link_to_evaluation(work), {"rate": rate})


@dataclass(frozen=True)
class Stage:
    key: str
    title: str
    work: Callable[[Work], Outcome]


STAGES = (
    Stage("demonstrations", _("Demonstrations"), write_demonstrations),
    Stage("sft", _("Supervised tuning"), train_sft),
    Stage("candidates", _("Sample candidates"), sample_candidates),
    Stage("items", _("Build items"), build_items),
    Stage("judge", _("Labelers rank"), judge_candidates),
    Stage("agreement", _("Agreement"), measure_agreement),
    Stage("dataset", _("Freeze a dataset"), freeze_comparisons),
    Stage("reward", _("Reward model"), train_reward),
    Stage("dpo", _("DPO"), train_dpo),
    Stage("answers", _("Both policies answer"), answer_tests),
    Stage("compare", _("Blind comparison"), compare_policies),
    Stage("result", _("Win rate"), sum_up),
)


# What a round of the same again needs of the one before: a policy to start from, the comparisons,
# and the model of the labelers' taste.
TAKEN = ("sft_run", "dataset", "reward_run")
AGAIN = (
    Stage("customers", _("New customers"), sample_customers),
    *STAGES[[stage.key for stage in STAGES].index("dpo") :],
)


def stages_for(options: Mapping[str, Any]) -> tuple[Stage, ...]:
    """The stages of a round with these options."""
    method = options.get("method", "dpo")
    stages = AGAIN if options.get("again") else STAGES
    if method == "dpo":
        return stages
    tune = Stage("rl", method.upper(), train_rl)
    return tuple(tune if stage.key == "dpo" else stage for stage in stages)


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


def _tie(work: Work) -> None:
    """What the page of the round as a round reads: the job knows it by `made`."""
    found = work.round
    found.batches = [work.batch("collect")] if "items" in work.made else []
    found.dataset_id = work.made.get("dataset")
    found.base = work.version("sft_run")
    found.save(update_fields=["batches", "dataset", "base"])


def _link_to(dataset: Dataset) -> str:
    return link("datasets:show-dataset", dataset.project.slug, dataset.hash)


def _link_to_evaluation(work: Work) -> str:
    """Where the decision is made, too."""
    found = Evaluation.objects.get(project=work.project, options__batch=work.batch("compare"))
    return link("runs:show-evaluation", work.project.slug, found.pk)


def _train(
    work: Work, key: str, kind: str, dataset: str, *, base: str | None, reward: str | None = None
) -> TrainingRun:
    def make():
        return start_run(
            project=work.project,
            kind=kind,
            dataset=Dataset.objects.get(pk=work.made[dataset]),
            actor=work.round.created_by,
            base=work.version(base) if base else None,
            reward=work.version(reward) if reward else None,
            name=f"{kind}-round-{work.round.number}",
            seed=work.seed,
            options=work.options[kind],
        ).pk

    run = TrainingRun.objects.select_related("job").get(pk=work.once(key, make))
    work.wait_for(run.job, run.name)
    return run


def _generate(
    work: Work, key: str, policy: ModelVersion, prompts: str, *, n: int, **params
) -> GenerationRun:
    sampling = {**work.options["generate"], **params}

    def make():
        return generate_responses(
            project=work.project,
            generator=policy.generator,
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
        row |= sentence(_("%(done)s of %(wanted)s judgments"), done=count, wanted=wanted)
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
