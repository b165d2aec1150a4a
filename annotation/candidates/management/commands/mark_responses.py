"""Look at a project's responses, as the button on its page does."""

from collections import Counter

from django.core.management.base import BaseCommand

from annotation.candidates.marks import marking
from annotation.candidates.marks.guards import PROTOCOLS
from annotation.candidates.marks.models import ResponseMark
from annotation.candidates.marks.safety import CLASSIFIERS
from annotation.core import jobs
from annotation.core.errors import DomainError, NotFound
from annotation.core.models import Job
from annotation.projects.models import Project


class Command(BaseCommand):
    help = (
        "Mark what is empty, ends too early, refuses, says who wrote it, holds personal data or "
        "harmful words, or repeats another response; then print how many of each. Marks are made "
        "anew; what people decided stays."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument(
            "--threshold",
            type=float,
            help="from 0.5 to 1: from which share of common runs on two are nearly the same",
        )
        parser.add_argument(
            "--classifier", choices=list(CLASSIFIERS), help="what looks for harmful content"
        )

        parser.add_argument("--endpoint", help="whom the classifier “endpoint” asks: its name")
        parser.add_argument(
            "--protocol", choices=list(PROTOCOLS), help="what that endpoint is (guard)"
        )

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        named = {name: options[name] for name in ("threshold", "classifier", "protocol")}
        if options["endpoint"]:
            named["endpoint"] = _endpoint(project, options["endpoint"])
        job = marking.request_marking(project=project, **named)
        jobs.run(job.pk)
        job.refresh_from_db()
        if job.state == Job.State.RUNNING:
            raise DomainError("A worker is at it already: ask again when it is done.")
        if job.state != Job.State.DONE:
            raise DomainError(job.error or f"The job is {job.state}.")
        counts = Counter(
            ResponseMark.objects.filter(response__prompt__project=project)
            .values_list("kind", "response")
            .distinct()
            .values_list("kind", flat=True)
        )
        self.stdout.write(f"{job.result['responses']:>9,} responses looked at")
        for kind in ResponseMark.Kind:
            self.stdout.write(f"{counts[kind.value]:>9,} {kind.value}")


def _endpoint(project, name: str):
    found = project.endpoints.kept().filter(name=name).first()
    if found is None:
        raise NotFound(f"There is no endpoint “{name}” in this project.")
    return found
