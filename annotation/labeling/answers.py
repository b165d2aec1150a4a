"""How the judging pages answer: the desk, as a page or as the fragment that replaces it.

Without script a POST is answered by a redirect to the desk; with htmx by the desk itself.
"""

import uuid
from dataclasses import dataclass
from functools import wraps

from django.contrib import messages
from django.contrib.messages import get_messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.core.harms import labels_of
from annotation.labeling import queue, services
from annotation.labeling.bench import Bench
from annotation.labeling.bench.fresh import fresh_fragment, is_fresh
from annotation.labeling.desk import desk_for
from annotation.labeling.forms import Problem
from annotation.labeling.forms.entered import typed_texts
from annotation.labeling.forms.writing import open_writing
from annotation.labeling.ladder.desk import why_nothing_comes, words_beside
from annotation.labeling.models import ON_THE_LADDER, Assignment, Item
from annotation.labeling.prerender import request_rendering
from annotation.labeling.recording import attach_voice
from annotation.labeling.rubric_news import news_for


@dataclass(frozen=True)
class Notice:
    text: str
    lead: str = ""
    style: str = "info"


@dataclass(frozen=True)
class Undo:
    """What was just done and may be taken back for a while."""

    text: str
    url: str


class SeeOther(HttpResponseRedirect):
    """After a POST: get the next page."""

    status_code = 303


def undo_of(assignment) -> Undo:
    is_skip = assignment.state == Assignment.State.SKIPPED
    text = _("Skipped. It goes to somebody else.") if is_skip else _("Submitted.")
    return Undo(text, reverse("labeling:undo", args=[assignment.project.slug, assignment.pk]))


def absent_is_404(view):
    """For a page that lends, or looks at what was lent: whoever was removed from the project in
    between finds nothing there, as if there were no such page."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404 from error

    return answer


def own_assignment(request, slug, assignment_id) -> Assignment:
    try:
        assignment = services.assignment_of(request.user, assignment_id)
    except NotFound as error:
        raise Http404 from error
    if assignment.project.slug != slug:
        raise Http404
    return assignment


def show_next(request, project, *, notice=None, next_id=None, done=None):
    """The next item. `done`: the assignment that was submitted or skipped and may be undone."""
    if not request.htmx:
        if notice is not None:
            level = messages.WARNING if notice.style == "warn" else messages.INFO
            messages.add_message(request, level, f"{notice.lead} {notice.text}".strip())
        url = reverse("labeling:judge", args=[project.slug])
        return SeeOther(f"{url}?done={done.pk}" if done else url)
    if next_id is None:
        assignment = services.lend_next_item(project=project, labeler=request.user)
        next_id = assignment and assignment.pk
    undo = undo_of(done) if done else None
    return show_desk(request, project, next_id, notices=[notice] if notice else [], undo=undo)


def show_desk(request, project, assignment_id, *, notices=(), undo=None):
    if assignment_id is None:
        empty = why_empty(request.user, project)
        return render_desk(request, project, None, notices=notices, undo=undo, empty=empty)
    assignment = services.assignment_of(request.user, assignment_id)
    rubric = services.rubric_of(assignment)
    if news := news_for(assignment, rubric):
        return render_desk(request, project, None, notices=notices, undo=undo, news=news)
    if assignment.item.warnings and "shown" not in assignment.draft:
        cover = Cover(assignment)
        return render_desk(request, project, None, notices=notices, undo=undo, cover=cover)
    if assignment.purpose in ON_THE_LADDER and (words := words_beside(assignment)):
        notices = [Notice(words), *notices]
    desk = desk_for(assignment)
    if desk.is_cold:  # the next ones are rendered while this one is read
        request_rendering(project=project)
    if request.htmx and is_fresh(assignment) and not notices and not get_messages(request):
        return _desk(HttpResponse(fresh_fragment(request, assignment, desk, rubric, undo)))
    bench = Bench(
        assignment,
        desk,
        rubric,
        assignment.draft,
        is_whole_page=not request.htmx,
    )
    choice = None
    if assignment.item.state == Item.State.WITHDRAWN:
        choice = choice_of(services.ItemWithdrawn(_("This item was withdrawn meanwhile.")))
    return render_desk(request, project, bench, notices=notices, undo=undo, choice=choice)


@dataclass(frozen=True)
class Choice:
    """The world has moved on while somebody judged: what happened, and what may be done. The work
    is still in the form; `name` and `value` go with it."""

    text: str
    label: str = ""
    name: str = ""
    value: str = ""
    leaves: bool = False  # the item must be given back before the next one can be lent


def choice_of(error: Conflict) -> Choice:
    if isinstance(error, services.ItemWithdrawn):
        return Choice(str(error), _("Keep mine apart, as surplus"), "keep", "1", leaves=True)
    held = getattr(error, "judgment", None) or getattr(error, "latest", None)
    may_replace = held is not None and held.purpose not in ON_THE_LADDER
    if may_replace and not held.is_retraction:
        return Choice(str(error), _("Replace it with what is here"), "replace", str(held.pk))
    return Choice(str(error))


def show_choice(request, assignment, form, error: Conflict):
    """The desk with everything that was entered, what happened, and the choices."""
    bench = Bench(
        assignment,
        desk_for(assignment),
        services.rubric_of(assignment, form.rubric_id),
        form.entered,
        is_whole_page=not request.htmx,
    )
    bench.key = uuid.uuid4()  # the old key belongs to what was submitted
    return render_desk(request, assignment.project, bench, status=409, choice=choice_of(error))


def show_left(request, error: services.Left, form):
    """Somebody was removed while they judged. The item is not theirs to see any more; their words
    are, and go with them. A desk with script stays as it is: this is no fragment of it."""
    context = {"problem": str(error), "texts": typed_texts(form.entered)}
    return render(request, "labeling/left.html", context, status=error.status)


def show_opened(request, assignment, form, action: str, **page):
    """Without script: the desk with everything that was entered, and an editor, a comparison or a
    form for quotes open. `page`: what else the Bench should know."""
    desk = desk_for(assignment)
    texts = {card.letter.lower(): card.text for card in desk.cards}
    opened = open_writing(action, form.entered, texts, request.POST)
    if action in ("speak", "unspeak"):
        _take_voice(request, assignment, opened)
    bench = Bench(
        assignment,
        desk,
        services.rubric_of(assignment, form.rubric_id),
        opened.entered,
        opened.problems,
        is_whole_page=not request.htmx,
        opened=opened.action,
        dropped=opened.dropped,
        **page,
    )
    bench.key = form.key or bench.key
    return render_desk(request, assignment.project, bench, status=422 if opened.problems else 200)


def _take_voice(request, assignment, opened) -> None:
    """Without script a sound file comes with the whole form."""
    opened.entered.pop("recording", None)
    if voice := request.FILES.get("voice"):
        try:
            opened.entered["recording"] = attach_voice(assignment, voice.file)
        except DomainError as error:
            opened.problems.append(Problem(str(error), "recording"))


class Cover:
    """Before an item that may be hard to read: what it is marked with, and a choice."""

    def __init__(self, assignment):
        here = [assignment.project.slug, assignment.pk]
        self.labels = labels_of(assignment.item.warnings)
        self.show_url = reverse("labeling:show-covered", args=here)
        self.skip_url = reverse("labeling:skip-item", args=here)


def why_empty(labeler, project) -> dict[str, str]:
    if reason := why_nothing_comes(labeler, project):
        return reason
    avoided = queue.avoided_by(labeler)
    if avoided and project.items.open().filter(warnings__overlap=avoided).exists():
        return {
            "title": _("Nothing left that you want to see"),
            "text": _(
                "Some items here are marked with what you keep away from: %(kinds)s. "
                "Your preferences say so; nobody counts it against you."
            )
            % {"kinds": ", ".join(labels_of(avoided))},
        }
    if Assignment.objects.filter(project=project, labeler=labeler).exists():
        return {
            "title": _("Nothing left for you here"),
            "text": _(
                "You have judged every item of this project that still needs a judgment, or "
                "others hold the rest just now. Thank you."
            ),
        }
    return {
        "title": _("Nothing to judge yet"),
        "text": _(
            "This project has no items that wait for you. They appear here when a lead "
            "imports some."
        ),
    }


def render_desk(
    request,
    project,
    bench,
    *,
    status=200,
    notices=(),
    undo=None,
    choice=None,
    cover=None,
    news=None,
    empty=None,
    explained=None,
):
    context = {
        "project": project,
        "bench": bench,
        "notices": notices,
        "undo": undo,
        "choice": choice,
        "cover": cover,
        "news": news,
        "news_version": str(news.new.pk) if news else "",
        "empty": empty,
        "explained": explained,
        "read_url": reverse("labeling:read-rubric", args=[project.slug]),
        "judge_url": reverse("labeling:judge", args=[project.slug]),
    }
    template = "labeling/_judge.html" if request.htmx else "labeling/judge.html"
    return _desk(render(request, template, context, status=status))


def _desk(response):
    """What every answer with a desk says to caches and to the script."""
    response["X-Concord-Fragment"] = "judge"
    patch_vary_headers(response, ["HX-Request"])
    return response
