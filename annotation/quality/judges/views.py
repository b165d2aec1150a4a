"""A project's judges, what each was asked, and what was found."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.core.numbers import grouped
from annotation.projects.permissions import may, project_for
from annotation.quality.judges import services
from annotation.quality.judges.forms import JudgeForm, PrinciplesForm, RunForm
from annotation.quality.judges.items import estimate
from annotation.quality.judges.models import Judge, JudgeRun
from annotation.quality.judges.page import by_principle, failures_of, shown
from annotation.quality.judges.principles import current_list, principles_of, set_principles
from annotation.quality.pages import row_of_pages


@require_safe
def judge_list(request, slug):
    project = project_for(request.user, slug, "see_agreement")
    context = {
        "judges": project.judges.select_related("endpoint", "rubric_version").order_by("name"),
        "runs": project.judge_runs.select_related("judge", "job").order_by("-pk")[:20],
        "has_endpoints": project.endpoints.kept().exists(),
    }
    return _render(request, project, "quality/judges/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_judge(request, slug):
    project = project_for(request.user, slug, "train")
    form = JudgeForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            judge = services.add_judge(project=project, actor=request.user, **form.cleaned_data)
            return redirect("quality:show-judge", slug, judge.pk)
        except DomainError as error:
            form.add_error(None, str(error))
    status = 422 if form.errors else 200
    return _render(request, project, "quality/judges/new.html", {"form": form}, status=status)


@require_safe
def show_judge(request, slug, judge_id):
    """The judge; with `most` in the address also what a run of so many items takes."""
    project = project_for(request.user, slug, "see_agreement")
    judge = _judge(project, judge_id)
    form = RunForm(request.GET) if "most" in request.GET else RunForm()
    context, status = {"judge": judge, "form": form, **_principles(judge)}, 200
    if form.is_bound and not judge.reward_model:
        try:
            context["takes"] = estimate(judge, _items(judge, form))
        except DomainError as error:
            form.add_error(None, str(error))
        status = 422 if form.errors else 200
    context["principled_run"], context["by_principle"] = by_principle(judge)
    context["runs"] = judge.runs.select_related("job", "judge").order_by("-pk")[:20]
    return _render(request, project, "quality/judges/show.html", context, status=status)


def _principles(judge, form=None) -> dict:
    """The list in force, and a form to change it."""
    current = current_list(judge)
    return {
        "principles": current,
        "principles_form": form
        or PrinciplesForm(initial={"principles": "\n".join(principles_of(current))}),
    }


@require_POST
def change_principles(request, slug, judge_id):
    project = project_for(request.user, slug, "train")
    judge, form = _judge(project, judge_id), PrinciplesForm(request.POST)
    if form.is_valid():
        try:
            made = set_principles(judge=judge, actor=request.user, **form.cleaned_data)
            if made is None:
                messages.info(request, _("Nothing changed."))
            return redirect("quality:show-judge", slug, judge_id)
        except DomainError as error:
            form.add_error("principles", str(error))
    context = {"judge": judge, "form": RunForm(), "runs": [], **_principles(judge, form)}
    return _render(request, project, "quality/judges/show.html", context, status=422)


@require_POST
def start_run(request, slug, judge_id):
    project = project_for(request.user, slug, "train")
    judge, form = _judge(project, judge_id), RunForm(request.POST)
    if judge.reward_model:
        raise Http404  # runs has it judged
    try:
        items = _items(judge, form)
        run = services.start_run(judge=judge, item_ids=items, actor=request.user)
        return redirect("quality:show-judge-run", slug, run.pk)
    except DomainError as error:
        form.add_error(None, str(error))
    context = {"judge": judge, "form": form, "runs": [], **_principles(judge)}
    return _render(request, project, "quality/judges/show.html", context, status=422)


def _items(judge, form) -> list[int]:
    if not form.is_valid():
        raise DomainError(_("Something in the form needs another look."))
    given = form.cleaned_data
    return services.items_for(judge, most=given["most"], only_judged=not given["with_unjudged"])


@require_safe
def show_run(request, slug, run_id):
    """The page; for htmx its changing part, which asks again while the run is under way."""
    project = project_for(request.user, slug, "see_agreement")
    return _show_run(request, project, _run(project, run_id))


def _show_run(request, project, run, *, problem="", status=200):
    answered = services.answered_count(run)
    context = {
        "run": run,
        "job": run.job,
        "answered": answered,
        "missing": max(run.question_count - answered, 0),
        "left_out": 0 if run.job.is_active else services.left_out_count(run),
        "failures": failures_of(run),
        "spent": services.spent_by(run),
        "problem": problem,
        "found": shown(run) if answered and not run.job.is_active else None,
    }
    name = "quality/judges/_run.html" if request.htmx else "quality/judges/run.html"
    return _render(request, project, name, context, status=status)


@require_POST
def cancel_run(request, slug, run_id):
    return _act(request, slug, run_id, services.cancel_run)


@require_POST
def resume_run(request, slug, run_id):
    return _act(request, slug, run_id, services.resume_run)


def _act(request, slug, run_id, does):
    project = project_for(request.user, slug, "train")
    run = _run(project, run_id)
    try:
        does(run=run, actor=request.user)
    except DomainError as error:
        return _show_run(request, project, run, problem=str(error), status=error.status)
    return redirect("quality:show-judge-run", slug, run.pk)


@require_POST
def ask_people(request, slug, run_id):
    """One labeler more for the items that were chosen on the page."""
    project = project_for(request.user, slug, "manage")
    run = _run(project, run_id)
    chosen = [int(pk) for pk in request.POST.getlist("item") if pk.isascii() and pk.isdigit()]
    try:
        raised = len(services.ask_people(run=run, item_ids=chosen, actor=request.user))
    except DomainError as error:
        return _show_run(request, project, run, problem=str(error), status=422)
    if raised:
        told = ngettext(
            "%(count)s item goes to one labeler more.",
            "%(count)s items go to one labeler more each.",
            raised,
        )
        messages.success(request, told % {"count": grouped(raised)})
    else:
        messages.info(request, _("Nothing was raised: these items wait for a labeler already."))
    return redirect("quality:show-judge-run", slug, run.pk)


def _judge(project, judge_id) -> Judge:
    found = project.judges.select_related("project", "endpoint", "rubric_version")
    return get_object_or_404(found, pk=judge_id)


def _run(project, run_id) -> JudgeRun:
    found = project.judge_runs.select_related(
        "project", "job", "judge__endpoint", "principle_list"
    )
    return get_object_or_404(found.select_related("judge__rubric_version"), pk=run_id)


def _render(request, project, template, context, *, status=200):
    context |= {
        "project": project,
        "tab": "agreement",
        "here": "judges",
        "pages": row_of_pages(request.user, project),
        "may_train": may(request.user, "train", project),
        "may_manage": may(request.user, "manage", project),
    }
    return render(request, template, context, status=status)
