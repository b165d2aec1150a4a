"""The lead's pages: who is where, the rules, what is asked, and one person's way."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.labeling.forms.judgment import whole_number
from annotation.labeling.ladder import files, items, people, stages, suspension, testing
from annotation.labeling.ladder.configuring import configure
from annotation.labeling.ladder.evidence import evidence_of
from annotation.labeling.ladder.forms import RulesForm
from annotation.labeling.ladder.preview import preview_of
from annotation.labeling.models import GoldItem, Item, TestSection
from annotation.projects.permissions import project_for


@require_safe
def show_qualification(request, slug):
    project = project_for(request.user, slug, "manage")
    stage = request.GET.get("stage", "")
    context = {
        "project": project,
        "tab": "people",
        "funnel": people.funnel_of(project),
        "waiting": people.to_decide(project),
        "page": Paginator(people.listed(project, stage), 50).get_page(request.GET.get("page")),
        "stage": stage,
    }
    return render(request, "labeling/ladder/show.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_qualification(request, slug):
    project = project_for(request.user, slug, "manage")
    form = RulesForm(request.POST or None, instance=stages.settings_of(project))
    if request.method != "POST" or not form.is_valid():
        return _rules(request, project, form, status=422 if form.errors else 200)
    try:
        configure(project=project, actor=request.user, **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error))
        return _rules(request, project, form, status=422)
    messages.success(request, _("Saved. It holds for whoever joins from now on."))
    return redirect("labeling:edit-qualification", slug)


def _rules(request, project, form=None, problem="", problems=(), status=200):
    on_ladder = GoldItem.objects.filter(project=project).exclude(use=GoldItem.Use.QUEUE)
    asked = list(on_ladder.select_related("item__prompt").order_by("position", "pk"))
    sections = list(project.test_sections.all())
    context = {
        "project": project,
        "tab": "people",
        "form": form or RulesForm(instance=stages.settings_of(project)),
        "training": [one for one in asked if one.use == "training" and one.is_active],
        "sections": [
            (section, [one for one in asked if one.section_id == section.pk and one.is_active])
            for section in sections
        ],
        "retired": [one for one in asked if not one.is_active],
        "problem": problem,
        "problems": problems,
    }
    return render(request, "labeling/ladder/rules.html", context, status=status)


def _done(request, slug, text):
    messages.success(request, text)
    return redirect("labeling:edit-qualification", slug)


@require_POST
def change_section(request, slug):
    project = project_for(request.user, slug, "manage")
    section = None
    if pk := request.POST.get("section", ""):
        section = get_object_or_404(TestSection, project=project, pk=whole_number(pk) or 0)
    try:
        if request.POST.get("do") == "remove" and section is not None:
            items.remove_section(section=section, actor=request.user)
            return _done(request, slug, _("The section is gone."))
        mark = whole_number(request.POST.get("pass_percent", ""))
        items.save_section(
            project=project,
            actor=request.user,
            name=request.POST.get("name", ""),
            pass_percent=-1 if mark is None else mark,
            section=section,
        )
    except DomainError as error:
        return _rules(request, project, problem=str(error), status=error.status)
    return _done(request, slug, _("The section is saved."))


@require_POST
def add_item(request, slug):
    """From the project's items: on to the form for its known answer, or, where it has one, at
    once to its place."""
    project = project_for(request.user, slug, "manage")
    where = request.POST.get("where", "")
    try:
        use, section = items.place_named(project, where)
        item = Item.objects.filter(
            project=project, external_id=request.POST.get("item", "")[:200].strip()
        ).first()
        if item is None:
            raise DomainError(_("The project has no item with this id."))
    except DomainError as error:
        return _rules(request, project, problem=str(error), status=422)
    gold = GoldItem.objects.filter(item=item).first()
    if gold is not None:
        items.place(gold=gold, actor=request.user, use=use, section=section)
        return _done(request, slug, _("The item had a known answer already: it is added."))
    query = QueryDict(mutable=True)
    query["where"] = where
    url = reverse("labeling:make-gold", args=[slug, item.pk])
    return redirect(f"{url}?{query.urlencode()}")


@require_POST
def change_item(request, slug, gold_id):
    project = project_for(request.user, slug, "manage")
    gold = _on_the_ladder(project, gold_id)
    do = request.POST.get("do", "")
    try:
        if do in ("up", "down"):
            items.move(gold=gold, actor=request.user, up=do == "up")
        elif do == "remove":
            items.remove(gold=gold, actor=request.user)
        elif do == "take-up":
            items.take_up(gold=gold, actor=request.user)
        else:
            raise DomainError(_("Choose what to do."))
    except DomainError as error:
        return _rules(request, project, problem=str(error), status=error.status)
    return redirect("labeling:edit-qualification", slug)


def _on_the_ladder(project, gold_id):
    on_ladder = GoldItem.objects.exclude(use=GoldItem.Use.QUEUE).select_related("item__prompt")
    gold = get_object_or_404(on_ladder, project=project, pk=gold_id)
    gold.project = gold.item.project = project
    return gold


@require_safe
def preview_item(request, slug, gold_id):
    project = project_for(request.user, slug, "manage")
    gold = _on_the_ladder(project, gold_id)
    context = {"project": project, "tab": "people", "gold": gold, "explained": preview_of(gold)}
    return render(request, "labeling/ladder/preview.html", context)


@require_POST
def add_file(request, slug):
    project = project_for(request.user, slug, "manage")
    upload = request.FILES.get("file")
    try:
        if upload is None:
            raise DomainError(_("Choose a file."))
        count = files.add_from_file(
            project=project, actor=request.user, data=upload.read(files.MAX_BYTES + 1)
        )
    except files.FileRefused as error:
        return _rules(request, project, problem=str(error), problems=error.problems, status=422)
    except DomainError as error:
        return _rules(request, project, problem=str(error), status=422)
    text = ngettext("%(count)d item was added.", "%(count)d items were added.", count)
    return _done(request, slug, text % {"count": count})


@require_http_methods(["GET", "HEAD", "POST"])
def show_climber(request, slug, member_id):
    """One person's way, and what a lead decides about it."""
    project = project_for(request.user, slug, "manage")
    membership = project.memberships.select_related("user").filter(pk=member_id).first()
    if membership is None:
        raise Http404
    membership.project = project
    if request.method != "POST":
        return _person(request, membership)
    try:
        text = _decide(request, membership)
    except DomainError as error:
        return _person(request, membership, str(error), status=error.status)
    messages.success(request, text)
    return redirect("labeling:show-climber", slug, member_id)


def _decide(request, membership) -> str:
    do, said = request.POST.get("do", ""), request.POST.get("reason", "")
    of = {"membership": membership, "actor": request.user}
    if do == "set":
        stages.set_stage(**of, to=request.POST.get("stage", ""), reason=said)
        return _("The stage is changed. The labeler sees your reason.")
    if do == "retake":
        testing.allow_retake(**of, reason=said)
        return _("One attempt more.")
    if do == "suspend":
        suspension.suspend(**of, reason=said)
        return _("Suspended. The labeler sees your reason and these numbers.")
    if do == "lift":
        suspension.lift(**of, reason=said)
        return _("The suspension is lifted.")
    if do in ("grant", "uphold"):
        suspension.answer_appeal(**of, is_lifted=do == "grant", answer=said)
        return _("The appeal is answered.")
    raise DomainError(_("Choose what to do."))


def _person(request, membership, problem="", status=200):
    context = people.person_page(membership) | {
        "project": membership.project,
        "tab": "people",
        "evidence": evidence_of(membership),
        "problem": problem,
        "typed": request.POST.get("reason", "") if problem else "",
    }
    return render(request, "labeling/ladder/person.html", context, status=status)
