"""The catalogues of the interface's languages, brought up to date with the sources."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Write every app's catalogues (locale/<language>/LC_MESSAGES/django.po and .mo): the "
        "texts of today with the translations they have. For developers: needs Babel."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--language", action="append", help="only this one (may be repeated)")
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if there is something to do"
        )

    def handle(self, *args: Any, language: list[str] | None, check: bool, **options: Any) -> None:
        try:
            from annotation.core import catalogues
        except ImportError as error:
            raise CommandError("This needs Babel: install the test tools.") from error
        stale = 0
        for code in language or catalogues.translated_languages():
            if code not in catalogues.translated_languages():
                raise CommandError(f"“{code}” is none of the languages in the settings.")
            for app in catalogues.our_apps():
                stale += self.update(app, code, catalogues, is_check=check)
        if check and stale:
            raise CommandError("Not up to date: run `manage.py update_messages`.")

    def update(self, app: str, language: str, catalogues: Any, *, is_check: bool) -> int:
        """How many of the app's files were not as they should be."""
        changed = catalogues.changed_files(app, language)
        for path, content in changed.items():
            name = path.relative_to(settings.BASE_DIR)
            self.stdout.write(f"{name} {'is stale' if is_check else 'written'}")
            if not is_check:
                catalogues.write(path, content)
        if missing := len(catalogues.untranslated(catalogues.wanted_catalogue(app, language))):
            self.stdout.write(f"{app}: {missing} without a translation ({language})")
        return len(changed)
