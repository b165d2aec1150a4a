"""Try a model version over HTTP: `manage.py serve_model my-project dpo-1 --port 8400`."""

import sys

from django.core.management.base import BaseCommand

from annotation.core.errors import DomainError, NotFound
from annotation.projects.models import Project
from annotation.runs import serving
from annotation.runs.services import find_base


class Command(BaseCommand):
    help = (
        "Serve a model version in the foreground until Ctrl-C: a policy by OpenAI's chat "
        "completions, a reward model by /v1/score. One request at a time, for trying it. "
        f"{serving.KEY} in the environment is the key that requests must bring."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("version", help="name or number of the model version")
        parser.add_argument("--port", type=int, default=8400, help="0 takes a free one (8400)")
        parser.add_argument(
            "--host", default="127.0.0.1", help="another than this machine needs a key"
        )

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        version = find_base(project=project, name=options["version"])
        if version is None:
            raise DomainError("Say which model version, by its name or number.")
        child = serving.start(version, port=options["port"], host=options["host"])
        try:
            status = child.wait()
        except KeyboardInterrupt:  # the terminal told the child too
            status = child.wait()
        if status:
            sys.exit(status if status > 0 else 128 - status)
