"""Projects, who is in them as what, and the versions of what they judge by."""

from annotation.projects.models.invitations import Invitation
from annotation.projects.models.ladder import LadderSettings
from annotation.projects.models.members import Membership
from annotation.projects.models.pools import Pool, PoolMember, ProjectPool, Slice
from annotation.projects.models.projects import Project
from annotation.projects.models.rubrics import Criterion, RubricDraft, RubricExample, RubricVersion

__all__ = [
    "Criterion",
    "Invitation",
    "LadderSettings",
    "Membership",
    "Pool",
    "PoolMember",
    "Project",
    "ProjectPool",
    "RubricDraft",
    "RubricExample",
    "RubricVersion",
    "Slice",
]
