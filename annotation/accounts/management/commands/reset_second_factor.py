"""For whoever lost the phone and the recovery codes."""

from django.core.management.base import BaseCommand, CommandError

from annotation.accounts import services
from annotation.accounts.models import User


class Command(BaseCommand):
    help = (
        "Remove all passkeys, the code app and the recovery codes of a user, and end their "
        "sessions. Be sure who is asking: the password alone then signs in, once, to set up anew."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")

    def handle(self, *args, username, **options):
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user “{username}”.")
        count = services.reset_second_factor(user=user)
        self.stdout.write(f"{count} removed; {username} is signed out everywhere.")
