"""Ask models for candidates: `manage.py generate shop --endpoint llama --set n=4`."""

import time

from django.core.management.base import BaseCommand

from annotation.candidates.generation.detail import failures_of, figures_of
from annotation.candidates.generation.options import OPTIONS
from annotation.candidates.generation.ordering import Order, own_models
from annotation.candidates.generation.prompts import Which
from annotation.core import jobs, workers
from annotation.core.errors import DomainError, NotFound
from annotation.core.models import Job
from annotation.projects.models import Project

POLL_SECONDS = 1.0


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
            params=dict(_pair(text) for text in given["chosen"]),
            which=given["which"],
            most=given["most"],
        )
        self.tell_estimates(order)
        if given["estimate"]:
            return
        runs = order.start()
        self.do(runs, is_here=given["local"])
        ended_well = [self.tell_end(run) for run in runs]  # tell of each of them
        if not all(ended_well):
            raise DomainError("Not all came. Take a run up again on its page, or by the API.")

    def tell_estimates(self, order):
        for endpoint, told in order.estimates():
            cost = "unknown" if told.cost_most is None else f"{told.cost_most:.4f} {told.currency}"
            self.stdout.write(
                f"{endpoint.name}: {told.responses:,} responses to {told.prompts:,} prompts, "
                f"about {told.tokens_in:,} tokens read, at most {told.tokens_out_most:,} "
                f"written; cost at most {cost}"
            )

    def do(self, runs, *, is_here):
        for run in runs:
            is_local = is_here or not workers.is_queue_served(run.job.queue)
            active = Job.objects.active().filter(pk=run.job_id)
            while active.exists():
                if is_local:
                    jobs.run(run.job_id)
                time.sleep(POLL_SECONDS if active.exists() else 0)

    def tell_end(self, run) -> bool:
        run.refresh_from_db()
        figures = figures_of(run)
        endings = ", ".join(f"{count} {reason or 'unknown'}" for reason, count in figures.endings)
        self.stdout.write(
            f"Run {run.pk}, {run.asked_name}: {run.job.state}, {figures.stored} of "
            f"{figures.wanted} responses ({endings or 'none'})"
            + (f", {figures.cost:.4f} {run.terms['currency']}" if figures.cost is not None else "")
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


def _pair(text):
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise DomainError(f"--set takes KEY=VALUE, not “{text}”.")
    return name.strip(), value
