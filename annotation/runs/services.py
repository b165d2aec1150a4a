"""Writes about trainings: starting, cancelling, resuming. What an attempt does: attempts.py."""

import importlib.util

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.core import audit, jobs
from annotation.core.errors import Conflict, DomainError
from annotation.core.hashing import sha256_of_value
from annotation.core.models import Job
from annotation.core.names import checked_name
from annotation.core.options import BadOption
from annotation.datasets.models import Dataset
from annotation.datasets.services import find_dataset
from annotation.runs import forecast, presets, tasks
from annotation.runs import options as run_options
from annotation.runs.models import ModelVersion, TrainingRun
from annotation.runs.registry import keeping

LONGEST_NAME, SEED = 80, 11
LIBRARIES = ("torch", "transformers", "trl")
# What each kind reads of a dataset, and what a person calls it.
NEEDED = {
    "sft": ("sft.train.jsonl", gettext_lazy("demonstrations (best responses)")),
    "reward": ("preferences.train.jsonl", gettext_lazy("comparisons")),
    "dpo": ("preferences.train.jsonl", gettext_lazy("comparisons")),
    # Its labels may come from the raw judgments; the responses' texts stand in the comparisons.
    "kto": ("preferences.train.jsonl", gettext_lazy("comparisons")),
    # Only prompts are read, of whatever there is; every dataset with comparisons has some.
    "rl": ("preferences.train.jsonl", gettext_lazy("comparisons")),
}
FROM_A_POLICY = ("sft", "dpo", "kto", "rl")
NEEDS_A_POLICY = ("dpo", "kto", "rl")
HOW_TO_INSTALL = gettext_lazy(
    "Training needs the train extra (PyTorch, transformers, TRL), and it is not installed. "
    "Install it with `make train-extra`, or with "
    "`.venv/bin/python -m pip install -r requirements/train.txt`; nothing needs a restart."
)


def missing_libraries() -> list[str]:
    """What of the train extra is not installed here. Looks without importing: torch is heavy."""
    return [name for name in LIBRARIES if importlib.util.find_spec(name) is None]


def why_no_training() -> str:
    """How to make training possible, or nothing where it is.

    On one machine the web process and the train worker share an environment. In containers they
    do not: there the worker looks when it starts the run.
    """
    return str(HOW_TO_INSTALL) if settings.IS_LOOPBACK and missing_libraries() else ""


def find_base(*, project, name) -> ModelVersion | None:
    """The project's model version of that name or number; None for none."""
    if name in (None, ""):
        return None
    if isinstance(name, ModelVersion):
        if name.project_id != project.pk:
            raise DomainError(_("The base model belongs to another project."))
        return name
    # "²" is a digit, too, and no number.
    is_number = str(name).isascii() and str(name).isdigit()
    same = Q(name=str(name)) | (Q(pk=int(name)) if is_number else Q())
    versions = list(project.model_versions.filter(same))
    # A name that happens to be a number means the name.
    version = next((v for v in versions if v.name == str(name)), None) or next(
        iter(versions), None
    )
    if version is None:
        raise DomainError(
            _("There is no model version “%(name)s” in this project.") % {"name": name}
        )
    return version


def check_order(
    *,
    project,
    kind,
    dataset,
    base=None,
    reward=None,
    options=None,
    preset=None,
    name="",
    seed=SEED,
    after=None,
) -> dict:
    """What is ordered, with names become rows and the preset's options filled in. DomainError
    where a rule of training forbids it: all that `start_run` refuses, but for a machine that it
    cannot fit on."""
    if after is not None and after.project_id != project.pk:
        raise DomainError(_("The run to order after belongs to another project."))
    if kind not in run_options.BY_KIND:
        raise DomainError(
            _("There is no training “%(kind)s”: choose one of %(kinds)s.")
            % {"kind": kind, "kinds": ", ".join(run_options.BY_KIND)}
        )
    if reason := why_no_training():
        raise DomainError(reason)
    if not isinstance(dataset, Dataset):
        dataset = find_dataset(project.datasets.all(), str(dataset))
    if dataset.project_id != project.pk:
        raise DomainError(_("The dataset belongs to another project."))
    base = find_base(project=project, name=base)
    reward = find_base(project=project, name=reward)
    preset = presets.find(preset)
    given = {**(preset.options(kind) if preset else {}), **(options or {})}
    options = run_options.read(kind, given)
    _check_rows(kind, dataset)
    _check_base(kind, base)
    _check_reward(kind, reward)
    _check_devices(kind, base, options)
    if type(seed) is not int or not 0 <= seed < 2**31:
        raise DomainError(_("The seed is a whole number from 0 to 2147483647."))
    _name(project, kind, name)
    return {
        "kind": kind,
        "dataset": dataset,
        "base": base,
        "reward": reward,
        "options": options,
        "preset": preset,
    }


def estimate_run(*, project, **order) -> forecast.Forecast | None:
    """What the ordered training will take; None where nothing says how large its model is."""
    return forecast.forecast(project=project, **check_order(project=project, **order))


def start_run(
    *,
    project,
    kind,
    dataset,
    actor=None,
    base=None,
    reward=None,
    name="",
    seed=SEED,
    options=None,
    preset=None,
    priority=0,
    after=None,
) -> TrainingRun:
    """Queue a training. The same order twice, while the first is active, is one run.

    `dataset` is a Dataset or the beginning of its hash; `base` and `reward` are model versions,
    their names or ids. `preset` fills the options that are not given, and names the machine that
    the training has to fit on. `after` is the run whose order this one took over.
    """
    order = check_order(
        project=project,
        kind=kind,
        dataset=dataset,
        base=base,
        reward=reward,
        options=options,
        preset=preset,
        name=name,
        seed=seed,
        after=after,
    )
    forecast.refuse(forecast.forecast(project=project, **order))
    dataset, options = order["dataset"], order["options"]
    base, reward = order["base"], order["reward"]
    models = [version.pk if version else None for version in (base, reward)]
    whole = [kind, dataset.hash, *models, seed, options, name]
    with transaction.atomic():
        run = TrainingRun.objects.create(
            project=project,
            kind=kind,
            name=_name(project, kind, name),
            dataset=dataset,
            base=base,
            reward=reward,
            seed=seed,
            options=options,
            ordered_after=after,
            created_by=actor,
        )
        job, created = jobs.enqueue(
            kind=tasks.KIND,
            project=project,
            actor=actor,
            target=f"train:{project.pk}:{sha256_of_value(whole)[:32]}",
            payload={"run": run.pk},
            priority=_priority(priority),
        )
        if not created:
            transaction.set_rollback(True)
        else:
            run.job = job
            run.save(update_fields=["job"])
            audit.record(
                "run.started",
                actor=actor,
                project=project,
                target=f"run:{run.pk}",
                training=kind,
                dataset=dataset.hash,
                base=models[0],
                reward=models[1],
                after=after.pk if after else None,
            )
    return run if created else TrainingRun.objects.get(job=job)


def cancel_run(*, run, actor=None) -> TrainingRun:
    """Ask a run to end. One that waits is over at once; one that runs saves and stops."""
    if run.job is None or not run.job.is_active:
        raise Conflict(_("This run is over already."))
    with transaction.atomic():
        jobs.request_cancel(run.job)
        audit.record("run.cancelled", actor=actor, project=run.project, target=f"run:{run.pk}")
    return run


def prioritise_run(*, run, priority, actor=None) -> TrainingRun:
    """Let a run that waits go before others, or after them."""
    with transaction.atomic():
        waits = Job.objects.filter(pk=run.job_id, state=Job.State.QUEUED)
        if not waits.update(priority=_priority(priority)):
            raise Conflict(_("This run waits no more."))
        audit.record(
            "run.prioritised",
            actor=actor,
            project=run.project,
            target=f"run:{run.pk}",
            priority=priority,
        )
    run.job.refresh_from_db()
    return run


def _priority(number) -> int:
    if type(number) is not int or not -9 <= number <= 9:
        raise DomainError(_("A priority is a whole number from -9 to 9; 0 is usual."))
    return number


def resume_run(*, run, actor=None) -> TrainingRun:
    """Queue a run again that was cancelled or failed: it goes on from its last checkpoint."""
    if reason := why_no_training():
        raise DomainError(reason)
    with transaction.atomic():
        jobs.revive(run.job)
        audit.record("run.resumed", actor=actor, project=run.project, target=f"run:{run.pk}")
    return run


def _check_rows(kind, dataset):
    name, words = NEEDED[kind]
    files = dataset.manifest.get("counts", {}).get("files") or dataset.counts.get("files") or {}
    if not files.get(name, {}).get("rows"):
        raise DomainError(
            _("Dataset %(hash)s has no %(what)s to train on.")
            % {"hash": dataset.short_hash, "what": words}
        )


def _check_base(kind, base):
    if kind in NEEDS_A_POLICY and base is None:
        raise DomainError(_("It tunes a policy: choose the model version to start from."))
    if kind in FROM_A_POLICY and base is not None and base.kind != ModelVersion.Kind.POLICY:
        raise DomainError(
            _("“%(name)s” is a reward model: %(kind)s starts from a policy.")
            % {"name": base.name, "kind": kind}
        )
    check_files(base)


def _check_reward(kind, reward):
    if kind != "rl" and reward is not None:
        raise DomainError(_("Only reinforcement learning has a reward model to please."))
    if kind == "rl" and reward is None:
        raise DomainError(_("Choose the reward model that it is to please."))
    if reward is not None and reward.kind != ModelVersion.Kind.REWARD:
        raise DomainError(_("“%(name)s” is no reward model.") % {"name": reward.name})
    check_files(reward)


def _check_devices(kind, base, options):
    if kind == TrainingRun.Kind.REWARD and base is None and options.get("devices", 1) > 1:
        said = _("The small encoder trains on one device: set devices to 1, or choose a model.")
        raise BadOption("devices", said)


def check_files(version):
    """Raise DomainError where the weights of a model version are neither on the disk nor in a
    bucket, from which whoever uses them fetches them."""
    if version is None or keeping.is_on_disk(version) or keeping.kept_push(version):
        return
    raise DomainError(
        _("The files of “%(name)s” are not where they were registered.") % {"name": version.name}
    )


def _name(project, kind, name):
    """The wanted name, or the kind and the next number. Names of model versions are unique."""
    name = checked_name(str(name), label=_("Name"), longest=LONGEST_NAME)
    if name:
        if project.model_versions.filter(name=name).exists():
            raise Conflict(_("There is a model version “%(name)s” already.") % {"name": name})
        return name
    return f"{kind}-{project.runs.filter(kind=kind).count() + 1}"
