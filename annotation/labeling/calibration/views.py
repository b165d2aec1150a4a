"""The pages of calibration rounds: the list, one round, and what a lead does to it."""

from django.contrib import messages
from django.db.models import Count
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.labeling.calibration import drafts, opening, outcomes, revealing, talking
from annotation.labeling.calibration.forms import RoundForm, initial_of
from annotation.labeling.calibration.picking import problems_with
from annotation.labeling.calibration.progress import progress_of
from annotation.labeling.calibration.seats import managed_round, seat_for
from annotation.labeling.forms.judgment import text_in
from annotation.labeling.models import CalibrationMember, CalibrationRound, Item
from annotation.labeling.refused import Refused
from annotation.projects.permissions import project_for, roles_for


@require_safe
def list_rounds(request, slug):
    project = project_for(request.user, slug, "review")
    rounds = (
        CalibrationRound.objects.filter(project=project)
        .annotate(
            item_count=Count("items", distinct=True), member_count=Count("members", distinct=True)
        )
        .order_by("-pk")
    )
    context = {
        "project": project,
        "tab": "review",
        "rounds": rounds,
        "may_manage": project.role in roles_for("manage"),
    }
    return render(request, "labeling/calibration/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request, slug):
    project = project_for(request.user, slug, "manage")
    picked = project.items.filter(external_id__in=request.GET.getlist("item")[:100])
    names = "\n".join(picked.order_by("pk").values_list("external_id", flat=True))
    form = RoundForm(request.POST or None, project=project, initial={"items": names})

    def save(plan):
        return drafts.create_round(project=project, plan=plan, actor=request.user)

    return _edited(request, project, form, save)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, slug, calibration_id):
    round_ = managed_round(request.user, slug, calibration_id)
    if not round_.is_draft:
        messages.error(request, _("This round has begun: it cannot be changed any more."))
        return _to(round_)
    form = RoundForm(request.POST or None, project=round_.project, initial=initial_of(round_))

    def save(plan):
        return drafts.change_round(round_=round_, plan=plan, actor=request.user)

    return _edited(request, round_.project, form, save, round_=round_)


def _edited(request, project, form, save, round_=None):
    if request.method == "POST" and form.is_valid():
        try:
            saved = save(form.plan(drafts.everybody))
            messages.success(request, _("Saved. Nobody sees it before you open it."))
            return _to(saved)
        except DomainError as error:
            form.add_error(None, str(error))
    context = {"project": project, "tab": "review", "form": form, "round": round_}
    status = 422 if form.errors else 200
    return render(request, "labeling/calibration/edit.html", context, status=status)


@require_safe
@cache_control(private=True, no_store=True)
def show(request, slug, calibration_id):
    return _page(request, seat_for(request.user, slug, calibration_id))


def _page(request, seat, refused=None):
    round_ = seat.round
    progress = progress_of(round_)
    context = {
        "project": seat.project,
        "tab": "review",
        "seat": seat,
        "round": round_,
        "progress": progress,
        "own": progress.of(request.user),
        "items": _items(round_, request.user),
        "problems": _problems(round_) if round_.is_draft else [],
        "member_count": len(_labelers(round_)),
        "refused": refused,
    }
    status = refused.status if refused else 200
    return render(request, "labeling/calibration/show.html", context, status=status)


def _items(round_, reader) -> list:
    """With how much was said of each, what of it is new, and what came of it."""
    rows = list(talking.with_post_counts(round_.items.select_related("item__prompt")))
    unread = talking.unread_by_item(rows, reader) if round_.is_shown else {}
    for row in rows:
        row.unread, row.round = unread.get(row.pk, 0), round_
        row.latest = outcomes.latest_verdict(row) if round_.is_shown else None
    return rows


def _labelers(round_) -> list[int]:
    if round_.is_draft and round_.takes_everybody:
        return drafts.everybody(round_.project)
    return list(round_.members.values_list("labeler_id", flat=True))


def _problems(round_) -> list[str]:
    """What would be refused if it were opened now."""
    items = list(Item.objects.filter(calibration__round=round_))
    return problems_with(items, _labelers(round_), of_round=round_)


@require_POST
def delete(request, slug, calibration_id):
    round_ = managed_round(request.user, slug, calibration_id)
    try:
        drafts.delete_round(round_=round_, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
        return _to(round_)
    messages.success(request, _("The draft is gone."))
    return redirect("labeling:list-calibrations", slug)


@require_POST
def open_for_judging(request, slug, calibration_id):
    def call(round_):
        opening.open_round(round_=round_, actor=request.user)
        return _("Open. Its items come first in the queues of those who take part.")

    return _done(request, slug, calibration_id, call)


@require_POST
def call_off(request, slug, calibration_id):
    def call(round_):
        count = opening.call_off(round_=round_, actor=request.user)
        back = ngettext(
            "%(count)d item is in the queue again.",
            "%(count)d items are in the queue again.",
            count,
        )
        return f"{_('Called off.')} {back % {'count': count}}"

    return _done(request, slug, calibration_id, call)


@require_POST
def reveal(request, slug, calibration_id):
    reason = text_in(request.POST, "reason")

    def call(round_):
        revealing.reveal(round_=round_, actor=request.user, reason=reason)
        return _("Revealed. Everybody in it sees what all have said, and may discuss it.")

    return _done(request, slug, calibration_id, call, form="reveal", text=reason)


@require_POST
def nudge(request, slug, calibration_id):
    def call(round_):
        count = revealing.nudge(round_=round_, actor=request.user)
        asked = ngettext(
            "%(count)d person is asked on their start page.",
            "%(count)d people are asked on their start page.",
            count,
        )
        return asked % {"count": count}

    return _done(request, slug, calibration_id, call)


@require_POST
def excuse(request, slug, calibration_id, member_id):
    reason = request.POST.get("reason", "")

    def call(round_):
        member = CalibrationMember.objects.filter(round=round_, pk=member_id).first()
        if member is None:
            raise Http404
        member.round = round_
        if "expect" in request.POST:
            revealing.expect_again(member=member, actor=request.user)
            return _("They are waited for again.")
        revealing.excuse(member=member, actor=request.user, reason=reason)
        return _("Nobody waits for them any more.")

    return _done(request, slug, calibration_id, call, form="excuse", text=reason, pk=member_id)


def _done(request, slug, calibration_id, call, **sent):
    """`sent`: the form with a text, as `Refused` wants it."""
    round_ = managed_round(request.user, slug, calibration_id)
    try:
        messages.success(request, call(round_))
    except DomainError as error:
        if sent:
            seat = seat_for(request.user, slug, calibration_id)
            refused = Refused(error=error, is_here=seat.round.is_open, **sent)
            return _page(request, seat, refused)
        messages.error(request, str(error))
    return _to(round_)


def _to(round_):
    return redirect("labeling:show-calibration", round_.project.slug, round_.pk)
