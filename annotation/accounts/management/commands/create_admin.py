"""The first admin. There is no default account."""

import getpass
import sys

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from annotation.accounts.models import User
from annotation.core import audit


class Command(BaseCommand):
    help = (
        "Make a site admin: somebody who may see and do everything. Asks for a password, or reads "
        "it from standard input (`echo … | manage.py create_admin NAME`)."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")

    def handle(self, *args, username, **options):
        if User.objects.filter(username=username).exists():
            raise CommandError(f"There is a user “{username}” already.")
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            validate_password(password, User(username=username))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user = User.objects.create_superuser(username, password=password)
        audit.record("admin.created", target=f"user:{user.pk}")
        self.stdout.write(f"{username} may now sign in at /sign-in/.")
