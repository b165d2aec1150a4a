"""What the judging page asks for while somebody writes: the raw text, a diff, a preview, the place
of quoted words. Each answers for the labeler's own assignment alone, and changes nothing."""

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.core.markup import render_untrusted
from annotation.core.numbers import grouped
from annotation.core.text import clean
from annotation.labeling import services
from annotation.labeling.answers import own_assignment
from annotation.labeling.bench.writing import DiffView, WritingDesk
from annotation.labeling.desk import LETTERS, NOT_RENDERED, Card
from annotation.labeling.models import ItemResponse
from annotation.labeling.models.items import SHOWN
from annotation.labeling.quotes import find_quote
from annotation.labeling.verdict.marks import MAX_WRITTEN


@require_safe
@cache_control(private=True, no_store=True)
def read_raw(request, slug, assignment_id, letter):
    """A response exactly as it is stored, for the editor and for the places of marks."""
    text = _text(own_assignment(request, slug, assignment_id), letter)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(private=True, no_store=True)
def open_editor(request, slug, assignment_id, letter):
    """The editor on a response, with its text."""
    assignment = own_assignment(request, slug, assignment_id)
    text = _text(assignment, letter)
    desk = _desk(assignment, {letter: text}, {f"edit_{letter}": text})
    return render(request, "labeling/_edit.html", {"writing": desk.on(desk.cards[0])})


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_store=True)
def show_diff(request, slug, assignment_id):
    """GET: response `of` against response `against`. POST: what the labeler made of `of`."""
    assignment = own_assignment(request, slug, assignment_id)
    if request.method == "POST":
        letter = request.POST.get("of", "")
        original, written = _text(assignment, letter), request.POST.get("text", "")
        if refusal := _refusal(written):
            return refusal
        diff = DiffView.of_correction(letter, original, written)
        return render(request, "labeling/_diff.html", {"diff": diff})
    letter, other = request.GET.get("of", ""), request.GET.get("against", "")
    shown = LETTERS.lower()[: len(assignment.order)]
    texts = dict.fromkeys(shown, "") | {name: _text(assignment, name) for name in (letter, other)}
    desk = _desk(assignment, texts, {f"against_{letter}": other}, opened=f"diff_{letter}")
    writing = desk.on(next(card for card in desk.cards if card.letter.lower() == letter))
    return render(request, "labeling/_compare.html", {"writing": writing})


@require_POST
def list_marks(request, slug, assignment_id):
    """The marked errors of response `of` as a list, from the form's field of all marks."""
    assignment = own_assignment(request, slug, assignment_id)
    letter = request.POST.get("of", "")
    marks = {"highlights": request.POST.get("highlights", "")}
    desk = _desk(assignment, {letter: _text(assignment, letter)}, marks)
    return render(request, "labeling/_highlights.html", {"writing": desk.on(desk.cards[0])})


@require_POST
def preview_text(request, slug, assignment_id):
    """What the labeler writes, as the others will see it."""
    own_assignment(request, slug, assignment_id)
    written = request.POST.get("text", "").replace("\r\n", "\n")
    if refusal := _refusal(written):
        return refusal
    return render(request, "labeling/_preview.html", {"html": render_untrusted(written)})


@require_POST
def locate_quote(request, slug, assignment_id):
    """Where quoted words stand in a response: {"start", "end", "words"}, or a sentence."""
    text = _text(own_assignment(request, slug, assignment_id), request.POST.get("response", ""))
    try:
        start, end = find_quote(text, clean(request.POST.get("quote", "")))
    except DomainError as error:
        return HttpResponse(str(error), status=422, content_type="text/plain; charset=utf-8")
    return JsonResponse({"start": start, "end": end, "words": text[start:end]})


def _desk(assignment, texts: dict[str, str], entered: dict[str, str], opened="") -> WritingDesk:
    """The writing tools over these responses, by letter, without their rendered text."""
    cards = [
        Card(letter.upper(), 0, "", text, NOT_RENDERED) for letter, text in sorted(texts.items())
    ]
    rubric = services.rubric_of(assignment)
    return WritingDesk(assignment.project, rubric, cards, entered, opened)


def _text(assignment, letter: str) -> str:
    """The response that this labeler sees under the letter."""
    positions = dict(zip(LETTERS.lower(), assignment.order, strict=False))
    place = ItemResponse.objects.filter(
        item=assignment.item_id, position=positions.get(letter)
    ).values_list(SHOWN, flat=True)
    text = place.first()
    if text is None:
        raise Http404
    return text


def _refusal(written: str) -> HttpResponse | None:
    if len(written) > MAX_WRITTEN:
        sentence = _("At most %(count)s characters fit.") % {"count": grouped(MAX_WRITTEN)}
        return HttpResponse(sentence, status=413, content_type="text/plain; charset=utf-8")
    try:
        clean(written)
    except DomainError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain; charset=utf-8")
    return None
