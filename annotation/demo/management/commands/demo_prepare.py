"""What a demo needs before its first page: tables, the demo world, a way in."""

from importlib.util import find_spec

from django.core.management import call_command
from django.core.management.base import BaseCommand

from annotation.accounts import services as accounts


class Command(BaseCommand):
    help = "Migrate, seed the demo world where it is missing, print one sign-in link per role."

    def add_arguments(self, parser):
        parser.add_argument("--address", default="http://127.0.0.1:8000", help="of the web server")

    def handle(self, *, address, **options):
        call_command("migrate", interactive=False, verbosity=1, stdout=self.stderr)
        if find_spec("annotation.demo.services"):  # the demo world is on its way
            from annotation.demo import services

            services.seed()
        for role, url in accounts.demo_sign_in_links(address):
            self.stdout.write(f"  {role:<10} {url}")
