"""Frozen datasets, and where they and models made of them are sent."""

from annotation.datasets.models.datasets import Dataset, DatasetPerson, DatasetSource
from annotation.datasets.models.destinations import Destination
from annotation.datasets.models.exports import Export
from annotation.datasets.models.pushes import DatasetPush, Push

__all__ = [
    "Dataset",
    "DatasetPerson",
    "DatasetPush",
    "DatasetSource",
    "Destination",
    "Export",
    "Push",
]
