"""Measure a reward model on a file in RewardBench's format."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand

from annotation.core.errors import DomainError, NotFound
from annotation.projects.models import Project
from annotation.runs.benchmarking.files import keep_file
from annotation.runs.benchmarking.measuring import check_order, order_measurement
from annotation.runs.registry import benchmarks
from annotation.runs.services import find_base


class Command(BaseCommand):
    help = (
        "Measure a reward model on a JSON Lines or Parquet file of prompt, chosen, rejected and "
        "where there are any subset or category; the figures are kept with the model version."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("version", help="name or number of the reward model")
        parser.add_argument("file", type=Path, help="path of the file")
        parser.add_argument("--name", default="", help="of the benchmark (the file's)")
        parser.add_argument(
            "--queue",
            action="store_true",
            help="keep the file with the project and leave it to the train worker, as the page "
            "does; JSON Lines alone",
        )
        parser.add_argument("--json", action="store_true", help="print every figure as JSON")

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        version = find_base(project=project, name=options["version"])
        if version is None:
            raise DomainError("Say which reward model, by its name or number.")
        if options["queue"]:
            self._queue(version, options["file"], options["name"])
            return
        found = benchmarks.measure(version=version, path=options["file"], name=options["name"])
        if options["json"]:
            self.stdout.write(json.dumps(found, allow_nan=False))
            return
        self._tell("all", found)
        for name, one in found.get("subsets", {}).items():
            self._tell(name or "(no subset)", one)
        error = found.get("calibration", {}).get("error")
        if error is not None:
            self.stdout.write(f"calibration error {error:.3f}")
        for reason, count in found["unread"].items():
            self.stdout.write(f"{count} counted as wrong, for they cannot be read: {reason}")

    def _queue(self, version, path, name):
        if not path.is_file():
            raise DomainError(f"There is no file {path}.")
        check_order(version)  # before the file is kept for it
        with path.open("rb") as stream:
            file, _is_new = keep_file(project=version.project, stream=stream, name=path.name)
        ordered = order_measurement(version=version, file=file, name=name)
        self.stdout.write(
            f"{file.name}, {file.comparison_count:,} comparisons, is measured by job "
            f"{ordered.job_id}"
        )

    def _tell(self, name, found):
        accuracy, length = found["accuracy"], found["length"]
        self.stdout.write(
            f"{name:<30} {found['comparisons']:>7,}  {accuracy['value']:.3f} "
            f"({accuracy['low']:.3f} to {accuracy['high']:.3f})  length {length['value']:.3f}"
        )
