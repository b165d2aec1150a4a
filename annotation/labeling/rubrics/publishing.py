"""The draft goes live: its pictures pinned, and a share of the judged items asked again."""

from django.db import transaction

from annotation.core.errors import DomainError
from annotation.labeling.models import Reask
from annotation.labeling.rubrics.reask import reask
from annotation.projects.models import RubricVersion
from annotation.projects.rubrics.document import Problem, RubricSpec, read
from annotation.projects.rubrics.drafts import DraftProblems, draft_of, publish_draft
from annotation.projects.rubrics.templates import TEMPLATES, apply_judging
from annotation.prompts.attachments.guideline import pin_pictures


def read_draft(project, content: dict) -> tuple[RubricSpec, list[Problem]]:
    """The rubric of a draft, and what keeps it from being published, pictures included."""
    spec, problems = read(content)
    try:
        pin_pictures(project, spec.guideline)
    except DomainError as error:
        problems.append(Problem("guideline", str(error)))
    return spec, problems


def publish(
    *,
    project,
    revision: int,
    note: str,
    actor=None,
    percent: int = 0,
    extra: int = 1,
    asks_as_template: bool = False,
) -> tuple[RubricVersion, Reask | None]:
    """Everything at once or nothing. `percent` 0: the new version is for new work only."""
    with transaction.atomic():
        content = draft_of(project).content
        try:
            guideline = pin_pictures(project, content["guideline"])
        except DomainError as error:
            raise DraftProblems([Problem("guideline", str(error))]) from None
        version = publish_draft(
            project=project, revision=revision, note=note, actor=actor, guideline=guideline
        )
        if asks_as_template and content.get("template") in TEMPLATES:
            apply_judging(project, content["template"], actor)
        if not percent:
            return version, None
        return version, reask(version=version, percent=percent, extra=extra, actor=actor)
