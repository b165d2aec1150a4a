"""What the page of a reward model shows of measuring it on files."""

from annotation.core.models import Job
from annotation.runs.benchmarking.files import MOST_FILES
from annotation.runs.benchmarking.forms import MeasureForm
from annotation.runs.models import ModelVersion


def context_of(version: ModelVersion, *, may_train: bool, form: MeasureForm | None = None) -> dict:
    """Nothing of a policy. What is under way, and the newest where it went wrong; for those who
    may train also the form and the files."""
    if version.kind != ModelVersion.Kind.REWARD:
        return {}
    found = version.measurements.select_related("file", "job").order_by("-pk")
    shown = list(found.filter(job__state__in=Job.ACTIVE)[:10])
    newest = found.first()
    if newest is not None and newest.job.state == Job.State.FAILED:
        shown.append(newest)
    told = {"measurements": shown}
    if may_train:
        files = version.project.benchmark_files.kept().select_related("created_by")
        told["benchmark_files"] = files.order_by("-pk")[:MOST_FILES]
        told["measure_form"] = form or MeasureForm(version=version)
    return told
