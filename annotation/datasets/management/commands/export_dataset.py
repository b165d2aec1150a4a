"""Take a frozen dataset away: its own files, or in another program's format."""

from pathlib import Path

from django.core.management.base import BaseCommand

from annotation.core.errors import DomainError
from annotation.datasets import exporting, services
from annotation.datasets.formats.catalogue import FORMATS, format_named
from annotation.datasets.models import Dataset

FROZEN = "frozen"


class Command(BaseCommand):
    help = (
        "Copy the files of a frozen dataset into a folder: preferences, ties and SFT rows per "
        "split, the raw rankings, and the manifest with the hash of each. The files are checked "
        "before and after. With --format it is converted to what other programs read instead, "
        "with a dataset card. docs/formats.md says what is in each format."
    )

    def add_arguments(self, parser):
        parser.add_argument("hash", help="the dataset's hash, or its first characters (4 or more)")
        parser.add_argument(
            "dir", type=Path, nargs="?", help="the folder; it is made if it is not there"
        )
        parser.add_argument("--out", type=Path, dest="out", help="the same as DIR, by name")
        parser.add_argument(
            "--format",
            default=FROZEN,
            choices=[FROZEN, *FORMATS],
            metavar="FORMAT",
            help=f"{FROZEN} (the default): as it is; or {', '.join(FORMATS)}",
        )
        parser.add_argument(
            "--parquet", action="store_true", help="Parquet in place of JSON Lines; needs pyarrow"
        )
        parser.add_argument(
            "--pseudonyms",
            action="store_true",
            help="call labelers labeler-1, labeler-2 … in place of their handles",
        )
        parser.add_argument(
            "--force", action="store_true", help="write into a folder that is not empty"
        )

    def handle(self, *args, **options):
        dataset = services.find_dataset(Dataset.objects.select_related("project"), options["hash"])
        target = options["out"] or options["dir"]
        if target is None or (options["out"] and options["dir"]):
            raise DomainError("Name one folder to write into, as DIR or with --out.")
        if options["format"] == FROZEN:
            self._copy(dataset, target, options)
        else:
            self._convert(dataset, target, options)

    def _copy(self, dataset, target, options):
        if options["parquet"] or options["pseudonyms"]:
            raise DomainError("--parquet and --pseudonyms need a --format: frozen files stay.")
        names = services.export_dataset(dataset=dataset, target=target, force=options["force"])
        for name in names:
            self.stdout.write(str(target / name))
        self.stdout.write(f"{len(names)} files of dataset {dataset.hash}.")

    def _convert(self, dataset, target, options):
        form = format_named(options["format"])
        record = exporting.export_as(
            dataset=dataset,
            form=form,
            target=target,
            as_parquet=options["parquet"],
            pseudonymous=options["pseudonyms"],
            force=options["force"],
        )
        exporting.record_export(dataset=dataset, form=form, actor=None, how="command")
        for name, entry in record["files"].items():
            rows = f"{entry['rows']:>10,} rows" if "rows" in entry else ""
            self.stdout.write(f"{target / name}{rows}")
        self.stdout.write(f"{form.key} of dataset {dataset.hash}.")
