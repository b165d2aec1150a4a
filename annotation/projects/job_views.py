"""A background job as a page and as the fragment that a page polls."""

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from annotation.core import jobs
from annotation.projects.permissions import may, visible_jobs


def _visible_job(request, job_id):
    return get_object_or_404(visible_jobs(request.user), pk=job_id)


@require_safe
def job(request, job_id):
    found = _visible_job(request, job_id)
    template = "_job.html" if request.htmx else "projects/job.html"
    return render(request, template, {"job": found, "project": found.project})


@require_POST
def cancel(request, job_id):
    found = _visible_job(request, job_id)
    is_own = found.created_by_id == request.user.pk
    if not is_own and not (found.project and may(request.user, "manage", found.project)):
        raise Http404
    jobs.request_cancel(found)
    return redirect("projects:show-job", job_id)
