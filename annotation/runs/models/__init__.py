"""Trainings, what came of them, and the rounds that close the loop."""

from annotation.runs.models.benchmarks import BenchmarkFile, BenchmarkSubset, Measurement
from annotation.runs.models.checkpoints import CheckpointCopy
from annotation.runs.models.checks import AccuracyCheck
from annotation.runs.models.evaluations import (
    Evaluation,
    EvaluationFigures,
    EvaluationPair,
    ResponseScore,
)
from annotation.runs.models.harness import HarnessEvaluation, HarnessFigure
from annotation.runs.models.pushes import ModelPush
from annotation.runs.models.rounds import Round
from annotation.runs.models.trainings import RunEvent, TrainingRun
from annotation.runs.models.versions import ModelVersion

__all__ = [
    "AccuracyCheck",
    "BenchmarkFile",
    "BenchmarkSubset",
    "CheckpointCopy",
    "Evaluation",
    "EvaluationFigures",
    "EvaluationPair",
    "HarnessEvaluation",
    "HarnessFigure",
    "Measurement",
    "ModelPush",
    "ModelVersion",
    "ResponseScore",
    "Round",
    "RunEvent",
    "TrainingRun",
]
