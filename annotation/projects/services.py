"""Writes about projects: making one, its members, its rubric."""

import re
from dataclasses import asdict, dataclass, field
from functools import lru_cache

from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, transaction
from django.db.models import Max, OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.accounts.models import User
from annotation.accounts.services import rotate_sessions
from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.projects import members
from annotation.projects.models import (
    Criterion,
    Membership,
    Project,
    RubricExample,
    RubricVersion,
)

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
RESERVED_SLUGS = frozenset({"new"})  # /projects/new/ is where a project begins

MAX_OVERLAP = 50


@dataclass(frozen=True)
class ExampleSpec:
    """A case that shows what a criterion means; `item_id` where it was taken from an item."""

    text: str
    item_id: int | None = None


@dataclass(frozen=True)
class CriterionSpec:
    """A criterion as it is written down: a key for files, a label for people, a scale."""

    key: str
    label: str
    description: str = ""
    scale_min: int = 1
    scale_max: int = 5
    anchors: dict = field(default_factory=dict)
    is_yes_no: bool = False
    allows_na: bool = False
    is_required: bool = False
    weight: float = 1.0
    examples: tuple[ExampleSpec, ...] = ()


# What a criterion's row has of it.
CRITERION_FIELDS = tuple(set(CriterionSpec.__dataclass_fields__) - {"examples"})


@dataclass(frozen=True)
class TagSpec:
    """A flag for a response, or the name of an error: a key for files, a label for people."""

    key: str
    label: str
    description: str = ""


DEFAULT_CRITERIA = (
    CriterionSpec(
        key="helpfulness",
        label="Helpful",
        description="Does it do what was asked, as the person meant it?",
        anchors={
            "1": "Does nothing that was asked.",
            "2": "Answers a part, or another question.",
            "3": "Does the main thing, leaves gaps.",
            "4": "Does all that was asked.",
            "5": "Does all that was asked, and what was meant.",
        },
    ),
    CriterionSpec(
        key="truthfulness",
        label="Truthful",
        description="Is what it says so?",
        anchors={
            "1": "The main answer is wrong.",
            "2": "A serious error beside something right.",
            "3": "Small errors.",
            "4": "Right, with one thing unclear.",
            "5": "Right throughout.",
        },
    ),
    CriterionSpec(
        key="clarity",
        label="Clear",
        description="Can it be read and followed at once?",
        anchors={
            "1": "Cannot be followed.",
            "2": "Hard work to follow.",
            "3": "Can be followed.",
            "4": "Clear, one small stumble.",
            "5": "Clear throughout.",
        },
    ),
)
DEFAULT_GUIDELINE = (
    "Read the prompt first, then every response to its end. Rank what you would rather have "
    "received. Truthful comes before helpful, helpful before clear. Length is no merit."
)


def create_project(
    *,
    slug,
    name="",
    actor=None,
    overlap=3,
    guideline=DEFAULT_GUIDELINE,
    criteria=DEFAULT_CRITERIA,
    flags=(),
    error_labels=(),
    has_rubric=True,
    **fields,
) -> Project:
    """A project with its first rubric version published, unless `has_rubric` is False (who
    applies a template next wants that one to be the first); the actor becomes its lead."""
    if not SLUG.fullmatch(slug) or slug in RESERVED_SLUGS:
        raise DomainError(
            _(
                "“%(slug)s” cannot name a project: use 1 to 60 lower-case letters, digits and "
                "hyphens."
            )
            % {"slug": slug}
        )
    if not 1 <= overlap <= MAX_OVERLAP:
        raise DomainError(
            _("An item takes 1 to %(most)d judgments, not %(count)s.")
            % {"most": MAX_OVERLAP, "count": grouped(overlap)}
        )
    try:
        with transaction.atomic():
            project = Project.objects.create(
                slug=slug,
                name=clean(name, field="name").strip() or slug.replace("-", " ").capitalize(),
                overlap=overlap,
                created_by=actor,
                **fields,
            )
            if has_rubric:
                publish_rubric(
                    project=project,
                    actor=actor,
                    guideline=guideline,
                    criteria=criteria,
                    flags=flags,
                    error_labels=error_labels,
                )
            if actor is not None and not actor.is_superuser:
                add_member(project=project, user=actor, role=Membership.Role.LEAD)
            audit.record("project.created", actor=actor, project=project, target=slug)
    except IntegrityError as error:
        if "slug" in str(error):
            raise Conflict(
                _("There is a project called “%(slug)s” already.") % {"slug": slug}
            ) from error
        raise DomainError(
            _("The project's settings are out of range: %(problem)s") % {"problem": error}
        ) from error
    return project


def publish_rubric(
    *,
    project,
    guideline,
    criteria,
    flags=(),
    error_labels=(),
    priorities=(),
    note="",
    actor=None,
) -> RubricVersion:
    """The next rubric version, in force at once. Earlier judgments keep theirs. Criteria are
    CriterionSpecs, flags and error labels TagSpecs, priorities keys of criteria.

    It is written first and published last: from then on a trigger refuses every change.
    """
    criteria = list(criteria)
    _check_priorities(priorities, criteria)
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        last = project.rubric_versions.aggregate(last=Max("number"))["last"] or 0
        version = RubricVersion.objects.create(
            project=project,
            number=last + 1,
            guideline=clean(guideline, field="guideline"),
            flags=_tags(flags, "flags"),
            error_labels=_tags(error_labels, "error_labels"),
            priorities=list(priorities),
            note=clean(note, field="note").strip(),
        )
        _write_criteria(version, criteria)
        version.published_at, version.published_by = timezone.now(), actor
        version.save(update_fields=["published_at", "published_by"])
        audit.record(
            "rubric.published", actor=actor, project=project, target=f"rubric:{version.number}"
        )
    return version


def _check_priorities(priorities, criteria) -> None:
    keys = [spec.key for spec in criteria]
    if len(set(priorities)) != len(priorities) or not set(priorities) <= set(keys):
        raise DomainError(_("The order of priorities names each criterion of the rubric once."))


def _write_criteria(version, specs) -> None:
    rows = Criterion.objects.bulk_create(
        Criterion(
            rubric_version=version,
            position=position,
            **{name: getattr(spec, name) for name in CRITERION_FIELDS},
        )
        for position, spec in enumerate(specs, start=1)
    )
    examples = [
        RubricExample(
            criterion=row,
            position=place,
            text=clean(example.text, field="examples"),
            item_id=example.item_id,
        )
        for row, spec in zip(rows, specs, strict=True)
        for place, example in enumerate(spec.examples, start=1)
    ]
    if examples:
        RubricExample.objects.bulk_create(examples)


def criterion_specs(version) -> list[CriterionSpec]:
    """A version's criteria as they were written down. From `rubric_by_id`: no statement."""
    return [
        CriterionSpec(
            **{name: getattr(criterion, name) for name in CRITERION_FIELDS},
            examples=tuple(ExampleSpec(**one) for one in criterion.example_list),
        )
        for criterion in version.criteria_list
    ]


KEY = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?")


def _tags(specs, name) -> list[dict]:
    keys = [spec.key for spec in specs]
    for spec in specs:
        if not KEY.fullmatch(spec.key) or keys.count(spec.key) > 1:
            raise DomainError(
                _("%(field)s: “%(key)s” must be 1 to 40 lower-case letters, digits, _ or -, once.")
                % {"field": name, "key": spec.key}
            )
        if not clean(spec.label, field=name).strip():
            raise DomainError(
                _("%(field)s: “%(key)s” has no label.") % {"field": name, "key": spec.key}
            )
        clean(spec.description, field=name)
    return [asdict(spec) for spec in specs]


def current_rubric(project) -> RubricVersion | None:
    """The published version in force, with its criteria. Two statements, or none: a published
    version never changes, so it is kept by its id."""
    latest = project.rubric_versions.published().order_by("-number").values_list("pk", flat=True)
    pk = latest.first()
    return None if pk is None else rubric_by_id(pk)


@lru_cache(maxsize=256)
def rubric_by_id(pk) -> RubricVersion:
    """A published version with `.criteria_list`; cached for ever, since it is immutable."""
    version = RubricVersion.objects.published().get(pk=pk)
    version.criteria_list = criteria_of(version)
    return version


def criteria_of(version) -> list[Criterion]:
    """In order, each with `.example_list`, [{"text", "item_id"}, …]. One statement."""
    examples = RubricExample.objects.filter(criterion=OuterRef("pk")).order_by("position")
    of_one = examples.values(one=JSONObject(text="text", item_id="item_id"))
    return list(version.criteria.annotate(example_list=ArraySubquery(of_one)))


@transaction.atomic
def add_member(*, project, user, role, handle="", actor=None) -> Membership:
    """Put a user into the project, or change the role of one who is in it."""
    handle = handle or user.username
    is_new = not project.memberships.filter(user=user).exists()
    if not is_new and role != Membership.Role.LEAD:
        members.keep_a_lead(project=project, without=user)
    if is_new and project.memberships.filter(handle=handle).exists():
        raise Conflict(
            _("Somebody else is called “%(handle)s” in this project already.") % {"handle": handle}
        )
    # Who is in it already, or was, keeps the stage that they had: a ladder is no way around it.
    stage = Membership.Stage.FULL
    if is_new and role == Membership.Role.LABELER and user.kind != User.Kind.IMPORTED:
        stage = members.first_stage_in(project)
    membership, created = Membership.objects.update_or_create(
        project=project,
        user=user,
        defaults={"role": role, "is_active": True},
        create_defaults={"role": role, "is_active": True, "handle": handle, "stage": stage},
    )
    rotate_sessions(user=user)
    audit.record(
        "member.added" if created else "member.changed",
        actor=actor,
        project=project,
        target=f"user:{user.pk}",
        role=role,
    )
    return membership


def create_imported_labelers(*, project, handles, actor=None) -> dict[str, Membership]:
    """Labelers who worked elsewhere: accounts that cannot sign in, known here by a handle."""
    found = {m.handle: m for m in project.memberships.filter(handle__in=handles)}
    for handle in sorted(set(handles) - set(found)):
        user = User.objects.create(
            username=f"{project.slug}/{handle}"[:150],
            kind=User.Kind.IMPORTED,
            is_active=False,
            password="!",  # noqa: S106  an unusable password, never a secret
        )
        found[handle] = add_member(
            project=project, user=user, role=Membership.Role.LABELER, handle=handle, actor=actor
        )
    return found
