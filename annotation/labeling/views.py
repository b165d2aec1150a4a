"""The labeler's pages: the queue, the judging page, and what it sends."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import Conflict, DomainError, NotFound
from annotation.labeling import services
from annotation.labeling.answers import (
    Notice,
    absent_is_404,
    own_assignment,
    render_desk,
    show_choice,
    show_desk,
    show_left,
    show_next,
    show_opened,
    undo_of,
)
from annotation.labeling.bench import Bench, problems_of
from annotation.labeling.bench.problems import letters_of
from annotation.labeling.calibration.home import own_rounds
from annotation.labeling.desk import desk_for
from annotation.labeling.forms import JudgmentForm, entered_in
from annotation.labeling.forms.judgment import whole_number
from annotation.labeling.home import headline_of, queues_of, recent_judgments
from annotation.labeling.ladder import desk as ladder
from annotation.labeling.messages.unread import told_at_home, unread_by
from annotation.labeling.models import ON_THE_LADDER, Purpose
from annotation.labeling.record import positions_with_mask
from annotation.labeling.responses.masking import MASK
from annotation.labeling.revising import revise_judgment
from annotation.labeling.rubric_news import mark_as_read
from annotation.labeling.undo import is_undoable, undo_last
from annotation.projects.permissions import may_create_projects, project_for


@require_safe
def home(request):
    queues = queues_of(request.user)
    if not queues and may_create_projects(request.user):
        return redirect("projects:list-projects")  # which leads on to the first project
    context = {
        "queues": queues,
        "recent": recent_judgments(request.user),
        "headline": headline_of(queues),
        "calibrations": own_rounds(request.user),
        "unread": unread_by(request.user),
        "announcements": told_at_home(request.user),
    }
    return render(request, "labeling/home.html", context)


# no_store: Back and Forward ask again, instead of showing an item that was judged meanwhile.
@require_safe
@cache_control(private=True, no_store=True)
@absent_is_404
def judge(request, slug):
    """The item that this labeler holds in the project, or the next one."""
    project = project_for(request.user, slug, "judge")
    assignment = services.lend_next_item(project=project, labeler=request.user)
    undo = _just_done(request, slug)
    return show_desk(request, project, assignment and assignment.pk, undo=undo)


def _just_done(request, slug):
    """Without script, the address says what was just submitted or skipped."""
    done = whole_number(request.GET.get("done", ""))
    if done is None:
        return None
    assignment = own_assignment(request, slug, done)
    return undo_of(assignment) if is_undoable(assignment) else None


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_store=True)
@absent_is_404
def submit(request, slug, assignment_id):
    """Record the judgment and answer with the next item, in one round trip."""
    if request.method != "POST":  # somebody reloads a page that said 422
        return redirect("labeling:judge", slug)
    form = JudgmentForm(request.POST)
    if action := request.POST.get("open", ""):
        return show_opened(request, own_assignment(request, slug, assignment_id), form, action)
    if replaced := whole_number(request.POST.get("replace", "")):
        return _replace(request, slug, assignment_id, form, replaced)

    def verdict(assignment, rubric):
        if assignment.project.slug != slug:
            raise NotFound(_("There is no such assignment."))
        return form.verdict(assignment, rubric)

    try:
        judgment, next_id = services.submit_judgment(
            assignment_id=assignment_id,
            labeler=request.user,
            verdict=verdict,
            key=form.key,
            seconds=form.seconds,
            rubric_id=form.rubric_id,
            keeps_withdrawn="keep" in request.POST,
        )
    except services.Left as error:
        return show_left(request, error, form)
    except NotFound:
        raise
    except Conflict as error:
        assignment = own_assignment(request, slug, assignment_id)
        if isinstance(error, services.Suspended):
            services.keep_as_draft(assignment, form.entered)
        return show_choice(request, assignment, form, error)
    except DomainError as error:
        return _again(request, own_assignment(request, slug, assignment_id), form, error)
    assignment = judgment.assignment
    if judgment.purpose in ON_THE_LADDER:
        return _after_the_ladder(request, judgment, next_id)
    if judgment.is_surplus:
        notice = Notice(
            _("It is kept and counted apart, as surplus."), _("That came late."), "warn"
        )
        return show_next(request, judgment.project, notice=notice, next_id=next_id)
    notice = _masks_kept(form, judgment)
    return show_next(request, judgment.project, notice=notice, next_id=next_id, done=assignment)


def _masks_kept(form, judgment) -> Notice | None:
    """Said and not refused: the judgment counts, and so may the rest of the correction."""
    if not any(MASK in text for name, text in form.entered.items() if name.startswith("edit_")):
        return None
    letters = letters_of(judgment.assignment, positions_with_mask(judgment))
    if not letters:
        return None
    return Notice(
        _(
            "Datasets leave such a correction out. Take it back, or open it in your history, and "
            "write that sentence without the covered words."
        ),
        _("Your correction of %(letters)s keeps covered words (█████).")
        % {"letters": ", ".join(letters).upper()},
        "warn",
    )


def _after_the_ladder(request, judgment, next_id):
    """The known answer, or the end of the test; else the next item. Nothing is to be undone."""
    project, assignment = judgment.project, judgment.assignment
    if judgment.purpose == Purpose.TRAINING:
        if not request.htmx:
            return redirect("labeling:show-explanation", project.slug, assignment.pk)
        own = services.assignment_of(request.user, assignment.pk)
        if found := ladder.explained(own, judgment):
            return render_desk(request, project, None, explained=found)
    elif result := ladder.test_result(request.user, project):
        if not request.htmx:
            return redirect(result["url"])
        return render_desk(request, project, None, empty=result)
    return show_next(request, project, next_id=next_id)


def _replace(request, slug, assignment_id, form, replaced):
    """The labeler chose to put this verdict in the place of the one given before."""
    assignment = own_assignment(request, slug, assignment_id)
    try:
        revise_judgment(
            judgment_id=replaced,
            labeler=request.user,
            verdict=lambda _judgment, rubric: form.verdict(assignment, rubric),
            key=form.key,
            seconds=form.seconds,
            rubric_id=form.rubric_id,
        )
    except NotFound:
        raise
    except Conflict as error:
        return show_choice(request, assignment, form, error)
    except DomainError as error:
        return _again(request, assignment, form, error)
    return show_next(request, assignment.project, notice=Notice(_("Replaced. The first is kept.")))


@require_POST
@absent_is_404
def skip(request, slug, assignment_id):
    assignment = own_assignment(request, slug, assignment_id)
    try:
        services.skip(
            assignment_id=assignment.pk,
            labeler=request.user,
            reason=request.POST.get("reason", ""),
        )
    except NotFound:
        raise
    except DomainError as error:
        notice = Notice(str(error), style="warn")
        return show_next(request, assignment.project, notice=notice)
    assignment.state = assignment.State.SKIPPED
    return show_next(request, assignment.project, done=assignment)


@require_POST
@absent_is_404
def undo(request, slug, assignment_id):
    """Back to what was just submitted or skipped, with everything that was entered."""
    assignment = own_assignment(request, slug, assignment_id)
    try:
        undo_last(assignment_id=assignment.pk, labeler=request.user)
    except Conflict as error:
        notice = Notice(str(error), style="warn")
        return show_next(request, assignment.project, notice=notice)
    notice = Notice(_("It is yours again, as you left it."), _("Taken back."))
    return show_next(request, assignment.project, notice=notice, next_id=assignment.pk)


@require_POST
@absent_is_404
def read_rubric(request, slug):
    """The labeler has read what changed: on to the item."""
    project = project_for(request.user, slug, "judge")
    version = whole_number(request.POST.get("version", ""))
    shown = project.rubric_versions.published().filter(pk=version).first()
    if shown is not None:  # a still newer one is shown in its turn
        mark_as_read(request.user, project, shown)
    return show_next(request, project)


@require_POST
@absent_is_404
def show_covered(request, slug, assignment_id):
    """The labeler wants to see an item that is marked as hard to read. It stays uncovered."""
    assignment = own_assignment(request, slug, assignment_id)
    services.uncover(assignment)
    return show_next(request, assignment.project, next_id=assignment.pk)


@require_POST
def draft(request, slug, assignment_id):
    """Keep what is on the page. 204, or 409 with what the labeler should know."""
    return _quietly(
        lambda: services.save_draft(
            assignment_id=assignment_id,
            labeler=request.user,
            token=_token(request),
            draft=entered_in(request.POST),
        )
    )


@require_POST
def lease(request, slug, assignment_id):
    """The page is in use: keep the item lent to it."""
    return _quietly(
        lambda: services.renew_lease(
            assignment_id=assignment_id, labeler=request.user, token=_token(request)
        )
    )


def _quietly(call):
    try:
        call()
    except NotFound:
        return HttpResponse(status=404)
    except Conflict as error:
        return HttpResponse(
            _("%(problem)s Submit it anyway: late work counts.") % {"problem": error}, status=409
        )
    except DomainError as error:
        return HttpResponse(str(error), status=400)
    return HttpResponse(status=204)


def _token(request) -> int:
    value = request.POST.get("token", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _again(request, assignment, form, error):
    """The same page with everything that was entered, and what is wrong with it."""
    rubric = services.rubric_of(assignment, form.rubric_id)
    bench = Bench(
        assignment,
        desk_for(assignment),
        rubric,
        form.entered,
        form.problems or problems_of(error, assignment, rubric),
        is_whole_page=not request.htmx,
    )
    return render_desk(request, assignment.project, bench, status=422)
