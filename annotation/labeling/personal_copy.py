"""What labeling puts into a person's own copy: what they said, without the prompts and responses.

Any labeler can order it on any day, so nothing in it tells gold, or an item asked again, from
work: items go by the names that say nothing, and what was judged in the queue was work.
"""

from datetime import datetime
from itertools import count

from annotation.labeling.models import (
    Assignment,
    CalibrationPost,
    Feedback,
    ItemReport,
    Judgment,
    Purpose,
    Question,
    StageChange,
    WrittenResponse,
)
from annotation.labeling.naming import item_name, name_of_item

SAID = (
    "revision", "origin", "ranks", "unacceptable", "strength", "rest_below", "scale",
    "preference", "both", "ratings", "flags", "highlights", "confidence", "rationale",
    "recording", "order", "seconds", "is_surplus", "is_retraction", "submitted_at",
)  # fmt: skip
HIDDEN = frozenset({Purpose.GOLD, Purpose.REPEAT})


def collect(user) -> dict[str, list]:
    """Reviewers are numbered: their names are their own data."""
    names = _Names(user)
    drafts = Assignment.objects.filter(labeler=user).exclude(draft={})
    given = Feedback.objects.filter(reviewer=user).select_related("judgment")
    posts = CalibrationPost.objects.filter(author=user).select_related("item")
    return {
        "judgments": judgment_rows(user),
        "drafts": [
            {"item": name_of_item(one), "draft": one.draft, "at": one.draft_at}
            for one in drafts.order_by("pk")
        ],
        "feedback_received": _received(user),
        "feedback_given": [
            {"item": name_of_item(one.judgment), "text": one.text, "at": one.created_at}
            for one in given.order_by("pk")
        ],
        "posts": [
            {
                "item": item_name(one.item.item_id, is_repeat=False),
                "text": one.text,
                "at": one.created_at,
            }
            for one in posts.order_by("pk")
        ],
        "questions": [
            {
                "item": names.at(one.item_id, one.created_at),
                "text": one.text,
                "at": one.created_at,
                "answer": one.answer,
            }
            for one in Question.objects.filter(asker=user).order_by("pk")
        ],
        "ladder": _steps(user),
        "reports": [
            {
                "item": names.at(one.item_id, one.created_at),
                "kind": one.kind,
                "text": one.text,
                "at": one.created_at,
                "resolution": one.resolution,
            }
            for one in ItemReport.objects.filter(labeler=user).order_by("pk")
        ],
    }


class _Names:
    """The name that an item had for this labeler at a moment: another one once it was lent to them
    again."""

    def __init__(self, user) -> None:
        again = Assignment.objects.filter(labeler=user, is_repeat=True)
        self.lent_again_at = dict(again.values_list("item", "created_at"))

    def at(self, item_id: int, moment: datetime) -> str:
        since = self.lent_again_at.get(item_id)
        return item_name(item_id, is_repeat=since is not None and since <= moment)


def judgment_rows(user) -> list[dict]:
    """Oldest first. Responses go by their positions in the item, as in the database."""
    mine = Judgment.objects.filter(labeler=user).order_by("pk")
    written = _written(user)
    rows = mine.values("pk", "project__slug", "item", "is_repeat", "purpose", *SAID)
    return [
        {
            "project": row["project__slug"],
            "item": item_name(row["item"], is_repeat=row["is_repeat"]),
            **{name: row[name] for name in SAID},
            "purpose": Purpose.WORK if row["purpose"] in HIDDEN else row["purpose"],
            "written": written.get(row["pk"], []),
        }
        for row in rows.iterator(chunk_size=1_000)
    ]


def _written(user) -> dict[int, list[dict]]:
    found: dict[int, list[dict]] = {}
    rows = WrittenResponse.objects.filter(judgment__labeler=user).order_by("judgment", "position")
    for judgment, position, text in rows.values_list("judgment_id", "position", "response__text"):
        found.setdefault(judgment, []).append({"position": position, "text": text})
    return found


def _received(user) -> list[dict]:
    numbers = count(1)
    reviewers: dict[int, str] = {}
    said = []
    told = Feedback.objects.filter(labeler=user).select_related("judgment", "adjudication")
    for one in told.order_by("pk"):
        if one.reviewer_id not in reviewers:
            reviewers[one.reviewer_id] = f"reviewer {next(numbers)}"
        said.append(
            {
                "item": name_of_item(one.judgment),
                "by": reviewers[one.reviewer_id],
                "text": one.text,
                "decision": one.adjudication.outcome if one.adjudication else None,
                "at": one.created_at,
                "state": one.state,
                "your_answer": one.answer,
                "answered_at": one.answered_at,
            }
        )
    return said


def _steps(user) -> list[dict]:
    steps = StageChange.objects.filter(membership__user=user).select_related("appeal")
    rows = steps.select_related("membership__project").order_by("pk")
    return [
        {
            "project": one.membership.project.slug,
            "from": one.from_stage,
            "to": one.to_stage,
            "because": one.rule,
            "reason": one.reason,
            "evidence": one.evidence,
            "at": one.at,
            "your_appeal": one.appeal.text if hasattr(one, "appeal") else "",
            "the_answer": one.appeal.answer if hasattr(one, "appeal") else "",
        }
        for one in rows
    ]
