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
        parser.add_argument("--email", default="", help="where a forgotten password is reset")
        parser.add_argument(
            "--another", action="store_true", help="although there is a site admin already"
        )

    def handle(self, *args, username, email, another, **options):
        if not another and User.objects.filter(is_superuser=True, is_active=True).exists():
            raise CommandError(
                "There is a site admin already. If you mean to make a second one: --another."
            )
        if User.objects.filter(username=username).exists():
            raise CommandError(f"There is a user “{username}” already.")
        password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            validate_password(password, User(username=username))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user = User.objects.create_superuser(username, email=email, password=password)
        audit.record("admin.created", target=f"user:{user.pk}")
        self.stdout.write(f"{username} may now sign in at /sign-in/ and sets up a second factor.")
