"""Cancel a training."""

from django.core.management.base import BaseCommand

from annotation.core.errors import NotFound
from annotation.runs.models import TrainingRun
from annotation.runs.services import cancel_run


class Command(BaseCommand):
    help = "Ask a training to save a checkpoint and end. It can be resumed from its page."

    def add_arguments(self, parser):
        parser.add_argument("run", type=int, help="its number, as `manage.py runs PROJECT` prints")

    def handle(self, *args, **options):
        run = (
            TrainingRun.objects.select_related("job", "project").filter(pk=options["run"]).first()
        )
        if run is None:
            raise NotFound(f"There is no run {options['run']}.")
        cancel_run(run=run)
        run.job.refresh_from_db()
        self.stdout.write("Cancelled." if not run.job.is_active else "Asked to stop.")
