"""Check a frozen dataset against its hash and against the database."""

from django.core.management.base import BaseCommand

from annotation.core.errors import DomainError
from annotation.datasets.models import Dataset
from annotation.datasets.services import find_dataset
from annotation.datasets.verify import verify_dataset


class Command(BaseCommand):
    help = (
        "Hash every file of a frozen dataset again, and freeze the project again beside it with "
        "the same policy. Ends with status 0 only if the files are whole and the database gives "
        "the same dataset; otherwise it says what differs. Judgments that came in since are a "
        "difference, and no fault: --files-only does not look at the database."
    )

    def add_arguments(self, parser):
        parser.add_argument("hash", help="the dataset's hash, or its first characters (4 or more)")
        parser.add_argument("--files-only", action="store_true", help="only hash the files")

    def handle(self, *args, **options):
        dataset = find_dataset(Dataset.objects.select_related("project"), options["hash"])
        found = verify_dataset(dataset, files_only=options["files_only"])
        for line in [*found.problems, *found.differences]:
            self.stdout.write(line)
        if found.problems:
            raise DomainError(f"Dataset {dataset.short_hash} is damaged.")
        self.stdout.write(f"The files are whole: {dataset.hash}")
        if found.differences:
            raise DomainError(
                "The database gives another dataset today. The frozen one is what it was."
            )
        if not options["files_only"]:
            self.stdout.write("The database gives the same dataset.")
