"""A checked verdict becomes rows: the judgment, what was written with it, and the event."""

from dataclasses import replace

from django.utils.translation import gettext as _

from annotation.core.hashing import sha256_of_text
from annotation.labeling.diff import one_kind_of_line_end
from annotation.labeling.inserting import insert_judgment
from annotation.labeling.models import ItemResponse, Judgment, WrittenResponse
from annotation.labeling.models.items import SHOWN
from annotation.labeling.responses.masking import MASK
from annotation.labeling.verdict import Verdict, VerdictError
from annotation.prompts.models import Attachment, Response


def texts_for(verdict: Verdict, item) -> dict[int, str]:
    """The item's responses by position where a check needs them, else nothing: no statement."""
    if not (verdict.highlights or verdict.corrections):
        return {}
    placed = ItemResponse.objects.filter(item=item).values_list("position", SHOWN)
    return dict(placed)


def without_unchanged(verdict: Verdict, texts: dict[int, str]) -> Verdict:
    """A correction that changes nothing is none. Forms turn every line end into the same one."""
    changed = {
        position: text
        for position, text in verdict.corrections.items()
        if one_kind_of_line_end(text) != one_kind_of_line_end(texts.get(position, ""))
    }
    return (
        verdict
        if len(changed) == len(verdict.corrections)
        else replace(verdict, corrections=changed)
    )


def record_judgment(
    *,
    item,
    labeler,
    verdict: Verdict,
    event: str = "judgment.submitted",
    ended_as: str = "",
    **fields,
) -> Judgment:
    """Insert the judgment with everything that belongs to it. Inside a transaction; the verdict
    was checked. `fields` are the Judgment's other columns; with `ended_as` its assignment ends in
    that state."""
    _check_recording(verdict, item.project, labeler)
    columns = {"project": item.project} | fields | verdict.as_columns()
    judgment = Judgment(item=item, labeler=labeler, **columns)
    insert_judgment(judgment, event=event, ended_as=ended_as)
    if verdict.has_written:
        _write_responses(judgment, verdict)
    return judgment


def positions_with_mask(judgment: Judgment) -> list[int]:
    """The positions whose correction still has the mask that its labeler was shown."""
    covered = ItemResponse.objects.filter(item=judgment.item_id, shown_text__contains=MASK)
    kept = WrittenResponse.objects.filter(
        judgment=judgment,
        position__in=covered.values("position"),
        response__text__contains=MASK,
    )
    return list(kept.order_by("position").values_list("position", flat=True))


def _check_recording(verdict: Verdict, project, labeler) -> None:
    """Only what the labeler said here themselves; the database knows no other files either."""
    if not verdict.recording:
        return
    mine = Attachment.objects.filter(project=project, sha256=verdict.recording)
    if not mine.filter(created_by=labeler).exists():
        raise VerdictError(_("The recording cannot be found. Record it again."), field="recording")


def _write_responses(judgment: Judgment, verdict: Verdict) -> None:
    """A correction is a new response beside the old one; a demonstration stands alone."""
    originals = dict(
        ItemResponse.objects.filter(item=judgment.item_id).values_list("position", "response")
    )
    for position, text in sorted(verdict.corrections.items()):
        _write(judgment, text, Response.Kind.CORRECTION, position, corrects_id=originals[position])
    if verdict.demonstration:
        _write(judgment, verdict.demonstration, Response.Kind.DEMONSTRATION, None)


def _write(judgment, text, kind, position, **fields) -> None:
    response = Response.objects.create(
        prompt_id=judgment.item.prompt_id,
        kind=kind,
        text=text,
        text_sha256=sha256_of_text(text),
        author=judgment.labeler,
        **fields,
    )
    WrittenResponse.objects.create(judgment=judgment, response=response, position=position)
