"""The draft of a project's next rubric version: kept while it is written, published once."""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.core import audit
from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.core.numbers import grouped
from annotation.core.strict_json import canonical
from annotation.core.text import clean
from annotation.projects.models import RubricDraft, RubricVersion
from annotation.projects.rubrics.document import (
    MAX_EXAMPLES,
    Problem,
    RubricSpec,
    document_of,
    read,
    spec_of_version,
    too_many_examples,
)
from annotation.projects.services import current_rubric, publish_rubric

MAX_BYTES = 500_000


class DraftConflict(Conflict):
    """Somebody saved the draft since it was read. `draft` is theirs; nothing was written."""

    def __init__(self, draft: RubricDraft | None):
        super().__init__(_("Somebody else has changed the draft since you opened it."))
        self.draft = draft


class DraftProblems(DomainError):
    """The draft cannot be published as it is; `problems` say why, each at its field."""

    def __init__(self, problems: list[Problem]):
        super().__init__(problems[0].text)
        self.problems = problems


def draft_of(project) -> RubricDraft:
    """The draft, or the version in force as one that nobody has saved yet (revision 0)."""
    draft = RubricDraft.objects.filter(project=project).select_related("updated_by").first()
    if draft is not None:
        return draft
    live = current_rubric(project)
    spec = spec_of_version(live) if live else RubricSpec()
    return RubricDraft(project=project, content=document_of(spec), revision=0, based_on=live)


def save_draft(*, project, content: dict, revision: int, actor=None) -> RubricDraft:
    """Keep the document over the state that was read, `revision`; DraftConflict over another.
    Saving what is there already writes nothing. The audit trail has the first save only: others
    follow each pause in the typing."""
    _check(content)
    there = draft_of(project)
    if there.revision == revision and there.content == content:
        return there
    if revision == 0:
        return _begin(project, content, actor)
    changed = RubricDraft.objects.filter(project=project, revision=revision).update(
        content=content, revision=F("revision") + 1, updated_at=timezone.now(), updated_by=actor
    )
    there = RubricDraft.objects.filter(project=project).select_related("updated_by").first()
    if not changed:
        raise DraftConflict(there)
    return there


def _begin(project, content, actor) -> RubricDraft:
    try:
        with transaction.atomic():
            draft = RubricDraft.objects.create(
                project=project,
                content=content,
                based_on=current_rubric(project),
                updated_by=actor,
            )
            audit.record("rubric.draft_begun", actor=actor, project=project, target=project.slug)
    except IntegrityError:
        raise DraftConflict(draft_of(project)) from None
    return draft


def discard_draft(*, project, revision: int, actor=None) -> None:
    """Throw away the state that was read, and no other."""
    with transaction.atomic():
        gone, _by_model = RubricDraft.objects.filter(project=project, revision=revision).delete()
        if gone:
            audit.record(
                "rubric.draft_discarded", actor=actor, project=project, target=project.slug
            )
        elif RubricDraft.objects.filter(project=project).exists():
            raise DraftConflict(draft_of(project))


def add_example(*, project, key: str, text: str, item_id: int | None, actor=None) -> RubricDraft:
    """Put an example at the end of a criterion of the draft, begun where there is none."""
    draft = draft_of(project)
    found = [one for one in draft.content["criteria"] if one["key"] == key]
    if not found:
        raise NotFound(_("The draft has no criterion “%(key)s”.") % {"key": key})
    if not text.strip():
        raise DomainError(_("The example is empty."))
    if len(found[0]["examples"]) >= MAX_EXAMPLES:
        raise DomainError(too_many_examples())
    found[0]["examples"].append(
        {"text": text.strip(), "item": "" if item_id is None else str(item_id)}
    )
    return save_draft(project=project, content=draft.content, revision=draft.revision, actor=actor)


def publish_draft(
    *, project, revision: int, note: str, actor=None, guideline: str | None = None
) -> RubricVersion:
    """The draft as the next version, in force at once; the draft is over. DraftProblems where it
    cannot be. `guideline` takes the place of the draft's, such as one with its images pinned."""
    with transaction.atomic():
        draft = RubricDraft.objects.select_for_update().filter(project=project).first()
        if draft is None or draft.revision != revision:
            raise DraftConflict(draft)
        spec, problems = read(draft.content)
        if not note.strip():
            problems.append(Problem("note", _("Say what changed, for those who judge by it.")))
        live = current_rubric(project)
        if live and not problems and spec == spec_of_version(live):
            problems.append(Problem("note", _("Nothing differs from the version in force.")))
        if problems:
            raise DraftProblems(problems)
        version = publish_rubric(
            project=project,
            actor=actor,
            note=note,
            **vars(spec) | ({} if guideline is None else {"guideline": guideline}),
        )
        draft.delete()
    return version


def _check(content) -> None:
    if len(canonical(content)) > MAX_BYTES:
        raise DomainError(
            _("The draft is too long: it may have %(most)s bytes.") % {"most": grouped(MAX_BYTES)}
        )
    _clean_all(content)


def _clean_all(value) -> None:
    if isinstance(value, str):
        clean(value, field="draft")
    elif isinstance(value, dict):
        for part in value.values():
            _clean_all(part)
    elif isinstance(value, list):
        for part in value:
            _clean_all(part)
