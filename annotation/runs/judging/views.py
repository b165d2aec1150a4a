"""A reward model becomes a judge, and is asked. What it found is on the page of all judge runs."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from annotation.core.errors import DomainError
from annotation.projects.permissions import project_for
from annotation.quality.pages import row_of_pages
from annotation.runs.judging import services
from annotation.runs.judging.forms import RewardJudgeForm, RewardRunForm


@require_http_methods(["GET", "HEAD", "POST"])
def new_judge(request, slug):
    project = project_for(request.user, slug, "train")
    form = RewardJudgeForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            judge = services.add_judge(project=project, actor=request.user, **form.cleaned_data)
            return redirect("quality:show-judge", slug, judge.pk)
        except DomainError as error:
            form.add_error(None, str(error))
    return _render(request, project, "runs/judging/new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def start_run(request, slug, judge_id):
    project = project_for(request.user, slug, "train")
    judge = project.judges.filter(pk=judge_id).exclude(reward_model="").first()
    if judge is None:
        raise Http404
    form = RewardRunForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            sample = services.sample_for(
                judge,
                most=given["most"],
                only_judged=not given["with_unjudged"],
                with_learned=given["with_learned"],
            )
            run = services.start_run(judge=judge, sample=sample, actor=request.user)
            return redirect("quality:show-judge-run", slug, run.pk)
        except DomainError as error:
            form.add_error(None, str(error))
    return _render(request, project, "runs/judging/start.html", {"form": form, "judge": judge})


def _render(request, project, template, context):
    context |= {
        "project": project,
        "tab": "agreement",
        "here": "judges",
        "pages": row_of_pages(request.user, project),
    }
    return render(request, template, context, status=422 if context["form"].errors else 200)
