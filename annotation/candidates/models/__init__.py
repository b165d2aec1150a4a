"""Asking models for responses: whom to ask, what was asked, what came of it, what marks it has.

Django finds an app's models here, whichever room they stand in.
"""

from annotation.candidates.marks.models import (
    Marking,
    ResponseDecision,
    ResponseMark,
    SafetyVerdict,
)
from annotation.candidates.models.endpoints import Endpoint
from annotation.candidates.models.runs import (
    GeneratedResponse,
    GenerationOrder,
    GenerationRequest,
    GenerationRun,
)

__all__ = [
    "Endpoint",
    "GeneratedResponse",
    "GenerationOrder",
    "GenerationRequest",
    "GenerationRun",
    "Marking",
    "ResponseDecision",
    "ResponseMark",
    "SafetyVerdict",
]
