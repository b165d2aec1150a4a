"""An API token from the command line."""

from django.core.management.base import BaseCommand, CommandError

from annotation.accounts.models import ApiToken, User
from annotation.accounts.tokens import DEFAULT_DAYS, create_token, offered_projects
from annotation.core.errors import DomainError


class Command(BaseCommand):
    help = (
        "Make an API token for a user and print it, once, on standard output. Send it as "
        "`Authorization: Bearer TOKEN`. It may do what its owner may do at that moment, of that "
        "only the rights named here, in the projects named here."
    )

    def add_arguments(self, parser):
        parser.add_argument("username", help="whose token it is")
        parser.add_argument("--name", default="command line", help="what it is for")
        parser.add_argument(
            "--project",
            action="append",
            metavar="SLUG",
            help="only for this project; several times for several (without it: all that the "
            "owner is in, now and later)",
        )
        parser.add_argument(
            "--right",
            action="append",
            choices=ApiToken.Right.values,
            help="what it may do; several times for several (without it: read)",
        )
        parser.add_argument(
            "--days", type=int, default=DEFAULT_DAYS, help="how long it works (%(default)s)"
        )

    def handle(self, *args, username, name, project, right, days, **options):
        user = self.user(username)
        try:
            _token, key = create_token(
                user=user,
                name=name,
                rights=right or [ApiToken.Right.READ],
                projects=project and self.projects(user, project),
                days=days,
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(key)

    def user(self, username) -> User:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            people = User.objects.filter(is_active=True, kind=User.Kind.PERSON)
            names = ", ".join(people.order_by("username").values_list("username", flat=True)[:20])
            raise CommandError(f"There is no active user “{username}”. There are: {names or '-'}.")
        return user

    def projects(self, user, slugs):
        found = {project.slug: project for project in offered_projects(user)}
        for slug in slugs:
            if slug not in found:
                raise CommandError(
                    f"{user.username} is in no project “{slug}”. There are: "
                    f"{', '.join(sorted(found)) or '-'}."
                )
        return {found[slug] for slug in slugs}
