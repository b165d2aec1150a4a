"""What the tests of training stand on."""

import json

from django.utils import timezone
from django.utils.text import slugify

from annotation.core import jobs
from annotation.core.hashing import sha256_of_text
from annotation.core.models import Job
from annotation.datasets.models import Dataset
from annotation.projects.models import Membership
from annotation.prompts.models import Generator
from annotation.runs import services
from annotation.runs.models import ModelVersion, TrainingRun
from tests.factories import make_member, make_project

DONE = {"finished_at": timezone.now()}


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

    def make_version(
        self, kind="sft", name="one", *, base=None, reward=None, dataset=None, **more
    ):
        """A version as a training would have registered it, without a training."""
        is_policy = kind != "reward"
        run = TrainingRun.objects.create(
            project=self.project,
            kind=kind,
            name=name,
            dataset=dataset or self.dataset,
            base=base,
            reward=reward,
            job=Job.objects.create(kind="train", queue="train", state="done", **DONE),
        )
        artifact = f"models/{self.project.slug}/{slugify(name)}"
        folder = self.data_dir / artifact
        folder.mkdir(parents=True)
        (folder / "README.md").write_text("# A card\n")
        (folder / "model.safetensors").write_bytes(b"weights of " + name.encode())
        (folder / "manifest.json").write_text("{}")
        sha256 = sha256_of_text(name)
        generator = {"name": name, "artifact": artifact, "artifact_sha256": sha256}
        return ModelVersion.objects.create(
            project=self.project,
            kind="policy" if is_policy else "reward",
            name=name,
            run=run,
            dataset=run.dataset,
            artifact=artifact,
            sha256=sha256,
            generator=Generator.objects.create(project=self.project, **generator)
            if is_policy
            else None,
            **more,
        )

    def act(self, how):
        """How the stand-in trainers behave from now on."""
        for folder in ("runs", "generations", "scorings", "measurements", "harness"):
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
