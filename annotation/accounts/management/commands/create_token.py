"""An API token from the command line."""

from django.core.management.base import BaseCommand, CommandError

from annotation.accounts import services
from annotation.accounts.models import User


class Command(BaseCommand):
    help = (
        "Make an API token for a user and print it, once, on standard output. Send it as "
        "`Authorization: Bearer TOKEN`."
    )

    def add_arguments(self, parser):
        parser.add_argument("username", help="whose rights the token carries")
        parser.add_argument("--name", default="command line", help="what it is for")

    def handle(self, *args, username, name, **options):
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            names = ", ".join(
                User.objects.filter(is_active=True, kind=User.Kind.PERSON)
                .order_by("username")
                .values_list("username", flat=True)[:20]
            )
            raise CommandError(f"There is no active user “{username}”. There are: {names or '-'}.")
        _, key = services.create_token(user=user, name=name)
        self.stdout.write(key)
