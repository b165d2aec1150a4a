"""Train on a frozen dataset: `manage.py train reward 3f9ac2`."""

import sys
import threading
import time

from django.core.management.base import BaseCommand
from django.db import connection

from annotation.core import jobs, workers
from annotation.core.errors import DomainError, NotFound
from annotation.core.models import Job
from annotation.projects.models import Project
from annotation.runs import again, presentation, presets, services
from annotation.runs.models import RunEvent, TrainingRun
from annotation.runs.options import BY_KIND

KINDS = {
    "sft": "a policy, from the best responses (starts a new tiny model without --base)",
    "reward": "a reward model, from comparisons (a small encoder without --base)",
    "dpo": "a policy, from comparisons, by DPO; needs --base",
    "kto": "a policy, from responses that are good or bad each, by KTO; needs --base",
    "rl": "a policy, by PPO, RLOO or GRPO against a reward model; needs --base and --reward",
}
POLL_SECONDS = 0.5


class Command(BaseCommand):
    help = (
        "Train a model on a frozen dataset, follow it, and register the result as a model "
        "version. A train worker does the work where one is reachable; else this process does. "
        "Exit status 0 only when the model version is registered."
    )

    def add_arguments(self, parser):
        add = parser.add_argument
        kinds = "; ".join(f"{kind}: {words}" for kind, words in KINDS.items())
        add("kind", nargs="?", choices=list(KINDS), metavar=",".join(KINDS), help=kinds)
        add("dataset", nargs="?", help="the dataset's hash, or its first 4 or more digits")
        add(
            "--like",
            type=int,
            metavar="RUN",
            help="order that run again: what is not given here is as there, options one by one",
        )
        add(
            "--dataset",
            dest="other_dataset",
            metavar="HASH",
            help="the same as the second word; with --like, another dataset than there",
        )
        add("--project", help="its short name; needed where several have the data")
        add("--base", help="name or number of the model version to start from")
        add("--reward", help="name or number of the reward model to please; rl alone")
        add("--name", help="what to call the result")
        add("--seed", type=int, help="same seed, same result (11)")
        add(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            dest="chosen",
            help="an option of the training, such as --set epochs=2; --options lists them",
        )
        add(
            "--preset",
            choices=list(presets.BY_KEY),
            help="options to suit a machine, below those of --set; it has to fit on it",
        )
        add("--priority", type=int, default=0, help="-9 to 9: who waits with more goes first (0)")
        add("--estimate", action="store_true", help="say what it would take, and stop")
        add("--local", action="store_true", help="train here, even where a worker is reachable")
        add(
            "--options",
            action="store_true",
            help="list the options of the kind with their defaults, and stop",
        )

    def handle(self, *args, **given):
        if given["options"]:
            if given["kind"] is None:
                raise DomainError("Say of which kind of training.")
            self.list_options(given["kind"])
            return
        order, more = self.read_order(given)
        project = order["project"]
        wishes = {name: value for name, value in more.items() if name != "priority"}
        self.tell_estimate(services.estimate_run(**order, **wishes))
        if given["estimate"]:
            return
        run = services.start_run(**order, **more)
        for change in again.changes_of(run):
            self.stdout.write(f"{change.name}: {change.now} (was {change.was}).")
        is_local = given["local"] or not workers.is_queue_served("train")
        self.stdout.write(
            f"Run {run.pk}, “{run.name}”: {run.get_kind_display()} on dataset "
            f"{run.dataset.short_hash} of {project.slug}, seed {run.seed}"
            + (", in this process." if is_local else ", by the train worker.")
        )
        if not is_local:
            self.stdout.write("It starts when the worker is free. Ctrl-C leaves it to the worker.")
        self.do(run) if is_local else self.follow(run)
        self.tell_end(TrainingRun.objects.select_related("job").get(pk=run.pk))

    def read_order(self, given):
        """What an estimate depends on, and the rest of the order."""
        names = ("kind", "dataset", "base", "reward", "preset", "seed", "name")
        order = {name: given[name] for name in names if given[name] is not None}
        if given["other_dataset"]:
            order["dataset"] = given["other_dataset"]
        order["options"] = dict(_pair(text) for text in given["chosen"])
        more = {"priority": given["priority"]}
        if given["like"] is not None:
            run = TrainingRun.objects.filter(pk=given["like"]).first()
            if run is None or (given["project"] and run.project.slug != given["project"]):
                raise NotFound(f"There is no run {given['like']}.")
            order = {"project": run.project, **again.order_like(run, order)}
            more["after"] = run
        elif not {"kind", "dataset"} <= order.keys():
            raise DomainError("Say which kind of training and on which dataset, or --like RUN.")
        else:
            order["project"] = self.find_project(given["project"], order["dataset"])
        more |= {name: order.pop(name) for name in ("seed", "name") if name in order}
        return order, more

    def tell_estimate(self, found):
        for name, value in found.rows() if found else ():
            self.stdout.write(f"{name}: {value}.")
        for sentence in found.warnings + found.refusals if found else ():
            self.stderr.write(sentence)

    def list_options(self, kind):
        for option in BY_KIND[kind]:
            default = "chosen" if option.default is None else str(option.default)
            limits = ", ".join(option.choices) if option.choices else option.limits
            self.stdout.write(f"{option.name:<22}{default:<9}{option.help} {limits}".rstrip())

    def find_project(self, slug, dataset):
        if slug:
            project = Project.objects.filter(slug=slug).first()
            if project is None:
                raise NotFound(f"There is no project “{slug}”.")
            return project
        prefix = dataset if len(dataset) >= 4 else "-"
        found = list(Project.objects.filter(datasets__hash__startswith=prefix).distinct()[:2])
        if len(found) == 2:
            raise DomainError("More than one project has such a dataset: say which by --project.")
        if not found:
            raise DomainError(f"There is no dataset {dataset}.")
        return found[0]

    def do(self, run):
        """Be the worker. A thread tells how far it is; the child belongs to the main thread."""
        is_over = threading.Event()
        teller = threading.Thread(target=self.tell_until, args=(run, is_over), daemon=True)
        teller.start()
        try:
            while Job.objects.active().filter(pk=run.job_id).exists():
                jobs.run(run.job_id)
                time.sleep(POLL_SECONDS)  # killed ones wait a moment before the next attempt
        except KeyboardInterrupt:
            self.stderr.write("Stopped. The last checkpoint is kept: resume it from its page.")
        finally:
            is_over.set()
            teller.join()

    def tell_until(self, run, is_over):
        try:
            tell = Teller(run, self.stdout)
            while not is_over.wait(POLL_SECONDS):
                tell.news()
            tell.news()
        finally:
            connection.close()

    def follow(self, run):
        tell = Teller(run, self.stdout)
        try:
            while Job.objects.active().filter(pk=run.job_id).exists():
                tell.news()
                time.sleep(POLL_SECONDS)
            tell.news()
        except KeyboardInterrupt:
            self.stderr.write(
                f"It goes on without you. Cancel it on its page, or with: "
                f"manage.py cancel_run {run.pk}"
            )
            sys.exit(130)

    def tell_end(self, run):
        if run.job.state != Job.State.DONE:
            cause = f": {run.job.error}" if run.job.error else "."
            raise DomainError(f"The run ended as {run.job.get_state_display().lower()}{cause}")
        version = run.model_version
        metrics = version.metrics
        figures = [
            *presentation.accuracies(metrics, metrics.get("baselines")),
            *presentation.other_figures(metrics),
        ]
        self.stdout.write(f"\nModel version “{version.name}”, {version.artifact}")
        width = max((len(figure.name) for figure in figures), default=0)
        for figure in figures:
            within = f"  ({figure.interval})" if figure.interval else ""
            note = f"  {figure.note}" if figure.note else ""
            self.stdout.write(f"  {figure.name:<{width}}  {figure.value:>9}{within}{note}")
        if sentence := presentation.verdict(metrics):
            self.stdout.write(sentence)


class Teller:
    """Prints what is new about a run since the last call."""

    def __init__(self, run, out):
        self.run, self.out = run, out
        self.seen = (0, 0)
        self.stage = ""

    def news(self):
        for event in self.run.events.filter(token__gte=self.seen[0]).order_by("token", "line"):
            if (event.token, event.line) > self.seen:
                self.seen = (event.token, event.line)
                if line := self.line(event):
                    self.out.write(line)

    def line(self, event: RunEvent) -> str:
        data = event.data
        if event.type == "progress":
            if data.get("stage") == self.stage:
                return ""
            self.stage = data.get("stage", "")
            return f"{event.at:%H:%M:%S}  {self.stage}"
        if event.type == "metric":
            numbers = [
                f"{name} {value:.4g}"
                for name, value in data.items()
                if name not in ("total", "epoch") and isinstance(value, int | float)
            ]
            total = f"/{data['total']}" if data.get("total") else ""
            return f"{event.at:%H:%M:%S}  step {event.step}{total}  {'  '.join(numbers[:5])}"
        if event.type == "warning":  # an error is told at the end, with its cause
            return f"{event.at:%H:%M:%S}  warning: {data.get('message', '')}"
        return (
            f"{event.at:%H:%M:%S}  attempt {event.token} starts" if event.type == "start" else ""
        )


def _pair(text):
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise DomainError(f"--set takes KEY=VALUE, not “{text}”.")
    return name.strip(), value
