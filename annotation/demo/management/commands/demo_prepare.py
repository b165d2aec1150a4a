"""What a demo needs before its first page: tables, the demo world, a way in."""

import sys

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from annotation.accounts import services as accounts
from annotation.demo import services, tour
from annotation.demo.team.seed import request_team


class Command(BaseCommand):
    help = "Migrate, seed the demo world where it is missing, print the sign-in links."

    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--address", default="http://127.0.0.1:8000", help="of the web server")

    def handle(self, *, address, **options):
        executor = MigrationExecutor(connection)
        # Asked first: migrate itself takes a second even when there is nothing to do.
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, stdout=sys.stderr)
        services.seed()
        tour.seed_tour()
        request_team()
        for role, url in accounts.demo_sign_in_links(address):
            self.stdout.write(f"  {role:<10} {url}")
