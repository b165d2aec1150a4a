"""Writes about pools: making them, who is in them, for which projects they work.

A lead works with the pools that work for a project they lead, and puts people of their own
projects into them. Having made a pool gives a right to it only while it works for nobody: rights
follow the role of now. The site's admins see all of it.
"""

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from annotation.accounts.models import User
from annotation.core import audit
from annotation.core.errors import Conflict, DomainError
from annotation.core.text import clean
from annotation.projects.models import Membership, Pool, PoolMember, Project, ProjectPool
from annotation.projects.permissions import projects_where
from annotation.projects.services import add_member

MAX_NAME = 80
MAX_DESCRIPTION = 500


def pools_of(user):
    """The pools that this lead may see and change."""
    if user.is_superuser:
        return Pool.objects.all()
    led = projects_where(user, "manage")
    at_work = Q(project_pools__project__in=led)
    return Pool.objects.filter(at_work | Q(created_by=user, project_pools=None)).distinct()


def people_of(user):
    """Those whom this lead may put into pools: the active people of the projects they lead."""
    active = User.objects.filter(is_active=True).exclude(kind=User.Kind.IMPORTED)
    if user.is_superuser:
        return active
    led = projects_where(user, "manage")
    return active.filter(memberships__project__in=led, memberships__is_active=True).distinct()


def save_pool(*, name, kind, description, actor, edited: Pool | None = None) -> Pool:
    """Make a pool, or change what it is called."""
    name = clean(name, field="name").strip()
    description = clean(description, field="description").strip()
    if not name:
        raise DomainError(_("A pool needs a name."))
    if len(name) > MAX_NAME or len(description) > MAX_DESCRIPTION:
        raise DomainError(_("The name or the description is too long."))
    if kind not in Pool.Kind.values:
        raise DomainError(_("Say what the pool has in common: choose one of the kinds."))
    pool = edited or Pool(created_by=actor)
    pool.name, pool.kind, pool.description = name, kind, description
    taken = Conflict(_("There is a pool called “%(name)s” already.") % {"name": name})
    seen = pools_of(actor) if actor else Pool.objects.all()
    if seen.filter(name=name).exclude(pk=pool.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            pool.save()
            audit.record("pool.saved", actor=actor, target=f"pool:{pool.pk}")
    except IntegrityError as error:  # the same order twice at once
        raise taken from error
    return pool


@transaction.atomic
def add_people(*, pool: Pool, users, actor) -> int:
    """Put people into a pool, and so into those of its projects that the actor leads. Returns how
    many are new."""
    _lock(pool)
    known = set(pool.members.values_list("user_id", flat=True))
    new = [user for user in users if user.pk not in known]
    PoolMember.objects.bulk_create(PoolMember(pool=pool, user=user) for user in new)
    # Only where whoever does this may bring people in: a pool is no way round another lead.
    led = projects_where(actor, "manage") if actor else Project.objects.all()
    for project in led.filter(project_pools__pool=pool).distinct():
        for user in new:
            _join(project, user, actor)
    for user in new:
        audit.record("pool.joined", actor=actor, target=f"user:{user.pk}", pool=pool.pk)
    return len(new)


@transaction.atomic
def take_out(*, pool: Pool, user, actor) -> None:
    """Take somebody out of a pool. Their places in projects stay; those are ended there."""
    _lock(pool)
    removed, _by_model = pool.members.filter(user=user).delete()
    if not removed:
        raise Conflict(_("This person is not in the pool."))
    audit.record("pool.left", actor=actor, target=f"user:{user.pk}", pool=pool.pk)


@transaction.atomic
def assign_pool(*, pool: Pool, project, actor) -> int:
    """Let a pool work for a project. Returns how many of it are new there."""
    _lock(pool)
    _assigned, is_new = ProjectPool.objects.get_or_create(pool=pool, project=project)
    if not is_new:
        raise Conflict(_("The pool works for this project already."))
    members = User.objects.filter(pool_memberships__pool=pool, is_active=True)
    joined = sum(_join(project, user, actor) for user in members)
    audit.record("pool.assigned", actor=actor, project=project, target=f"pool:{pool.pk}")
    return joined


@transaction.atomic
def end_assignment(*, pool: Pool, project, actor) -> None:
    """Who joins the pool from now on does not join the project. Who is in it stays."""
    _lock(pool)
    if project.slices.filter(pools=pool).exists():
        raise Conflict(_("Slices of this project are lent to the pool: change these first."))
    removed, _by_model = pool.project_pools.filter(project=project).delete()
    if not removed:
        raise Conflict(_("The pool does not work for this project."))
    audit.record("pool.ended", actor=actor, project=project, target=f"pool:{pool.pk}")


@transaction.atomic
def delete_pool(*, pool: Pool, actor) -> None:
    """Only a pool that works for no project goes."""
    _lock(pool)
    if pool.project_pools.exists() or pool.slices.exists():
        raise Conflict(_("The pool works for a project: end that first."))
    pk = pool.pk
    pool.members.all().delete()
    pool.delete()
    audit.record("pool.deleted", actor=actor, target=f"pool:{pk}")


def _lock(pool) -> None:
    """Of two changes to one pool at a time the second one sees the first."""
    Pool.objects.select_for_update().get(pk=pool.pk)


def _join(project, user, actor) -> bool:
    """Somebody who was in the project before, even if removed since, stays what they are."""
    if project.memberships.filter(user=user).exists():
        return False
    handle = user.username
    if project.memberships.filter(handle=handle).exists():
        handle = f"{handle}-{user.pk}"
    add_member(
        project=project, user=user, role=Membership.Role.LABELER, handle=handle, actor=actor
    )
    return True
