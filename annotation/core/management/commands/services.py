"""Only the embedded PostgreSQL and broker, in the foreground."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.core.embedded import EmbeddedError, child, places
from annotation.core.embedded.supervisor import Supervisor


class Command(BaseCommand):
    help = (
        "Run only the embedded PostgreSQL and broker and print their addresses. Commands in "
        "another terminal find them by themselves. Ctrl-C stops both; the data is kept."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--stop-with-parent",
            action="store_true",
            help="stop in order when the process that started this one is killed",
        )

    def handle(self, *args: Any, stop_with_parent: bool, **options: Any) -> None:
        if stop_with_parent:
            child.follow_parent()
        try:
            with Supervisor(places.data_directory(), say=self.say) as services:
                if not services.lacks_a_server():
                    raise CommandError("DATABASE_URL and REDIS_URL are set: nothing to start.")
                services.start_servers()
                self.say(f"DATABASE_URL={services.environment['DATABASE_URL']}")
                self.say(f"REDIS_URL={services.environment['REDIS_URL']}")
                self.say("Serving. Ctrl-C stops both.")
                services.watch()
        except EmbeddedError as error:
            raise CommandError(str(error)) from error

    def say(self, text: str) -> None:
        """At once, also into a pipe or a file."""
        self.stdout.write(text)
        self.stdout.flush()
