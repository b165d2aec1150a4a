"""The whole of Concord on this machine, with the demo world."""

from django.core.management.base import BaseCommand, CommandError

from annotation.core.embedded import EmbeddedError, child, places
from annotation.demo.processes import run_demo


class Command(BaseCommand):
    help = (
        "Run all of Concord on this machine: PostgreSQL, broker, web, workers and the demo "
        "world. Prints one sign-in link per role. Ctrl-C stops everything; the data is kept."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000, help="of 127.0.0.1 (8000)")
        parser.add_argument(
            "--stop-with-parent",
            action="store_true",
            help="stop in order when the process that started this one is killed",
        )

    def handle(self, *, port, stop_with_parent, **options):
        if stop_with_parent:
            child.follow_parent()
        try:
            run_demo(directory=places.data_directory(), port=port, say=self.say)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error

    def say(self, text):
        """At once, also into a pipe or a file."""
        self.stdout.write(text)
        self.stdout.flush()
