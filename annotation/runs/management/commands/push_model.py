"""Send a model version somewhere, and keep or fetch its files: `push_model shop dpo-1 shelf`."""

from django.core.management.base import BaseCommand

from annotation.core.errors import DomainError, NotFound
from annotation.datasets.publishing.api import destination_named
from annotation.datasets.publishing.telling import finish, follow
from annotation.projects.models import Project
from annotation.runs.registry import keeping
from annotation.runs.registry.pushing import push_model
from annotation.runs.services import find_base


class Command(BaseCommand):
    help = (
        "Send the folder of a model version to a bucket or a repository of the project. With "
        "--offload a version that a bucket has whole leaves the disk; with --fetch it comes back, "
        "every file checked. Trainings and servers fetch by themselves what they need."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("version", help="name or number of the model version")
        parser.add_argument("destination", nargs="?", help="the destination's name")
        parser.add_argument("--offload", action="store_true", help="then take it off the disk")
        parser.add_argument("--fetch", action="store_true", help="bring it back to the disk")
        parser.add_argument("--local", action="store_true", help="do it here, not by a worker")

    def handle(self, *args, **given):
        project = Project.objects.filter(slug=given["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{given['project']}”.")
        version = find_base(project=project, name=given["version"])
        is_here = given["local"]
        if given["fetch"]:
            finish(keeping.request_fetch(version=version), is_here=is_here)
            self.stdout.write(f"{version.artifact} is on the disk.")
            return
        if given["destination"]:
            destination = destination_named(project, given["destination"])
            push = push_model(version=version, destination=destination)
            follow(push, self.stdout.write, is_here=is_here)
        elif not given["offload"]:
            raise DomainError("Say where to: the name of a destination.")
        if given["offload"]:
            finish(keeping.request_offload(version=version), is_here=is_here)
            self.stdout.write(f"{version.artifact} left the disk.")
