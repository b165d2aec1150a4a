"""Bring items in from a file."""

from pathlib import Path

from django.core.management.base import CommandError

from annotation.labeling.imports.command import ImportCommand
from annotation.prompts.models import Import


class Command(ImportCommand):
    kind = Import.Kind.ITEMS
    help = (
        "Import items from a JSON Lines file of any size: all of it, or nothing with a list of "
        "what is wrong. A line is an item {id, prompt, responses: [{id, text, generator}, …]}, "
        "a {prompt, chosen, rejected} row, or an HH transcript pair. The same file twice "
        "changes nothing. Formats: docs/formats.md."
    )

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--create", action="store_true", help="make the project if it is not there yet"
        )
        parser.add_argument(
            "--overlap",
            type=int,
            metavar="N",
            help="with --create: judgments wanted for each item, 1 to 50 (default 3)",
        )
        parser.add_argument(
            "--booleans-as-text",
            action="store_true",
            help="turn a number or a boolean in the place of a text into text (true, 3.5)",
        )
        parser.add_argument(
            "--without-judgments",
            action="store_true",
            help="take the items of chosen/rejected rows, but not the preference they state",
        )

        parser.add_argument(
            "--attachments",
            type=Path,
            metavar="FOLDER",
            help="where the files lie that lines refer to as attachments",
        )

    def options_of(self, options):
        folder = options["attachments"]
        if folder is not None and not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        return {
            "attachments": folder,
            "coerce_text": options["booleans_as_text"],
            "keep_preferences": not options["without_judgments"],
        }
