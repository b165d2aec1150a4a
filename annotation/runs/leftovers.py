"""What an ended training leaves in its folder, and is needed no more once its model is placed."""

import shutil
from pathlib import Path

from django.conf import settings

from annotation.runs.models import TrainingRun

# Checkpoints are three times the weights, with pickles among them. The model is another name of
# the published weights: while it stands, taking those off the disk frees nothing.
PARTS = ("checkpoints", "model")
# Second names of a checkpoint on its way to a bucket.
LINKED = ".copy-"


def place_of(run: TrainingRun) -> Path:
    return settings.DATA_DIR / "runs" / str(run.pk)


def drop(run: TrainingRun) -> None:
    """Remove the weights of all attempts; configuration, report, metrics and log stay."""
    for folder in place_of(run).glob(f"{LINKED}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for part in PARTS:
        for folder in place_of(run).glob(f"[0-9]*/{part}"):
            shutil.rmtree(folder, ignore_errors=True)
