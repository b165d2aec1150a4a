"""What markers look at."""

from annotation.prompts.models import Response


def candidates_of(project):
    """Answers that might be judged, not those that people wrote."""
    return Response.objects.filter(prompt__project=project, kind=Response.Kind.CANDIDATE)
