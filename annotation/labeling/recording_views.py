"""The rationale as it is spoken: kept as soon as it is over, part of the judgment by its hash."""

from django.shortcuts import render
from django.views.decorators.http import require_POST

from annotation.core.errors import DomainError
from annotation.labeling.answers import own_assignment
from annotation.labeling.bench.panel import RubricPanel
from annotation.labeling.recording import attach_voice, keep_in_draft


@require_POST
def keep_recording(request, slug, assignment_id):
    """The recorder of the desk, with the sound that was sent in it, or empty where none was."""
    assignment = own_assignment(request, slug, assignment_id)
    voice, entered, problem = request.FILES.get("voice"), {}, ""
    if voice is not None:
        try:
            entered["recording"] = attach_voice(assignment, voice.file)
            keep_in_draft(assignment, entered["recording"])
        except DomainError as error:
            problem = str(error)
    panel = RubricPanel(
        None,
        count=0,
        rationale_rule=assignment.project.rationale,
        entered=entered,
        allows_recording=assignment.project.allows_recording,
        slug=slug,
    )
    context = {"panel": panel, "recording_problem": problem}
    status = 422 if problem else 200
    return render(request, "labeling/_recording.html", context, status=status)
