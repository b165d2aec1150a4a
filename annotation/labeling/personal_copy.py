"""A person's judgments for their own copy: what they said, without the prompts and responses."""

from annotation.labeling.models import Judgment, WrittenResponse

SAID = (
    "revision", "origin", "ranks", "unacceptable", "strength", "rest_below", "scale",
    "preference", "both", "ratings", "flags", "highlights", "confidence", "rationale",
    "recording", "order", "seconds", "is_surplus", "is_retraction", "purpose", "submitted_at",
)  # fmt: skip


def judgment_rows(user) -> list[dict]:
    """Oldest first. Responses go by their positions in the item, as in the database."""
    mine = Judgment.objects.filter(labeler=user).order_by("pk")
    written = _written(user)
    rows = mine.values("pk", "project__slug", "item__external_id", *SAID)
    return [
        {
            "project": row["project__slug"],
            "item": row["item__external_id"],
            **{name: row[name] for name in SAID},
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
