"""What a judge run found."""

import json

from django.core.management.base import BaseCommand

from annotation.core.errors import NotFound
from annotation.quality.judges.documents import findings_document, run_document
from annotation.quality.judges.models import JudgeRun
from annotation.quality.judges.stored import stored_findings


class Command(BaseCommand):
    help = (
        "Print a judge run and what it found, as people's judgments are now, as JSON: agreement "
        "with people, steadiness, and the comparisons that people should look at."
    )

    def add_arguments(self, parser):
        parser.add_argument("run", type=int, help="the run's number")

    def handle(self, *args, **options):
        run = JudgeRun.objects.select_related("job", "judge", "project")
        run = run.filter(pk=options["run"]).first()
        if run is None:
            raise NotFound(f"There is no judge run {options['run']}.")
        document = run_document(run) | {"findings": findings_document(stored_findings(run))}
        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
