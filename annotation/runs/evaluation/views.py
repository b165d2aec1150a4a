"""Evaluations: the list, ordering one, watching it, ending it, deciding."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.core.errors import DomainError
from annotation.projects.permissions import may, project_for
from annotation.runs.evaluation import judged, presentation, services, stored
from annotation.runs.evaluation.forms import DecisionForm, EvaluationForm
from annotation.runs.models import Evaluation, ModelVersion

PREFILLED = ("kind", "new", "old", "judge", "batch")


def evaluations_of(project):
    return project.evaluations.select_related(
        "project", "new", "old", "judge", "job", "decided_by"
    )


@require_safe
def evaluation_list(request, slug):
    project = project_for(request.user, slug, "see_runs")
    page = Paginator(evaluations_of(project).order_by("-pk"), 25).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "tab": "training",
        "page": page,
        "rows": summaries(page.object_list),
        "may_train": may(request.user, "train", project),
        "has_policy": project.model_versions.filter(kind=ModelVersion.Kind.POLICY).exists(),
    }
    return render(request, "runs/evaluation/list.html", context)


def summaries(evaluations) -> list[dict]:
    """The rows of a list: state and, where there is one, win rate."""
    evaluations = list(evaluations)
    found = stored.read_all(evaluations)
    return [_summary(evaluation, found[evaluation.pk]) for evaluation in evaluations]


def _summary(evaluation: Evaluation, figures: dict) -> dict:
    [rate, *_more] = presentation.rates(evaluation, figures)
    return {
        "evaluation": evaluation,
        "state": presentation.state_of(evaluation, figures),
        "rate": rate if figures["complete"] else None,
        "complete": figures["complete"],
        "prompts": figures["prompts"],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def start(request, slug):
    project = project_for(request.user, slug, "train")
    if request.method == "POST":
        form = EvaluationForm(request.POST, project=project)
        if form.is_valid():
            try:
                made = form.order(project=project, actor=request.user)
                return redirect("runs:show-evaluation", slug, made.pk)
            except DomainError as error:
                form.add_error(None, str(error))
        return _show_form(request, project, form, status=422)
    asked = {name: request.GET[name] for name in PREFILLED if name in request.GET}
    form = EvaluationForm(project=project, initial=asked)
    return _show_form(request, project, form, not_offered=form.not_offered(asked))


def _show_form(request, project, form, status=200, not_offered=()):
    context = {
        "project": project,
        "tab": "training",
        "form": form,
        "not_offered": not_offered,
        "has_policy": form.fields["new"].queryset.exists(),
    }
    return render(request, "runs/evaluation/start.html", context, status=status)


def _evaluation(project, evaluation_id) -> Evaluation:
    return get_object_or_404(
        evaluations_of(project).select_related(
            "new__generator", "new_run__job", "old_run__job", "score_job", "created_by"
        ),
        pk=evaluation_id,
    )


@require_safe
def show(request, slug, evaluation_id):
    """The page; for htmx its live part alone, which asks again while there is something to see."""
    project = project_for(request.user, slug, "see_runs")
    evaluation = _evaluation(project, evaluation_id)
    context = _context(request, project, evaluation)
    template = "runs/evaluation/_live.html" if request.htmx else "runs/evaluation/show.html"
    return render(request, template, context)


def _context(request, project, evaluation, form=None) -> dict:
    figures = stored.read(evaluation)
    state = presentation.state_of(evaluation, figures)
    return {
        "project": project,
        "tab": "training",
        "evaluation": evaluation,
        "figures": figures,
        "state": state,
        "finding": presentation.finding(evaluation, figures),
        "advice": presentation.advice(evaluation, figures),
        "rates": presentation.rates(evaluation, figures) if figures["complete"] else [],
        "path": presentation.path_chart(figures) if evaluation.kind == "people" else None,
        "slices": presentation.slices(figures),
        "balance": presentation.counter_balance(figures),
        "judges": [presentation.judge_row(one) for one in judged.told_by_judges(evaluation)],
        "waiting": services.preparing_jobs(evaluation)[1:]
        if evaluation.job and evaluation.job.is_active
        else [],
        "may_train": may(request.user, "train", project),
        "may_stop": evaluation.stopped_at is None and state.key in ("preparing", "judging"),
        "form": form or DecisionForm(),
    }


@require_POST
def stop(request, slug, evaluation_id):
    return _change(request, slug, evaluation_id, services.stop_evaluation)


@require_POST
def retry(request, slug, evaluation_id):
    return _change(request, slug, evaluation_id, services.retry_evaluation)


def _change(request, slug, evaluation_id, service):
    evaluation = _evaluation(project_for(request.user, slug, "train"), evaluation_id)
    try:
        service(evaluation=evaluation, actor=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("runs:show-evaluation", slug, evaluation_id)


@require_POST
def decide(request, slug, evaluation_id):
    project = project_for(request.user, slug, "train")
    evaluation = _evaluation(project, evaluation_id)
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            services.decide(evaluation=evaluation, actor=request.user, **form.cleaned_data)
            return redirect("runs:show-evaluation", slug, evaluation_id)
        except DomainError as error:
            form.add_error(None, str(error))
    context = _context(request, project, evaluation, form)
    return render(request, "runs/evaluation/show.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def ask_judge(request, slug, evaluation_id):
    """Have a judge of the project look at the same pairs; each with what it would take."""
    project = project_for(request.user, slug, "train")
    evaluation = _evaluation(project, evaluation_id)
    problem = ""
    if request.method == "POST":
        chosen = request.POST.get("judge", "")
        pk = int(chosen) if chosen.isascii() and chosen.isdigit() else None
        judge = project.judges.select_related("project", "endpoint").filter(pk=pk).first()
        try:
            if judge is None:
                raise DomainError(_("Choose a judge."))
            run = judged.order_judging(evaluation=evaluation, judge=judge, actor=request.user)
            return redirect("quality:show-judge-run", slug, run.pk)
        except DomainError as error:
            problem = str(error)
    context = {
        "project": project,
        "tab": "training",
        "evaluation": evaluation,
        "choices": judged.choices_for(evaluation),
        "problem": problem,
    }
    status = 422 if problem else 200
    return render(request, "runs/evaluation/ask_judge.html", context, status=status)
