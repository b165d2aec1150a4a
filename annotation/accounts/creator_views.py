"""Where a site admin says who may make projects."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from annotation.accounts import services
from annotation.accounts.models import User
from annotation.accounts.recent import needs_recent_sign_in
from annotation.accounts.site_admins import site_admins_only


def _people():
    """Everybody with an account of their own."""
    return User.objects.filter(kind=User.Kind.PERSON, is_active=True)


@require_safe
@site_admins_only
def list_creators(request):
    people = _people()
    said = request.GET.get("q", "").replace("\x00", "").strip()
    if said:
        people = people.filter(Q(username__icontains=said) | Q(email__icontains=said))
    people = people.order_by("-is_superuser", "-may_create_projects", "username")
    context = {
        "page": Paginator(people, 50).get_page(request.GET.get("page")),
        "said": said,
        "extra": "&" + urlencode({"q": said}) if said else "",
    }
    return render(request, "accounts/creators.html", context)


@require_POST
@site_admins_only
@needs_recent_sign_in
def change_creator(request, user_id):
    person = get_object_or_404(_people(), pk=user_id)
    is_allowed = request.POST.get("do") == "allow"
    services.allow_projects(user=person, is_allowed=is_allowed, actor=request.user)
    said = (
        _("%(name)s may make projects.") if is_allowed else _("%(name)s makes no more projects.")
    )
    messages.success(request, said % {"name": person.display_name})
    return redirect("accounts:list-creators")
