"""Somebody into a project, from the command line."""

import getpass
import sys

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from annotation.accounts.models import User
from annotation.core.errors import NotFound
from annotation.projects import services
from annotation.projects.models import Membership, Project


class Command(BaseCommand):
    help = (
        "Put a user into a project, or change what they are in it. With --create the account is "
        "made too, with a password that is asked for or read from standard input "
        "(`echo … | manage.py add_member PROJECT NAME --create`)."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("username", help="who; also their handle in exports")
        parser.add_argument(
            "--role",
            choices=Membership.Role.values,
            default=Membership.Role.LABELER,
            help="what they are in this project (default: labeler)",
        )
        parser.add_argument(
            "--create", action="store_true", help="make the account if it is not there yet"
        )

    @transaction.atomic
    def handle(self, *args, project, username, role, create, **options):
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise NotFound(f"There is no project “{project}”.")
        user = User.objects.filter(username=username, kind=User.Kind.PERSON).first()
        if user is None:
            if not create:
                raise NotFound(f"There is no user “{username}”; --create makes the account.")
            user = _made(username)
        services.add_member(project=found, user=user, role=role)
        self.stdout.write(f"{username} is {Membership.Role(role).label.lower()} of {found}.")


def _made(username) -> User:
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    user = User(username=username)
    try:
        user.set_password(password)
        user.full_clean()
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    user.save()
    return user
