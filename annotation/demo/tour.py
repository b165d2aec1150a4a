"""The demo's tour: small projects that show every kind of judgment, beside the shop's round."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from annotation.accounts.models import User
from annotation.core.errors import DomainError
from annotation.demo.tour_files import chime_wav, parcels_png
from annotation.demo.tour_items import EVERY_KIND, TWO_ANSWERS, WRITE_IT
from annotation.labeling.imports.services import import_file
from annotation.projects.models import Membership, Project
from annotation.projects.presets import COMMON_ERRORS, INSTRUCT_GPT
from annotation.projects.services import CriterionSpec, add_member, create_project
from annotation.prompts.attachments.services import attach

FILES = {"parcels.png": parcels_png, "bell.wav": chime_wav}
ROLES = {
    "demo-labeler": Membership.Role.LABELER,
    "demo-reviewer": Membership.Role.REVIEWER,
    "demo-engineer": Membership.Role.ENGINEER,
}
LEAD = "demo-lead"


@dataclass(frozen=True)
class Stop:
    """One project of the tour."""

    slug: str
    name: str
    description: str
    items: list[dict[str, Any]]
    asked: dict[str, Any]
    guideline: str
    criteria: tuple[CriterionSpec, ...] = ()
    tags: dict[str, Any] = field(default_factory=dict)


STOPS = (
    Stop(
        "every-kind",
        "Every kind of judgment",
        "Ranks, ratings, flags, marked errors, corrections, a spoken rationale.",
        EVERY_KIND,
        {
            "overlap": 2,
            "confidence": "optional",
            "demonstration": "fallback",
            "allows_corrections": True,
            "allows_recording": True,
        },
        "Rank the responses by what you would rather have received. Correct what you can mend, "
        "mark what is wrong, and write a response of your own where none will do.",
        (
            CriterionSpec("helpful", "Helpful", anchors={"1": "Of no use.", "5": "All I needed."}),
            CriterionSpec(
                "true",
                "True",
                scale_min=0,
                scale_max=1,
                is_yes_no=True,
                allows_na=True,
                is_required=False,
            ),
        ),
        {"flags": INSTRUCT_GPT.tags, "error_labels": COMMON_ERRORS.tags},
    ),
    Stop(
        "two-answers",
        "Two answers",
        "One question: which of two, and how clearly.",
        TWO_ANSWERS,
        {"overlap": 2, "ordering": "scale", "scale_points": 7, "rationale": "optional"},
        "Which of the two would you rather have received? Go by the content, not by the length.",
    ),
    Stop(
        "write-it",
        "The ideal answer",
        "Labelers write the response that a model should have given.",
        WRITE_IT,
        {
            "overlap": 1,
            "ordering": "none",
            "demonstration": "always",
            "rationale": "off",
            "has_floor": False,
        },
        "Write what you would be glad to receive. Short sentences; no empty phrases.",
    ),
)


def seed_tour() -> list[Project]:
    """The tour's projects, each whole or not there, made once. The demo's people must be there."""
    return [Project.objects.filter(slug=stop.slug).first() or _make(stop) for stop in STOPS]


def _make(stop: Stop) -> Project:
    with transaction.atomic():
        lead = User.objects.get(username=LEAD)
        project = create_project(
            slug=stop.slug,
            name=stop.name,
            description=stop.description,
            actor=lead,
            guideline=stop.guideline,
            criteria=stop.criteria,
            **stop.tags,
            **stop.asked,
        )
        for username, role in ROLES.items():
            user = User.objects.get(username=username)
            add_member(project=project, user=user, role=role, actor=lead)
        lines = "\n".join(json.dumps(item, ensure_ascii=False) for item in stop.items)
        for name, draw in FILES.items():
            if f'"{name}"' in lines:
                attach(project=project, stream=io.BytesIO(draw()), actor=lead, name=name)
        imported = import_file(
            project=project,
            kind="items",
            stream=io.BytesIO(lines.encode()),
            actor=lead,
            file_name=f"{stop.slug}.jsonl",
        )
        if imported.state != "done":
            raise DomainError(f"{stop.slug}: {imported.errors.first()}")
    return project
