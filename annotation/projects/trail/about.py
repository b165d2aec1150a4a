"""What happened to an item is told by more than the events that name it: judgments of it,
assignments and questions are targets of their own. Their rows lead from one to the others, not
the events' payloads, which are emptied when a person is erased.

They are reached as the project's own rows: this app imports none of those to its right.
"""

from collections.abc import Iterable

from annotation.projects.models import Project

MOST_DIGITS = 18  # what fits a bigint


def targets_about(project: Project | None, target: str) -> list[str]:
    """The targets of the events about that one, itself first: of an item all that was done with
    it, of a judgment and of an assignment the work on that item by the same person."""
    what, _colon, number = target.partition(":")
    if project is None or not _is_id(number):
        return [target]
    if what == "item":
        return [target, *_of_item(project, int(number))]
    if what == "judgment":
        judgment = project.judgments.filter(pk=number).values("item", "labeler").first()
        return _once(target, _of_work(project, judgment))
    if what == "assignment":
        assignment = project.assignments.filter(pk=number).values("item", "labeler").first()
        return _once(target, _of_work(project, assignment))
    return [target]


def _of_item(project: Project, item_id: int) -> list[str]:
    return [
        *_named("judgment", project.judgments.filter(item=item_id)),
        *_named("assignment", project.assignments.filter(item=item_id)),
        *_named("question", project.questions.filter(item=item_id)),
    ]


def _of_work(project: Project, work: dict | None) -> list[str]:
    """Every revision of somebody's judgment of an item, and what it was lent to them as."""
    if work is None:
        return []
    return [
        *_named("judgment", project.judgments.filter(**work)),
        *_named("assignment", project.assignments.filter(**work)),
    ]


def _named(what: str, rows) -> list[str]:
    return [f"{what}:{pk}" for pk in rows.order_by("pk").values_list("pk", flat=True)]


def _once(target: str, others: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([target, *others]))


def _is_id(number: str) -> bool:
    return number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS
