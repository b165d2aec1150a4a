"""The pages of pools, seen from a project that its lead leads."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from annotation.core.errors import DomainError
from annotation.projects.models import Membership, ProjectPool
from annotation.projects.permissions import project_for
from annotation.projects.pools import services
from annotation.projects.pools.forms import PoolForm


@require_http_methods(["GET", "HEAD", "POST"])
def list_pools(request, slug):
    project = project_for(request.user, slug, "manage")
    form = PoolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            pool = services.save_pool(**form.cleaned_data, actor=request.user)
            return redirect("projects:show-pool", slug, pool.pk)
        except DomainError as error:
            form.add_error(None, str(error))
    here = ProjectPool.objects.filter(project=project, pool=OuterRef("pk"))
    context = {
        "project": project,
        "tab": "people",
        "part": "pools",
        "form": form,
        "pools": services.pools_of(request.user)
        .annotate(works_here=Exists(here), member_count=Count("members", distinct=True))
        .order_by("-works_here", "name"),
    }
    return render(request, "projects/pools.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def show_pool(request, slug, pool_id):
    project = project_for(request.user, slug, "manage")
    pool = services.pools_of(request.user).filter(pk=pool_id).first()
    if pool is None:
        raise Http404
    form = PoolForm(
        request.POST if request.POST.get("do") == "save" else None,
        initial={"name": pool.name, "kind": pool.kind, "description": pool.description},
    )
    if request.method == "POST":
        try:
            if (done := _change(request, project, pool, form)) is not None:
                return done
        except DomainError as error:
            form.is_bound or messages.error(request, str(error))
            if not form.is_bound:
                return redirect("projects:show-pool", slug, pool.pk)
            form.add_error(None, str(error))
    people = services.people_of(request.user)
    mine = Membership.objects.filter(project=project)
    handles = dict(mine.values_list("user_id", "handle"))
    members = pool.members.select_related("user").order_by("user__username")
    visible = members.filter(user__in=people)
    page = Paginator(visible, 50).get_page(request.GET.get("page"))
    for member in page:
        member.handle = handles.get(member.user_id) or member.user.username
    outside = people.exclude(pool_memberships__pool=pool).order_by("username")
    context = {
        "project": project,
        "tab": "people",
        "part": "pools",
        "pool": pool,
        "form": form,
        "page": page,
        "hidden_count": members.count() - page.paginator.count,
        "outside": outside[:500],
        "works_here": pool.project_pools.filter(project=project).exists(),
    }
    return render(request, "projects/pool.html", context, status=422 if form.is_bound else 200)


def _change(request, project, pool, form):
    """Do what was asked; None where the form has errors to show."""
    do, actor = request.POST.get("do"), request.user
    here = redirect("projects:show-pool", project.slug, pool.pk)
    if do == "save":
        if not form.is_valid():
            return None
        services.save_pool(**form.cleaned_data, actor=actor, edited=pool)
    elif do == "add":
        chosen = [pk for pk in request.POST.getlist("user") if pk.isdecimal() and len(pk) < 19]
        users = services.people_of(actor).filter(pk__in=chosen)
        count = services.add_people(pool=pool, users=users, actor=actor)
        text = ngettext(
            "%(count)d person is new in the pool.", "%(count)d people are new in the pool.", count
        )
        messages.success(request, text % {"count": count})
    elif do == "take_out":
        pk = request.POST.get("user", "")
        user = services.people_of(actor).filter(pk=pk if pk.isdecimal() else 0).first()
        if user is None:
            raise Http404
        services.take_out(pool=pool, user=user, actor=actor)
    elif do == "assign":
        count = services.assign_pool(pool=pool, project=project, actor=actor)
        text = ngettext(
            "%(count)d person joined the project.", "%(count)d people joined the project.", count
        )
        messages.success(request, text % {"count": count})
    elif do == "end":
        services.end_assignment(pool=pool, project=project, actor=actor)
    elif do == "delete":
        services.delete_pool(pool=pool, actor=actor)
        messages.success(request, _("The pool is gone. Its people are where they were."))
        return redirect("projects:list-pools", project.slug)
    else:
        messages.error(request, _("Choose what to do."))
    return here
