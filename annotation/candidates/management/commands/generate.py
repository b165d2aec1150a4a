"""Ask models for candidates: `manage.py generate shop --endpoint llama --set n=4`."""

from pathlib import Path

from django.core.management.base import BaseCommand

from annotation.candidates.generation.detail import failures_of, figures_of
from annotation.candidates.generation.options import OPTIONS
from annotation.candidates.generation.ordering import Order, own_models
from annotation.candidates.generation.prompts import Which
from annotation.core.errors import DomainError, NotFound
from annotation.core.models import Job
from annotation.core.numbers import money
from annotation.core.strict_json import loads
from annotation.core.workers import see_through
from annotation.projects.models import Project


class Command(BaseCommand):
    help = (
        "Ask endpoints, or model versions of ours, for responses to a project's prompts, and wait "
        "for them. A worker does it where one is reachable; else this process does. Options: "
        + ", ".join(option.name for option in OPTIONS)
        + ". Exit status 0 only when no prompt came to nothing."
    )

    def add_arguments(self, parser):
        add = parser.add_argument
        add("project", help="the project's short name, as in its address")
        add("--endpoint", action="append", default=[], metavar="NAME", help="who; may be repeated")
        add("--model", action="append", default=[], metavar="NAME", help="a model version of ours")
        add("--which", choices=Which.values, default=Which.ALL, help="of the prompts (all)")
        add("--most", type=int, help="at most so many prompts, the newest")
        add("--set", action="append", default=[], metavar="KEY=VALUE", dest="chosen")
        add("--sets", metavar="FILE", help="a JSON list of sets of options; --set goes into each")
        add("--estimate", action="store_true", help="say what it would cost, and stop")
        add("--local", action="store_true", help="do it here, even where a worker is reachable")

    def handle(self, *args, **given):
        project = Project.objects.filter(slug=given["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{given['project']}”.")
        order = Order(
            project=project,
            endpoints=[_one(project.endpoints.kept(), name) for name in given["endpoint"]],
            models=[_one(own_models(project), name) for name in given["model"]],
            sets=_sets(given["sets"], dict(_pair(text) for text in given["chosen"])),
            which=given["which"],
            most=given["most"],
        )
        self.tell_estimates(order)
        if given["estimate"]:
            return
        runs = list(order.start().runs.order_by("pk"))
        self.do(runs, is_here=given["local"])
        ended_well = [self.tell_end(run) for run in runs]  # tell of each of them
        if not all(ended_well):
            raise DomainError("Not all came. Take a run up again on its page, or by the API.")

    def tell_estimates(self, order):
        for line in order.lines():
            told = line.estimate
            if not told.is_priced:
                cost = "only its time"
            elif told.cost_most is None:
                cost = "cost unknown"
            else:
                cost = f"cost at most {money(told.cost_most, told.currency)}"
            self.stdout.write(
                f"{line.asked}, set {line.set_number}: {told.responses:,} responses to "
                f"{told.prompts:,} prompts, about {told.tokens_in:,} tokens read, at most "
                f"{told.tokens_out_most:,} written; {cost}"
            )

    def do(self, runs, *, is_here):
        for run in runs:
            see_through(run.job, is_here=is_here)

    def tell_end(self, run) -> bool:
        run.refresh_from_db()
        figures = figures_of(run)
        endings = ", ".join(f"{count} {reason or 'unknown'}" for reason, count in figures.endings)
        self.stdout.write(
            f"Run {run.pk}, {run.asked_name}, set {run.set_number}: {run.job.state}, "
            f"{figures.stored} of {figures.wanted} responses ({endings or 'none'})"
            + (
                f", {money(figures.cost, run.terms['currency'])}"
                if figures.cost is not None
                else ""
            )
        )
        for prompt, fault, _tries in failures_of(run):
            self.stderr.write(f"  prompt {prompt.pk}: {fault.sentence}")
        if run.job.error:
            self.stderr.write(f"  {run.job.error}")
        return run.job.state == Job.State.DONE and not figures.failed


def _one(rows, name: str):
    found = rows.filter(name=name).first()
    if found is None:
        raise NotFound(f"There is no “{name}” in this project.")
    return found


def _sets(path: str | None, shared: dict) -> list[dict]:
    if path is None:
        return [shared]
    try:
        sets = loads(Path(path).read_bytes())
    except OSError as error:
        raise DomainError(f"“{path}” cannot be read: {error.strerror}.") from error
    if not isinstance(sets, list) or not all(isinstance(one, dict) for one in sets):
        raise DomainError(f"“{path}” is no JSON list of objects.")
    return [{**one, **shared} for one in sets]


def _pair(text):
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise DomainError(f"--set takes KEY=VALUE, not “{text}”.")
    return name.strip(), value
