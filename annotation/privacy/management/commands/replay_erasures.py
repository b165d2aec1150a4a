"""After a restore: whoever was erased since that backup goes again, under the same pseudonym."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from annotation.accounts.models import User
from annotation.core.errors import DomainError
from annotation.privacy import log
from annotation.privacy.erasing import erase_person


class Command(BaseCommand):
    help = "Erase again everybody in the log of erasures (DATA/erasures.jsonl, or the file given)."

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", type=Path)

    def handle(self, *args, file, **options):
        file = file or log.path()
        if not file.exists():
            raise CommandError(f"There is no {file}.")
        failed = 0
        for line in log.lines(file):
            user = User.objects.filter(pk=line["user"]).first()
            if user is None:
                self.stdout.write(f"user {line['user']}: not in this backup")
                continue
            try:
                erasure = erase_person(
                    user=user, removes_texts=line["removes_texts"], pseudonym=line["pseudonym"]
                )
            except DomainError as error:
                failed += 1
                self.stderr.write(f"user {user.pk}: {error}")
            else:
                self.stdout.write(f"user {user.pk}: {erasure.pseudonym}")
        if failed:
            raise CommandError(f"{failed} of them could not be erased.")
