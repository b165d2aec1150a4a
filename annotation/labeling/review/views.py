"""The reviewers' pages: the queue, one item, and what is decided about it."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from annotation.core.errors import Conflict, DomainError
from annotation.labeling.bench import problems_of
from annotation.labeling.forms import JudgmentForm, Problem
from annotation.labeling.forms.judgment import text_in, whole_number
from annotation.labeling.models import Item, ItemReview, Judgment
from annotation.labeling.refused import Refused
from annotation.labeling.review import services
from annotation.labeling.review.entries import (
    bring_up_to_date,
    is_behind,
    is_being_computed,
    shown_settings,
)
from annotation.labeling.review.listing import ReviewList
from annotation.labeling.review.page import ReviewPage
from annotation.labeling.review.queue import Filter, ReviewQueue
from annotation.labeling.review.seat import Seat
from annotation.projects.permissions import project_for, roles_for
from annotation.projects.services import current_rubric, rubric_by_id

PAGE = 50
UNBLINDED = "unblinded_items"  # in the session
MOST_UNBLINDED = 50


@require_safe
def list_reviews(request, slug):
    project = project_for(request.user, slug, "review")
    queue = ReviewQueue(project, request.user, Filter.of(request.GET))
    page = Paginator(queue.rows(), PAGE).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "tab": "review",
        "list": ReviewList(queue, page),
        "page": page,
        "is_being_computed": is_being_computed(project),
        "is_behind": is_behind(project),
        "settings": shown_settings(project),
        "may_manage": project.role in roles_for("manage"),
        "may_export": project.role in roles_for("export"),
    }
    return render(request, "labeling/review/list.html", context)


@require_POST
def refresh_reviews(request, slug):
    """Take in what was judged since the queue was computed."""
    project = project_for(request.user, slug, "review")
    bring_up_to_date(project, request.user)
    query = _filter(request).query
    return redirect(f"{reverse('labeling:list-reviews', args=[slug])}{query and '?'}{query}")


@require_safe
def next_review(request, slug):
    """The first of what was chosen; `after`: the one behind that item."""
    project = project_for(request.user, slug, "review")
    after = whole_number(request.GET.get("after", ""))
    return _next(request, project, Filter.of(request.GET), after)


@require_safe
@cache_control(private=True, no_store=True)
def review_item(request, slug, item_id):
    project, item = _item(request, slug, item_id)
    start_from = whole_number(request.GET.get("from", ""))
    page = ReviewPage(
        item, project, request.user, _is_unblinded(request, project, item), start_from=start_from
    )
    return _show(request, page, Filter.of(request.GET))


@require_POST
def settle(request, slug, item_id):
    project, item = _item(request, slug, item_id)
    form = JudgmentForm(request.POST)
    rubric = _rubric(project, form.rubric_id)
    seat = Seat.of(item, project, request.user)
    reason = text_in(request.POST, "reason")
    try:
        services.settle(
            item=item,
            reviewer=request.user,
            verdict=form.verdict(seat, rubric),
            reason=reason,
            seen=_seen(request),
            key=form.key,
            rubric=rubric,
            order=seat.order,
            was_blind=not _is_unblinded(request, project, item),
        )
    except DomainError as error:
        problems, status = form.problems or problems_of(error, seat, rubric), 422
        if isinstance(error, Conflict):
            status = error.status
            problems = [Problem(f"{error} {_('What you entered is still here.')}")]
        page = ReviewPage(
            item,
            project,
            request.user,
            _is_unblinded(request, project, item),
            entered=form.entered | {"reason": reason},
            problems=problems,
        )
        return _show(request, page, _filter(request), status=status)
    messages.success(request, _("Settled. Those who judged it are told."))
    return _next(request, project, _filter(request), item.pk, done=item.pk)


@require_POST
def approve(request, slug, item_id):
    project, item = _item(request, slug, item_id)

    def call():
        services.approve(
            item=item,
            reviewer=request.user,
            seen=_seen(request),
            key=_key(request),
            was_blind=not _is_unblinded(request, project, item),
        )

    return _decided(request, project, item, call, _("Approved."))


@require_POST
def send_back(request, slug, item_id, judgment_id):
    project, item = _item(request, slug, item_id)
    found = Judgment.objects.work().filter(item=item, pk=judgment_id)  # perhaps revised since
    judgment = found.select_related("item__project", "project", "labeler").first()
    if judgment is None:
        raise Http404

    text, is_unblinded = text_in(request.POST, "text"), _is_unblinded(request, project, item)
    try:
        services.send_back(
            judgment=judgment,
            reviewer=request.user,
            text=text,
            seen=_seen(request),
            key=_key(request),
            order=Seat.of(item, project, request.user).order,
            was_blind=not is_unblinded,
        )
    except DomainError as error:
        page = ReviewPage(item, project, request.user, is_unblinded)
        is_here = judgment_id in page.returnable
        page.refused = Refused("return", error, text, judgment_id, is_here)
        return _show(request, page, _filter(request), status=page.refused.status)
    messages.success(request, _("Returned. The labeler finds it as feedback."))
    return _next(request, project, _filter(request), item.pk, done=item.pk)


@require_POST
def reopen(request, slug, item_id):
    project, item = _item(request, slug, item_id)
    try:
        services.reopen(item=item, reviewer=request.user, seen=_seen(request), key=_key(request))
        messages.success(request, _("Taken back. The item waits again."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(_address(project, item.pk, _filter(request)))


@require_POST
def unblind(request, slug, item_id):
    """Show who judged and what wrote the responses, for this session. It is in the audit log."""
    project = project_for(request.user, slug, "manage")
    _project, item = _item(request, slug, item_id)
    seen = [one for one in request.session.get(UNBLINDED, []) if one != item.pk]
    services.note_unblinding(item=item, actor=request.user)
    request.session[UNBLINDED] = [*seen[1 - MOST_UNBLINDED :], item.pk]
    return redirect(_address(project, item.pk, _filter(request)))


@require_POST
def save_settings(request, slug):
    project = project_for(request.user, slug, "manage")
    percents = {
        name: whole_number(request.POST.get(name, "").strip())
        for name in ("audit_percent", "spread_percent")
    }
    try:
        if None in percents.values():
            raise DomainError(_("A share is a whole number from 0 to 100."))
        services.save_settings(
            project=project,
            actor=request.user,
            draws_anew="draw" in request.POST,
            **percents,
        )
        bring_up_to_date(project, request.user)
        messages.success(request, _("Saved. The queue follows."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("labeling:list-reviews", slug)


def _item(request, slug, item_id):
    project = project_for(request.user, slug, "review")
    item = Item.objects.filter(project=project, pk=item_id).select_related("prompt").first()
    if item is None:
        raise Http404
    item.project = project
    return project, item


def _show(request, page: ReviewPage, chosen: Filter, status: int = 200):
    queue = ReviewQueue(page.project, request.user, chosen)
    context = {
        "project": page.project,
        "tab": "review",
        "page": page,
        "item": page.item,
        "query": chosen.query,
        "waiting": queue.counts()[""],
        "next_url": f"{reverse('labeling:next-review', args=[page.project.slug])}"
        f"?after={page.item.pk}&{chosen.query}",
        "may_manage": page.project.role in roles_for("manage"),
        "done": _just_done(request, page.project),
    }
    return render(request, "labeling/review/item.html", context, status=status)


def _decided(request, project, item, call, text):
    try:
        call()
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(_address(project, item.pk, _filter(request)))
    messages.success(request, text)
    return _next(request, project, _filter(request), item.pk, done=item.pk)


def _next(request, project, chosen: Filter, after: int | None, **said):
    """The next one's page; with none left, the queue."""
    queue = ReviewQueue(project, request.user, chosen)
    here = ItemReview.objects.filter(project=project, item=after).first() if after else None
    review = queue.next_after(here)
    if review is None:
        messages.info(request, _("Nothing else waits here."))
        return redirect(f"{reverse('labeling:list-reviews', args=[project.slug])}?{chosen.query}")
    return redirect(_address(project, review.item_id, chosen, **said))


def _address(project, item_id, chosen: Filter, **said) -> str:
    query = QueryDict(chosen.query, mutable=True)
    query.update({name: str(value) for name, value in said.items()})
    path = reverse("labeling:review-item", args=[project.slug, item_id])
    return f"{path}?{query.urlencode()}" if query else path


def _just_done(request, project) -> dict | None:
    """What was decided the moment before, to be taken back with one button."""
    done = whole_number(request.GET.get("done", ""))
    item = Item.objects.filter(project=project, pk=done).select_related("prompt").first()
    latest = services.latest_of(item) if item else None
    if latest is None or latest.reviewer_id != request.user.pk or latest.outcome == "reopened":
        return None
    return {"item": item, "adjudication": latest, "key": uuid4()}


def _filter(request) -> Filter:
    return Filter.of(QueryDict(request.POST.get("filter", "")))


def _is_unblinded(request, project, item) -> bool:
    is_lead = project.role in roles_for("manage")
    return is_lead and item.pk in request.session.get(UNBLINDED, [])


def _rubric(project, shown_id: int | None):
    """The version that the page showed, else the one in force."""
    if shown_id and project.rubric_versions.published().filter(pk=shown_id).exists():
        return rubric_by_id(shown_id)
    return current_rubric(project)


def _seen(request) -> int:
    value = request.POST.get("seen", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else -1


def _key(request) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        raise DomainError(_("This page is broken. Reload it and try again.")) from None
