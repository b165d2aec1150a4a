"""Erase a person from a shell, where no admin can open the page."""

from django.core.management.base import BaseCommand, CommandError

from annotation.accounts.models import User
from annotation.core.errors import DomainError
from annotation.privacy.erasing import erase_person


class Command(BaseCommand):
    help = "Erase a person: identity gone, judgments kept under a pseudonym. It cannot be undone."

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("--free-texts", action="store_true", help="also what they wrote")
        parser.add_argument("--sure", action="store_true", help="yes, for good")

    def handle(self, *args, username, free_texts, sure, **options):
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user “{username}”.")
        if not sure:
            raise CommandError(f"This cannot be undone. Add --sure to erase {username} for good.")
        try:
            erasure = erase_person(user=user, removes_texts=free_texts)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Erased: {erasure.pseudonym}.")
