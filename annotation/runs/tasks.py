"""The background side of training. No time limit of Celery's: the supervisor watches progress."""

from datetime import timedelta

from django.utils.translation import gettext_lazy

from annotation.celery import app
from annotation.core.jobs import Claim, job_kind
from annotation.core.locks import only_one

KIND = "train"
SCORE_KIND = "score"
EVALUATE_KIND = "evaluate"
CHECK_KIND = "accuracy"
PUSH_KIND = "push_model"
OFFLOAD_KIND = "offload_model"
FETCH_KIND = "fetch_model"
JUDGE_KIND = "reward-judge"
MEASURE_KIND = "measure"
HARNESS_KIND = "lm_eval"
REMOVE_COPIES_KIND = "remove_checkpoints"


@job_kind(
    KIND,
    title=gettext_lazy("Training"),
    queue="train",
    lease=timedelta(seconds=60),
    max_attempts=3,
    time_limit=None,
    is_prioritised=True,
)
def train(claim: Claim):
    from annotation.runs import attempts  # a task is a leaf: services import us

    attempts.supervise_run(claim)


@job_kind(
    SCORE_KIND,
    title=gettext_lazy("Scoring responses"),
    queue="train",
    lease=timedelta(seconds=60),
    max_attempts=3,
    time_limit=None,
)
def score(claim: Claim):
    from annotation.runs.scoring import services  # a task is a leaf: services import us

    services.supervise_scoring(claim)


@job_kind(
    MEASURE_KIND,
    title=gettext_lazy("Measuring on a file"),
    queue="train",
    lease=timedelta(seconds=60),
    max_attempts=3,
    time_limit=None,
)
def measure_on_file(claim: Claim):
    from annotation.runs.benchmarking import measuring  # a task is a leaf: services import us

    measuring.supervise_measurement(claim)


@job_kind(
    HARNESS_KIND,
    title=gettext_lazy("Harness tasks"),
    queue="train",
    lease=timedelta(seconds=60),
    max_attempts=3,
    time_limit=None,
)
def evaluate_on_harness(claim: Claim):
    from annotation.runs.harness import running  # a task is a leaf: services import us

    running.supervise(claim)


@job_kind(EVALUATE_KIND, title=gettext_lazy("Preparing an evaluation"))
def evaluate(claim: Claim):
    from annotation.runs.evaluation import preparing  # a task is a leaf: services import us

    return preparing.prepare(claim)


@job_kind(CHECK_KIND, title=gettext_lazy("Accuracy on newer judgments"))
def check_accuracy(claim: Claim):
    from annotation.runs.staleness import services  # a task is a leaf: services import us

    return services.measure(claim)


# As pushes of datasets: one request may take ten minutes, and hours all of them.
@job_kind(
    PUSH_KIND,
    title=gettext_lazy("Publishing a model"),
    lease=timedelta(minutes=15),
    time_limit=None,
)
def push_model(claim: Claim):
    from annotation.runs.registry import pushing  # a task is a leaf: services import us

    pushing.push_in_job(claim)


@job_kind(
    OFFLOAD_KIND,
    title=gettext_lazy("Moving weights to a bucket"),
    lease=timedelta(minutes=15),
    time_limit=None,
)
def offload_model(claim: Claim):
    from annotation.runs.registry import keeping

    keeping.offload_in_job(claim)


@job_kind(
    FETCH_KIND,
    title=gettext_lazy("Fetching weights from a bucket"),
    lease=timedelta(minutes=15),
    time_limit=None,
)
def fetch_model(claim: Claim):
    from annotation.runs.registry import keeping

    keeping.fetch_in_job(claim)


@job_kind(
    REMOVE_COPIES_KIND,
    title=gettext_lazy("Taking checkpoints out of a bucket"),
    lease=timedelta(minutes=15),
    max_attempts=5,
    time_limit=None,
)
def remove_checkpoints(claim: Claim):
    from annotation.runs.checkpoints import fetching  # a task is a leaf: services import us

    fetching.remove_in_job(claim)


@job_kind(JUDGE_KIND, title=gettext_lazy("Opinions of a reward model"))
def judge_by_reward(claim: Claim):
    from annotation.runs.judging import running  # a task is a leaf: services import us

    return running.judge_in_job(claim)


@app.task(name="runs.check_newest_judgments")
def check_newest_judgments():
    from annotation.projects.models import Project
    from annotation.runs.staleness import services

    with only_one("runs.check_newest_judgments") as is_ours:
        return services.check_by_the_clock(Project.objects.all()) if is_ours else None


@app.task(name="runs.sweep_benchmark_files")
def sweep_benchmark_files():
    from annotation.runs.benchmarking.files import sweep_files  # a task is a leaf

    sweep_files()


@app.task(name="runs.sweep_checkpoints")
def sweep_checkpoints():
    from annotation.runs.checkpoints.copies import sweep  # a task is a leaf

    sweep()
