"""The judgments of a project as arrays, all from one moment."""

from annotation.quality.snapshot.facts import MOST_RESPONSES, Facet, Facts
from annotation.quality.snapshot.model import Snapshot
from annotation.quality.snapshot.take import take_snapshot

__all__ = ["MOST_RESPONSES", "Facet", "Facts", "Snapshot", "take_snapshot"]
