"""Seal everything under the present secret key, so that an old one can be forgotten."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotation.privacy.resealing import reseal_all


class Command(BaseCommand):
    help = (
        "Seal all kept secrets under the present secret key. What opens them: "
        "CONCORD_SECRET_KEY_FALLBACKS, and the key in --old-key-file."
    )

    def add_arguments(self, parser):
        # No option takes the key itself: everybody on a machine can read its processes' words.
        parser.add_argument("--old-key-file", type=Path, help="a file with the key of before")
        parser.add_argument(
            "--dry-run", action="store_true", help="open everything, write nothing"
        )

    def handle(self, *args, old_key_file, dry_run, **options):
        old_keys = list(settings.SECRET_KEY_FALLBACKS)
        if old_key_file is not None:
            try:
                old_keys.append(old_key_file.read_text().strip())
            except OSError as error:
                raise CommandError(f"{old_key_file} cannot be read: {error.strerror}") from error
        lost = 0
        verb = "to reseal" if dry_run else "resealed"
        for count in reseal_all(old_keys=old_keys, is_dry_run=dry_run):
            lost += count.lost
            self.stdout.write(
                f"{count.column}: {count.resealed} {verb}, {count.present} under the present key, "
                f"{count.lost} that no key opens"
            )
        if lost:
            raise CommandError(
                f"{lost} could not be opened and were left: keep the old keys, or name another."
            )
