"""The pages of gold: the list with its settings, and the answer of one item."""

from io import BytesIO

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.core.text import clean
from annotation.labeling.bench.cards import ShownTurn
from annotation.labeling.desk import desk_for
from annotation.labeling.gold import making
from annotation.labeling.gold.files import FileRefused, import_gold
from annotation.labeling.gold.forms import AnswerForm, assignment_of, entered_from
from annotation.labeling.gold.listing import page_of
from annotation.labeling.gold.rotation import (
    due_gold,
    retire_due,
    rotation_of,
    seen_all,
    set_rotation,
)
from annotation.labeling.gold.share import MOST_PERCENT, set_share
from annotation.labeling.gold.suggested import suggestion_for
from annotation.labeling.ladder import items
from annotation.labeling.models import GoldItem, Item
from annotation.projects.permissions import project_for, roles_for
from annotation.projects.services import current_rubric

MAX_BYTES = 2 * 1024 * 1024
SHOWN_PROBLEMS = 100


@require_safe
def list_gold(request, slug):
    return _list(request, project_for(request.user, slug, "review"))


def _list(request, project, problem="", status=200, pasted="", wrong=()):
    context = {
        "project": project,
        "tab": "review",
        "page": page_of(project, request.GET.get("page")),
        "may_manage": project.role in roles_for("manage"),
        "most_percent": MOST_PERCENT,
        "rotation": rotation_of(project),
        "due": set(due_gold(project).values_list("pk", flat=True)),
        "seen_all": seen_all(project),
        "problem": problem,
        "wrong": wrong,
        "pasted": pasted,
    }
    return render(request, "labeling/gold/list.html", context, status=status)


@require_POST
def change_share(request, slug):
    project = project_for(request.user, slug, "manage")
    try:
        set_share(
            project=project,
            actor=request.user,
            gold_percent=_percent(request.POST.get("gold_percent", "")),
            probation_gold_percent=_percent(request.POST.get("probation_gold_percent", "")),
        )
    except DomainError as error:
        return _list(request, project, str(error), status=422)
    messages.success(request, _("Saved. It holds from the next item on."))
    return redirect("labeling:list-gold", slug)


@require_POST
def change_rotation(request, slug):
    """When a known answer is due; or retire those that are."""
    project = project_for(request.user, slug, "manage")
    if request.POST.get("do") == "retire":
        count = retire_due(project=project, actor=request.user)
        text = ngettext("%(count)d is retired.", "%(count)d are retired.", count)
        messages.success(request, text % {"count": count})
        return redirect("labeling:list-gold", slug)
    try:
        set_rotation(
            project=project,
            actor=request.user,
            after_judgments=_limit(request.POST.get("after_judgments", "")),
            after_days=_limit(request.POST.get("after_days", "")),
            is_automatic="is_automatic" in request.POST,
        )
    except DomainError as error:
        return _list(request, project, str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("labeling:list-gold", slug)


def _limit(value: str) -> int | None:
    value = value.strip()
    if not value:
        return None
    if value.isascii() and value.isdigit() and len(value) <= 6:
        return int(value)
    raise DomainError(_("Say a limit as a whole number, or leave it empty."))


@require_POST
def import_file(request, slug):
    """Known answers of items that are there already, by file or as pasted lines."""
    project = project_for(request.user, slug, "review")
    upload, pasted = request.FILES.get("file"), request.POST.get("text", "")
    try:
        if upload is not None and upload.size > MAX_BYTES:
            raise DomainError(_("The file is larger than 2 MiB: divide it."))
        if upload is None and not pasted.strip():
            raise DomainError(_("Choose a file, or paste lines."))
        stream = upload.file if upload else BytesIO(clean(pasted, field="text").encode())
        count = import_gold(project=project, stream=stream, actor=request.user)
    except FileRefused as refused:
        found = [str(one) for one in refused.problems.first[:SHOWN_PROBLEMS]]
        text = ngettext(
            "%(count)d thing is wrong with it; nothing was made.",
            "%(count)d things are wrong with it; nothing was made.",
            refused.problems.count,
        ) % {"count": refused.problems.count}
        return _list(request, project, text, status=422, pasted=pasted, wrong=found)
    except DomainError as error:
        return _list(request, project, str(error), status=422, pasted=pasted)
    text = ngettext("%(count)d item is gold now.", "%(count)d items are gold now.", count)
    messages.success(request, text % {"count": count})
    return redirect("labeling:list-gold", slug)


def _percent(value: str) -> int:
    if value.isascii() and value.isdigit() and len(value) <= 3:
        return int(value)
    raise DomainError(_("Say the share as a whole number of percent."))


@require_http_methods(["GET", "HEAD", "POST"])
def make(request, slug, item_id):
    """The known answer of an item: given, changed, retired or taken up again."""
    project = project_for(request.user, slug, "review")
    item = Item.objects.filter(project=project, pk=item_id).select_related("prompt").first()
    if item is None:
        raise Http404
    item.project = project
    gold = GoldItem.objects.filter(item=item).first()
    rubric = current_rubric(project)
    if request.method != "POST":
        return _show(request, item, gold, *_filled_in(item, gold, rubric))
    form = AnswerForm(item, rubric, request.POST.dict())
    try:
        text = _do(request, item, gold, form)
    except DomainError as error:
        form.blame(error)
        status = 409 if error.status == 409 else 422
        return _show(request, item, gold, form, status=status)
    messages.success(request, text)
    is_on_the_ladder = item.project.role in roles_for("manage") and "where" in request.GET
    page = "labeling:edit-qualification" if is_on_the_ladder else "labeling:list-gold"
    return redirect(page, slug)


def _do(request, item, gold, form) -> str:
    do, actor = request.POST.get("do", ""), request.user
    if gold is not None and gold.use != GoldItem.Use.QUEUE:
        return _change_the_ladder(item, gold, actor, do, form)
    if gold is not None and do in ("retire", "discard"):
        making.retire_gold(gold=gold, actor=actor, is_counted=do == "retire")
        return _("Retired: it is lent to nobody any more.")
    if gold is not None and do == "take-up":
        making.take_up_gold(gold=gold, actor=actor)
        return _("It is lent again.")
    known = form.known()
    if gold is None and (where := request.GET.get("where", "")):
        return _on_the_ladder(item, actor, known, where)
    if gold is None:
        making.make_gold(item=item, actor=actor, known=known)
        return _("Kept. It looks like every other item in the queue.")
    making.change_gold(gold=gold, actor=actor, known=known)
    return _("Saved. Every judgment of it is measured by this answer.")


def _change_the_ladder(item, gold, actor, do, form) -> str:
    """The answer of a training or a test item is changed here; whether it is asked, on the pages
    of the ladder, which see to it that something is left."""
    if item.project.role not in roles_for("manage") or do in ("retire", "discard", "take-up"):
        raise Http404
    making.change_gold(gold=gold, actor=actor, known=form.known())
    return _("Saved. Every judgment of it is measured by this answer.")


def _on_the_ladder(item, actor, known, where: str) -> str:
    """The answer is one of the training or the test: whoever manages the project says so."""
    if item.project.role not in roles_for("manage"):
        raise Http404
    use, section = items.place_named(item.project, where)
    items.add_item(item=item, actor=actor, known=known, use=use, section=section)
    return _("Kept. It comes at the end of the training, or of its section.")


def _filled_in(item, gold, rubric) -> tuple[AnswerForm, object]:
    """What stands in the form at first, and where that comes from."""
    if gold is not None:
        return AnswerForm(item, rubric, entered_from(gold, of_gold=gold)), None
    suggestion = suggestion_for(item)
    entered = entered_from(suggestion.verdict) if suggestion else {}
    return AnswerForm(item, rubric, entered), suggestion


def _show(request, item, gold, form, suggestion=None, status=200):
    desk = desk_for(assignment_of(item))
    context = {
        "project": item.project,
        "tab": "review",
        "item": item,
        "gold": gold,
        "form": form,
        "suggestion": suggestion,
        "turns": [ShownTurn(turn) for turn in desk.turns],
        "responses": [
            (card, form.ranks[place] if form.has_ranks else None)
            for place, card in enumerate(desk.cards)
        ],
    }
    return render(request, "labeling/gold/make.html", context, status=status)
