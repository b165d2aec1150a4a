"""The page of one item of a revealed round: what is said there, and what comes of it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from annotation.core.errors import DomainError, NotFound
from annotation.labeling.bench import problems_of
from annotation.labeling.calibration import outcomes, talking
from annotation.labeling.calibration.item_page import ItemPage
from annotation.labeling.calibration.seats import item_of, seat_for
from annotation.labeling.calibration.shown import shared_desk
from annotation.labeling.forms import JudgmentForm
from annotation.labeling.forms.judgment import text_in, whole_number
from annotation.labeling.models import CalibrationPost
from annotation.labeling.refused import Refused
from annotation.projects.services import current_rubric, rubric_by_id


@require_safe
@cache_control(private=True, no_store=True)
def show_item(request, slug, calibration_id, position):
    seat = seat_for(request.user, slug, calibration_id)
    return _show(request, ItemPage(seat, item_of(seat, position)))


@require_POST
def say(request, slug, calibration_id, position):
    seat = seat_for(request.user, slug, calibration_id)
    found = item_of(seat, position)
    text, parent = text_in(request.POST, "text"), request.POST.get("parent", "")
    try:
        post = talking.say(
            found=found, author=request.user, text=text, parent_id=whole_number(parent)
        )
    except NotFound as error:
        raise Http404 from error
    except DomainError as error:
        page = ItemPage(seat, found, typed=text, typed_in=parent or "new", error=str(error))
        if not page.may_talk:
            page.refused, page.error = Refused("say", error, text, is_here=False), ""
        return _show(request, page, status=error.status)
    return _to(found, f"#post-{post.pk}")


@require_POST
def change_post(request, slug, calibration_id, post_id):
    """`do`: edit or remove."""
    seat = seat_for(request.user, slug, calibration_id)
    rows = CalibrationPost.objects.filter(pk=post_id, item__round=seat.round)
    post = rows.select_related("item__item__prompt").first()
    if post is None or not seat.round.is_shown:
        raise Http404
    post.item.round = seat.round
    text = text_in(request.POST, "text")
    try:
        if request.POST.get("do") == "remove":
            talking.remove_post(post=post, actor=request.user, may_manage=seat.may_manage)
        else:
            talking.edit_post(post=post, author=request.user, text=text)
    except NotFound as error:
        raise Http404 from error
    except DomainError as error:
        page = ItemPage(seat, post.item)
        is_here = post.pk in page.editable
        page.refused = Refused("edit", error, text, post.pk, is_here)
        return _show(request, page, status=page.refused.status)
    return _to(post.item, f"#post-{post.pk}")


@require_POST
def conclude(request, slug, calibration_id, position):
    """`do`: agree, open, example or gold."""
    seat = seat_for(request.user, slug, calibration_id)
    found = item_of(seat, position)
    if not seat.may_review:
        raise Http404
    do = request.POST.get("do", "")
    if do == "agree":
        return _agree(request, seat, found)
    said = {"found": found, "actor": request.user, "key": _key(request)}
    try:
        if do == "open":
            outcomes.leave_open(note=text_in(request.POST, "note"), **said)
        elif do == "example":
            criterion = request.POST.get("criterion", "")
            text = text_in(request.POST, "text")
            outcomes.make_example(criterion=criterion, text=text, **said)
        elif do == "gold":
            outcomes.make_it_gold(tolerance=request.POST.get("tolerance", ""), **said)
        else:
            raise DomainError(_("Choose what to do."))
        is_hidden = do == "gold"  # from members: they may be lent it
        messages.success(
            request,
            _("Noted. Labelers do not see that it is gold.")
            if is_hidden
            else _("Noted. Everybody in the round sees it."),
        )
    except DomainError as error:
        text = text_in(request.POST, "note") or text_in(request.POST, "text")
        page = ItemPage(seat, found)
        is_here = page.may_conclude and (do == "open" or seat.may_manage)
        criterion = request.POST.get("criterion", "")
        page.refused = refused = Refused(do, error, text, is_here=is_here, extra=criterion)
        return _show(request, page, status=refused.status)
    return _to(found, "#outcome")


def _agree(request, seat, found):
    form = JudgmentForm(request.POST)
    desk, note = shared_desk(found), text_in(request.POST, "note")
    rubric = _rubric(seat.project, form.rubric_id)
    try:
        outcomes.agree(
            found=found,
            actor=request.user,
            verdict=form.verdict(desk, rubric),
            note=note,
            key=form.key,
            rubric=rubric,
        )
    except DomainError as error:
        problems = form.problems or problems_of(error, desk, rubric)
        page = ItemPage(seat, found, entered=form.entered | {"note": note}, problems=problems)
        if not page.may_conclude:
            page.refused = Refused("agree", error, note, is_here=False)
        return _show(request, page, status=error.status)
    messages.success(request, _("Noted. Everybody in the round sees it."))
    return _to(found, "#outcome")


def _rubric(project, shown_id: int | None):
    """The version that the page showed, else the one in force."""
    if shown_id and project.rubric_versions.published().filter(pk=shown_id).exists():
        return rubric_by_id(shown_id)
    return current_rubric(project)


def _key(request) -> UUID | None:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return None


def _show(request, page: ItemPage, status: int = 200):
    position, count = page.found.position, page.round.items.count()
    context = {
        "project": page.seat.project,
        "tab": "review",
        "seat": page.seat,
        "round": page.round,
        "found": page.found,
        "page": page,
        "shown": page.shown,
        "count": count,
        "previous": position - 1 if position > 1 else None,
        "next": position + 1 if position < count else None,
    }
    return render(request, "labeling/calibration/item.html", context, status=status)


def _to(found, place: str):
    here = [found.round.project.slug, found.round_id, found.position]
    return redirect(f"{reverse('labeling:show-calibration-item', args=here)}{place}")
