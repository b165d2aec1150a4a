"""What the tests of training stand on."""

import json

from annotation.core import jobs
from annotation.core.models import Job
from annotation.datasets.models import Dataset
from annotation.projects.models import Membership
from annotation.runs import services
from annotation.runs.models import TrainingRun
from tests.factories import make_member, make_project


class World:
    def __init__(self, data_dir):
        self.data_dir = data_dir
        self.project = make_project()
        self.engineer = make_member(self.project, Membership.Role.ENGINEER)
        self.dataset = self.make_dataset("ab")
        self.act("well")

    def make_dataset(self, digits="cd", *, project=None, comparisons=8, demonstrations=4):
        files = {
            "preferences.train.jsonl": {"rows": comparisons},
            "sft.train.jsonl": {"rows": demonstrations},
        }
        counts = {"files": files}
        dataset = Dataset.objects.create(
            project=project or self.project,
            hash=digits * 32,
            policy={},
            counts=counts,
            manifest={"counts": counts},
        )
        dataset.folder.mkdir(parents=True, exist_ok=True)
        (dataset.folder / "manifest.json").write_text(json.dumps({"counts": counts}))
        return dataset

    def act(self, how):
        """How the stand-in trainers behave from now on."""
        for folder in ("runs", "generations"):
            (self.data_dir / folder).mkdir(parents=True, exist_ok=True)
            (self.data_dir / folder / "act").write_text(how)

    def start(self, kind="sft", **order):
        order = {"project": self.project, "dataset": self.dataset, "actor": self.engineer} | order
        return services.start_run(kind=kind, **order)

    def work(self, run, times=1):
        """What a worker does with the run's message, that often."""
        for _ in range(times):
            Job.objects.filter(pk=run.job_id).update(not_before=run.job.created_at)
            jobs.run(run.job_id)
        return TrainingRun.objects.select_related("job").get(pk=run.pk)

    def train(self, kind="sft", **order):
        return self.work(self.start(kind, **order))
