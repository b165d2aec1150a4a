"""Items, who holds them, what was judged and written.

Responses of an item have positions 1 … n. Everything that speaks of several responses is an
array by position: `ranks[0]` is the tier of the response at position 1. So a ranking that names
a response twice, or one of another item, cannot be written down.
"""

from annotation.labeling.models.assignments import Assignment
from annotation.labeling.models.building import BuiltBatch
from annotation.labeling.models.calibration import (
    CalibrationItem,
    CalibrationMember,
    CalibrationOutcome,
    CalibrationPost,
    CalibrationReading,
    CalibrationRound,
)
from annotation.labeling.models.feedback import Feedback
from annotation.labeling.models.final import FinalJudgment
from annotation.labeling.models.gold import GoldItem, GoldRotation, TestSection
from annotation.labeling.models.items import Item, ItemResponse, RemovedPlace
from annotation.labeling.models.judgments import Judgment, WrittenResponse, newer_revisions
from annotation.labeling.models.ladder import Appeal, StageChange, StageNote, TestAttempt
from annotation.labeling.models.messages import Announcement, AnnouncementRead, Question
from annotation.labeling.models.purposes import COUNTED, ON_THE_LADDER, Purpose
from annotation.labeling.models.reask import Reask
from annotation.labeling.models.reports import ItemReport
from annotation.labeling.models.review import Adjudication, ItemReview, ReviewSettings

__all__ = [
    "BuiltBatch",
    "COUNTED",
    "ON_THE_LADDER",
    "Appeal",
    "Adjudication",
    "Announcement",
    "AnnouncementRead",
    "Assignment",
    "CalibrationItem",
    "CalibrationMember",
    "CalibrationOutcome",
    "CalibrationPost",
    "CalibrationReading",
    "CalibrationRound",
    "Feedback",
    "FinalJudgment",
    "GoldItem",
    "GoldRotation",
    "Item",
    "ItemReport",
    "ItemResponse",
    "ItemReview",
    "Judgment",
    "Purpose",
    "Question",
    "Reask",
    "RemovedPlace",
    "StageChange",
    "StageNote",
    "TestAttempt",
    "ReviewSettings",
    "TestSection",
    "WrittenResponse",
    "newer_revisions",
]
