"""Add a judge to a project."""

from pathlib import Path

from django.core.management.base import BaseCommand

from annotation.core.errors import DomainError, NotFound
from annotation.projects.models import Project
from annotation.quality.judges import services
from annotation.quality.judges.principles import lines_of


class Command(BaseCommand):
    help = (
        "Add a judge: a model behind an endpoint of the project, by the rubric version in force. "
        "ask_judge asks it."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("name", help="what to call the judge")
        parser.add_argument("endpoint", help="the endpoint's name")
        parser.add_argument("--instructions", type=Path, help="a text file: what else to heed")
        parser.add_argument(
            "--principles",
            type=Path,
            help="a text file, one principle a line, one drawn each time",
        )
        parser.add_argument("--max-tokens", type=int, default=1024, help="of an answer (1024)")
        parser.add_argument(
            "--no-json", action="store_true", help="for servers that reject a demand for JSON"
        )

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        endpoint = project and project.endpoints.kept().filter(name=options["endpoint"]).first()
        if endpoint is None:
            said = "There is no endpoint “{endpoint}” in a project “{project}”."
            raise NotFound(said.format(**options))
        judge = services.add_judge(
            project=project,
            endpoint=endpoint,
            name=options["name"],
            instructions=text_of(options["instructions"]),
            principles=lines_of(text_of(options["principles"])),
            max_tokens=options["max_tokens"],
            is_json_demanded=not options["no_json"],
        )
        self.stdout.write(f"judge {judge.pk}: {judge.name}")


def text_of(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DomainError(f"{path} is no text that can be read: {error}") from error
