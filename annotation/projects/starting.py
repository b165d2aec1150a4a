"""How a project begins: what it may be called, what it starts from, and the start itself."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import count

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.core.errors import NotFound
from annotation.projects.models import Project
from annotation.projects.rubrics.templates import TEMPLATES, apply_template
from annotation.projects.services import (
    DEFAULT_CRITERIA,
    CriterionSpec,
    create_project,
)

MAX_SLUG = 60
STANDARD, NONE = "standard", "none"


@dataclass(frozen=True)
class Start:
    """Something to start from, and what it contains."""

    key: str
    label: str | Promise
    about: str | Promise
    source: str = ""
    criteria: tuple[CriterionSpec, ...] = ()
    ordering: str | Promise = Project.Ordering.FULL.label
    flag_count: int = 0
    has_guideline: bool = True


STARTS: dict[str, Start] = {
    STANDARD: Start(
        key=STANDARD,
        label=_("Standard"),
        about=_("Responses ranked, with ties and a floor, and three ratings of each."),
        criteria=DEFAULT_CRITERIA,
    ),
    **{
        key: Start(
            key=key,
            label=template.label,
            about=template.about,
            source=template.source,
            criteria=template.spec.criteria,
            ordering=Project.Ordering(template.judging["ordering"]).label,
            flag_count=len(template.spec.flags),
        )
        for key, template in TEMPLATES.items()
    },
    NONE: Start(
        key=NONE,
        label=_("Nothing yet"),
        about=_("You write the rubric yourself. Until then responses are ranked without one."),
        has_guideline=False,
    ),
}


def slug_of(name: str) -> str:
    """The short name that a name suggests, or "" where it has no letter that fits one."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower())[:MAX_SLUG].strip("-")


def free_slug(slug: str) -> str:
    """`slug`, or the first of slug-2, slug-3 … that no project has."""
    stem = slug[: MAX_SLUG - 4].rstrip("-")
    taken = set(Project.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    if slug not in taken:
        return slug
    return next(name for n in count(2) if (name := f"{stem}-{n}") not in taken)


@transaction.atomic
def start_project(*, name, slug, start, overlap, actor, description="") -> Project:
    """A project with the rubric it starts from, whole or not at all. The actor leads it."""
    if start not in STARTS:
        raise NotFound(_("There is no template “%(name)s”.") % {"name": start})
    project = create_project(
        name=name,
        slug=slug,
        overlap=overlap,
        description=description,
        actor=actor,
        has_rubric=start == STANDARD,
    )
    if start in TEMPLATES:
        apply_template(project, start, actor=actor)
        project.refresh_from_db()
    return project
