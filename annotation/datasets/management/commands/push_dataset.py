"""Send a frozen dataset to a destination: `manage.py push_dataset 1f2e3d acme --format reward`."""

from django.core.management.base import BaseCommand

from annotation.datasets import services
from annotation.datasets.formats.catalogue import FORMATS
from annotation.datasets.models import Dataset
from annotation.datasets.publishing.api import destination_named
from annotation.datasets.publishing.pushing import push_dataset
from annotation.datasets.publishing.telling import follow


class Command(BaseCommand):
    help = (
        "Send a dataset, in a format and with its card, to a bucket or a repository that the "
        "project has as a destination. What is there already is not sent again."
    )

    def add_arguments(self, parser):
        parser.add_argument("hash", help="the dataset's hash, or its first characters (4 or more)")
        parser.add_argument("destination", help="the destination's name")
        parser.add_argument("--format", default="preference", choices=FORMATS, metavar="FORMAT")
        parser.add_argument("--parquet", action="store_true")
        parser.add_argument(
            "--handles",
            action="store_true",
            help="name labelers by their handles, in place of labeler-1, labeler-2 …",
        )
        parser.add_argument("--local", action="store_true", help="do it here, not by a worker")

    def handle(self, *args, **given):
        dataset = services.find_dataset(Dataset.objects.select_related("project"), given["hash"])
        push = push_dataset(
            dataset=dataset,
            destination=destination_named(dataset.project, given["destination"]),
            form=given["format"],
            as_parquet=given["parquet"],
            with_handles=given["handles"],
        )
        follow(push, self.stdout.write, is_here=given["local"])
