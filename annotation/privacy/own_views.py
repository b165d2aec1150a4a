"""A person's own data: a copy of it, and the wish to have it erased."""

from django.contrib import messages
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from annotation.accounts.recent import needs_recent_sign_in
from annotation.core import audit
from annotation.core.models import Job
from annotation.privacy import copies, requests, tasks


@require_safe
def your_data(request):
    ordered = Job.objects.filter(created_by=request.user, kind=tasks.COPY).order_by("-pk")
    context = {
        "copies": copies.copies_of(request.user),
        "job": ordered.exclude(state=Job.State.DONE).first(),
        "asked": requests.open_request_of(request.user),
    }
    return render(request, "privacy/your_data.html", context)


@require_POST
@needs_recent_sign_in
def order_copy(request):
    copies.request_copy(user=request.user)
    messages.success(request, _("Your copy is being made. It will be here in a moment."))
    return redirect("privacy:your-data")


@require_GET
@needs_recent_sign_in(also_get=True)
def take_copy(request, copy_id):
    copy = get_object_or_404(copies.copies_of(request.user), pk=copy_id)
    try:
        file = copies.path_of(copy).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    audit.record("personal_copy.taken", actor=request.user, target=f"user:{request.user.pk}")
    day = copy.created_at.date().isoformat()
    response = FileResponse(file, as_attachment=True, filename=f"concord-your-data-{day}.zip")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@needs_recent_sign_in
def ask_for_erasure(request):
    if "withdraw" in request.POST:
        requests.withdraw_request(user=request.user)
        messages.success(request, _("Your request is taken back. Nothing is erased."))
    else:
        requests.ask_for_erasure(user=request.user, removes_texts="removes_texts" in request.POST)
        messages.success(request, _("Your request is with the admins of this site."))
    return redirect("privacy:your-data")
