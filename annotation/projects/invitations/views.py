"""The lead's pages: whom to invite, and what became of whom."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.accounts.recent import AN_HOUR, needs_recent_sign_in
from annotation.core.errors import DomainError, NotFound
from annotation.projects.invitations import services
from annotation.projects.invitations.forms import InvitationForm, InviteForm, LinkForm
from annotation.projects.invitations.report import report_response, signed_report
from annotation.projects.models import Invitation
from annotation.projects.permissions import project_for


@require_http_methods(["GET", "HEAD", "POST"])
@needs_recent_sign_in(within=AN_HOUR, also_get=True)  # before a file is chosen, not after
def invite(request, slug):
    project = project_for(request.user, slug, "manage")
    if request.method != "POST":
        return _invite_page(request, project)
    form = InviteForm(request.POST, request.FILES)
    if not form.is_valid():
        return _invite_page(request, project, form=form, status=422)
    services.check_against_project(project=project, found=form.found, actor=request.user)
    if form.found.problems and not form.cleaned_data["take_good"]:
        return _invite_page(request, project, form=_again(form), found=form.found, status=422)
    try:
        made = services.invite_people(
            project=project,
            invitees=form.found.invitees,
            actor=request.user,
            base_url=_base(request),
            role=form.cleaned_data["role"],
            left_out=[problem.line for problem in form.found.problems],
        )
    except DomainError as error:
        form = _again(form)
        form.add_error(None, str(error))
        return _invite_page(request, project, form=form, found=form.found, status=error.status)
    context = {
        "project": project,
        "tab": "people",
        "part": "invitations",
        "made": made,
        "found": form.found,
        "report": signed_report(project, form.found) if form.found.problems else "",
    }
    return render(request, "projects/invited.html", context)


@require_POST
@never_cache
def download_report(request, slug):
    """What the page before said, as a file."""
    project = project_for(request.user, slug, "manage")
    try:
        return report_response(project, request.POST.get("report", ""))
    except NotFound as error:
        raise Http404 from error


def _again(form: InviteForm) -> InviteForm:
    """The form with what was in the file, where it can be mended."""
    data = form.data.copy()
    data["people"] = form.text.replace("\x00", "")
    again = InviteForm(data)
    again.is_valid()
    again.found = form.found
    return again


@require_POST
@never_cache
@needs_recent_sign_in(within=AN_HOUR)
def make_link(request, slug):
    project = project_for(request.user, slug, "manage")
    form = LinkForm(request.POST)
    if not form.is_valid():
        return _invite_page(request, project, link_form=form, status=422)
    _invitation, token = services.make_link(
        project=project,
        actor=request.user,
        role=form.cleaned_data["link_role"],
        handle=form.cleaned_data["handle"],
    )
    return _show_link(request, project, token)


@require_safe
def list_invitations(request, slug):
    project = project_for(request.user, slug, "manage")
    state = request.GET.get("state", "")
    listed = project.invitations.select_related("invited_by", "accepted_by").order_by("-id")
    if state in Invitation.State.values:
        listed = listed.in_state(state)
    else:
        state = ""
    context = {
        "project": project,
        "tab": "people",
        "part": "invitations",
        "page": Paginator(listed, 50).get_page(request.GET.get("page")),
        "state": state,
        "states": Invitation.State.choices,
        "extra": f"&state={state}" if state else "",
        "has_any": project.invitations.exists(),
    }
    return render(request, "projects/invitations.html", context)


@require_POST
@never_cache
@needs_recent_sign_in(within=AN_HOUR)
def change_invitation(request, slug, invitation_id):
    project = project_for(request.user, slug, "manage")
    invitation = get_object_or_404(project.invitations, pk=invitation_id)
    form = InvitationForm(request.POST)
    do = form.cleaned_data["do"] if form.is_valid() else ""
    try:
        if do == InvitationForm.Do.LINK:
            token = services.renew_link(invitation=invitation, actor=request.user)
            return _show_link(request, project, token)
        if do == InvitationForm.Do.RESEND:
            services.resend(invitation=invitation, actor=request.user, base_url=_base(request))
            messages.success(request, _("The invitation is on its way again."))
        elif do == InvitationForm.Do.REVOKE:
            services.revoke(invitation=invitation, actor=request.user)
            messages.success(request, _("The invitation is revoked. Its link opens nothing."))
        else:
            messages.error(request, _("Say what to do with the invitation."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("projects:list-invitations", slug)


def _base(request) -> str:
    return request.build_absolute_uri("/").rstrip("/")


def _show_link(request, project, token):
    """A new link, this once: only its hash is kept."""
    link = _base(request) + reverse("projects:accept-invitation", args=[token])
    context = {"project": project, "tab": "people", "part": "invitations", "link": link}
    return render(request, "projects/invitation_link.html", context)


def _invite_page(request, project, *, form=None, link_form=None, found=None, status=200):
    context = {
        "project": project,
        "tab": "people",
        "part": "invitations",
        "form": form or InviteForm(),
        "link_form": link_form or LinkForm(),
        "found": found,
    }
    return render(request, "projects/invite.html", context, status=status)
