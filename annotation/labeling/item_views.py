"""Items as the staff sees them: the list, and one item with who wrote what and who judged how."""

from operator import itemgetter

from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef, Q
from django.http import Http404
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from annotation.core.harms import labels_of
from annotation.core.hashing import sha256_of_text
from annotation.core.text import problem
from annotation.labeling.bench.order import STRENGTH_WORDS
from annotation.labeling.desk import rendered
from annotation.labeling.exports.reading import read_written
from annotation.labeling.exports.rows import JudgedItem
from annotation.labeling.models import Feedback, GoldItem, Item, ItemReport, Judgment
from annotation.labeling.said import said_beside
from annotation.labeling.verdict import tiers_of
from annotation.projects.permissions import project_for, roles_for
from annotation.projects.services import current_rubric, rubric_by_id
from annotation.projects.trail.reading import latest_about
from annotation.projects.trail.sentences import tell
from annotation.prompts.attachments.references import attached

MOST_EVENTS = 20  # of an item on its page; the trail has all of them
REPORTED = ItemReport.objects.open().filter(item=OuterRef("pk"))
ROLES = {
    "system": gettext_lazy("system"),
    "user": gettext_lazy("user"),
    "assistant": gettext_lazy("assistant"),
    "tool": gettext_lazy("tool"),
}
# A filter is one of these names, never a path given by the visitor.
PROGRESS = {
    "": (gettext_lazy("All"), Q()),
    "untouched": (gettext_lazy("Nobody has begun"), Q(taken=0)),
    "begun": (gettext_lazy("Begun"), Q(taken__gt=0, taken__lt=F("overlap"))),
    "full": (gettext_lazy("Complete"), Q(taken=F("overlap"))),
    "reported": (gettext_lazy("Reported by labelers"), Q(Exists(REPORTED))),
    "withdrawn": (gettext_lazy("Withdrawn"), Q(state=Item.State.WITHDRAWN)),
}


@require_safe
def list_items(request, slug):
    project = project_for(request.user, slug, "see_items")
    progress = request.GET.get("progress", "")
    query = request.GET.get("q", "")[:200]
    if problem(query):  # no id is written like that
        query = ""
    items = Item.objects.filter(project=project).select_related("prompt").order_by("pk")
    items = items.filter(PROGRESS.get(progress, PROGRESS[""])[1])
    if query:
        items = items.filter(external_id__startswith=query)
    page = Paginator(items, 50).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "tab": "items",
        "page": page,
        "progress": progress,
        "choices": [(name, label) for name, (label, _rule) in PROGRESS.items()],
        "query": query,
        "may_export": project.role in roles_for("export"),
        "may_manage": project.role in roles_for("manage"),
    }
    return render(request, "labeling/items.html", context)


@require_safe
def show_item(request, slug, item_id):
    return item_page(request, project_for(request.user, slug, "see_items"), item_id)


def item_page(request, project, item_id, refused=None):
    """The page of an item; with a form on it that was refused."""
    item = Item.objects.filter(project=project, pk=item_id).select_related("prompt").first()
    if item is None:
        raise Http404
    placed = list(item.item_responses.select_related("response__generator"))
    texts = {p.response.text_sha256: p.response.text for p in placed}
    texts |= {p.shown_sha256: p.shown_text for p in placed if p.shown_text}
    texts |= {sha256_of_text(m["content"]): m["content"] for m in item.prompt.messages}
    html = rendered(texts)
    handles = dict(project.memberships.values_list("user_id", "handle"))
    keys = [p.key for p in placed]
    judgments = list(
        Judgment.objects.filter(item=item)
        .current()
        .revealed()
        .select_related("rubric_version")
        .order_by("pk")
    )
    written = read_written(judgment.pk for judgment in judgments)
    feedback = list(Feedback.objects.filter(judgment__in=judgments).in_words().order_by("pk"))
    judged = JudgedItem(item.external_id, keys, {p.position: p.shown for p in placed})
    messages = item.prompt.messages
    shown = attached(
        project,
        [message.get("attachments", []) for message in messages]
        + [p.response.attachments for p in placed],
    )
    of_turns, of_responses = shown[: len(messages)], shown[len(messages) :]
    context = {
        "project": project,
        "tab": "items",
        "refused": refused,
        "item": item,
        "warnings": labels_of(item.warnings),
        "reports": [
            {"report": report, "handle": handles.get(report.labeler_id, "?")}
            for report in item.reports.select_related("resolved_by").order_by("-pk")
        ],
        "may_review": project.role in roles_for("review"),
        "happened": _happened(project, item),
        "gold": GoldItem.objects.filter(item=item).first(),
        "may_manage": project.role in roles_for("manage"),
        "rubric": current_rubric(project),
        "example_text": _example_text(item, judgments, keys),
        "turns": [
            {
                "role": ROLES.get(m["role"], m["role"]),
                "html": html[sha256_of_text(m["content"])],
                "attachments": files,
            }
            for m, files in zip(messages, of_turns, strict=True)
        ],
        "responses": [
            {
                "placed": p,
                "response": p.response,
                "html": html[p.response.text_sha256],
                "masked": html.get(p.shown_sha256),
                "attachments": files,
            }
            for p, files in zip(placed, of_responses, strict=True)
        ],
        "judgments": [
            {
                "judgment": judgment,
                "handle": handles.get(judgment.labeler_id, "?"),
                "order": order_line(judgment, keys),
                "ratings": rating_rows(judgment, keys),
                "feedback": [row for row in feedback if row.judgment_id == judgment.pk],
                "said": said_beside(judgment, judged, written.get(judgment.pk, [])),
            }
            for judgment in judgments
        ],
    }
    status = refused.status if refused else 200
    return render(request, "labeling/item.html", context, status=status)


def _happened(project, item) -> dict | None:
    """What the trail says of the item, newest first, to whoever may read the trail."""
    if project.role not in roles_for("audit"):
        return None
    target = f"item:{item.pk}"
    events, has_more = latest_about(project, target, most=MOST_EVENTS)
    return {"target": target, "told": tell(events, project), "has_more": has_more}


def _example_text(item, judgments, keys) -> str:
    """To start from: what was asked, and the verdict where all who judged it gave the same."""
    orders = {order_line(judgment, keys) for judgment in judgments}
    return "\n".join([item.prompt.last_message[:500], *(orders if len(orders) == 1 else [])])


def order_line(judgment, keys) -> str:
    """A verdict as one sentence: `b > slightly a = c; unacceptable: d; not ranked: e`."""
    tiers = [
        " = ".join(keys[position - 1] for position in tier) for tier in tiers_of(judgment.ranks)
    ]
    steps = [STRENGTH_WORDS.get(value, "") for value in judgment.strength]
    line = tiers[0] if tiers else ""
    for number, tier in enumerate(tiers[1:]):
        step = steps[number] if number < len(steps) else ""
        line += f" > {step} {tier}" if step else f" > {tier}"
    floor = [key for key, bad in zip(keys, judgment.unacceptable, strict=True) if bad]
    unranked = [
        key
        for key, rank, bad in zip(keys, judgment.ranks, judgment.unacceptable, strict=True)
        if rank is None and not bad
    ]
    parts = [line] if line else []
    parts += [f"{_('unacceptable')}: {', '.join(floor)}"] if floor else []
    if unranked:
        words = _("below those") if judgment.rest_below else _("not ranked")
        parts.append(f"{words}: {', '.join(unranked)}")
    return "; ".join(parts)


def rating_rows(judgment, keys) -> list[str]:
    """A line for each criterion, by the label of the rubric that was judged by."""
    version = judgment.rubric_version_id
    criteria = rubric_by_id(version).criteria_list if version else ()
    labels = {criterion.key: criterion.label for criterion in criteria}
    return [
        f"{labels.get(criterion, criterion)}: "
        + ", ".join(
            f"{key} {value}"
            for key, value in sorted(zip(keys, values, strict=True), key=itemgetter(0))
            if value is not None
        )
        for criterion, values in judgment.ratings.items()
    ]
