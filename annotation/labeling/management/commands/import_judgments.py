"""Bring judgments in that were made elsewhere."""

from annotation.labeling.imports.command import ImportCommand
from annotation.prompts.models import Import


class Command(ImportCommand):
    kind = Import.Kind.JUDGMENTS
    help = (
        "Import judgments made elsewhere from a JSON Lines file of any size: all of it, or "
        "nothing with a list of what is wrong. A line is {item, labeler, ranking: [[best], "
        "[tied, tied]], …}. The same file twice changes nothing. Formats: docs/formats.md."
    )

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument(
            "--create",
            action="store_true",
            help="make the labelers that are not in the project yet (they cannot sign in)",
        )

    def options_of(self, options):
        return {"create": options["create"]}
