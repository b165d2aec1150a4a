"""What an AI judge says: the labeler's own pages, and where a lead turns them on."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.labeling.final import make_final
from annotation.labeling.history import Judged
from annotation.projects.permissions import project_for
from annotation.quality.judges.critiques import (
    critiques_of,
    judgments_with_critiques,
    show_critiques,
)


@require_safe
def list_critiques(request):
    page = Paginator(judgments_with_critiques(request.user), 20).get_page(request.GET.get("page"))
    context = {"page": page, "rows": [Judged(judgment) for judgment in page]}
    return render(request, "quality/judges/critiques.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_store=True)
def read_critique(request, judgment_id):
    """The labeler's own judgment; the judge's words only once it is final, which a POST makes."""
    judgment = get_object_or_404(judgments_with_critiques(request.user), pk=judgment_id)
    problem = ""
    if request.method == "POST":
        try:
            make_final(judgment=judgment, labeler=request.user)
            return redirect("quality:read-critique", judgment_id)
        except DomainError as error:
            problem = str(error)
    judged = Judged(judgment)
    context = {
        "judged": judged,
        "texts": _texts(judgment, judged),
        "critiques": critiques_of(judgment) if judgment.is_final else [],
        "problem": problem,
    }
    status = 409 if problem else 200
    return render(request, "quality/judges/critique.html", context, status=status)


def _texts(judgment, judged) -> list[tuple[str, str]]:
    """(letter, text) of the responses, by letter."""
    letters = judged.letters()
    places = judgment.item.item_responses.select_related("response")
    return sorted((letters[place.position - 1], place.shown) for place in places)


@require_POST
def set_critiques(request, slug, judge_id):
    project = project_for(request.user, slug, "manage")
    judge = get_object_or_404(project.judges.select_related("project"), pk=judge_id)
    is_shown = "show" in request.POST
    show_critiques(judge=judge, is_shown=is_shown, actor=request.user)
    if is_shown:
        messages.success(request, _("Labelers find its critiques under Feedback."))
    else:
        messages.success(request, _("Labelers read its critiques no more."))
    return redirect("quality:show-judge", slug, judge_id)
