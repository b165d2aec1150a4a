"""Copy a frozen dataset's files into a folder."""

from pathlib import Path

from django.core.management.base import BaseCommand

from annotation.datasets import services
from annotation.datasets.models import Dataset


class Command(BaseCommand):
    help = (
        "Copy the files of a frozen dataset into a folder: preferences, ties and SFT rows per "
        "split, the raw rankings, and the manifest with the hash of each. The files are checked "
        "before and after. docs/formats.md says what is in them."
    )

    def add_arguments(self, parser):
        parser.add_argument("hash", help="the dataset's hash, or its first characters (4 or more)")
        parser.add_argument("dir", type=Path, help="the folder; it is made if it is not there")
        parser.add_argument(
            "--force", action="store_true", help="write into a folder that is not empty"
        )

    def handle(self, *args, **options):
        dataset = services.find_dataset(Dataset.objects.all(), options["hash"])
        target = options["dir"]
        names = services.export_dataset(dataset=dataset, target=target, force=options["force"])
        for name in names:
            self.stdout.write(str(target / name))
        self.stdout.write(f"{len(names)} files of dataset {dataset.hash}.")
