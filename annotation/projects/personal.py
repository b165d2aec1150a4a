"""What projects keep of a person: their place in each, and their pools."""

from django.db.models import Q, Value
from django.db.models.functions import Now

from annotation.core.erasing import Leaving
from annotation.projects.members import LEAD, keep_a_lead
from annotation.projects.models import Invitation, Membership, PoolMember, Project


def collect(user) -> dict[str, list]:
    memberships = user.memberships.select_related("project").order_by("pk")
    pools = user.pool_memberships.select_related("pool").order_by("pk")
    return {
        "memberships": [
            {
                "project": one.project.slug,
                "role": one.role,
                "handle": one.handle,
                "is_active": one.is_active,
                "since": one.created_at,
                "stage": one.stage,
                "paused_at": one.paused_at,
                "pause_reason": one.pause_reason,
            }
            for one in memberships
        ],
        "pools": [{"pool": one.pool.name, "since": one.added_at} for one in pools],
    }


def handles_of(user) -> dict[int, str]:
    """{project id: handle}"""
    return dict(user.memberships.values_list("project_id", "handle"))


def hold(user) -> None:
    """Their projects and their memberships, until the transaction ends, in the order in which
    everybody locks them."""
    projects = Project.objects.filter(memberships__user=user).order_by("pk")
    list(projects.select_for_update(no_key=True, of=("self",)))
    memberships = Membership.objects.filter(user=user).order_by("project_id")
    list(memberships.select_for_update(no_key=True))


def keep_leads(user) -> None:
    """Conflict where a project would be left without a lead. In one order, for each is locked."""
    leads = user.memberships.active().filter(role=LEAD).select_related("project")
    for membership in leads.order_by("project_id"):
        keep_a_lead(project=membership.project, without=user)


def invitations_of(leaving: Leaving):
    """Those they came by, and those that wait under an address of theirs."""
    addresses = [name.lower() for name in leaving.names if "@" in name]
    return Invitation.objects.filter(Q(accepted_by=leaving.user) | Q(email__in=addresses))


def erase(leaving: Leaving) -> None:
    memberships = Membership.objects.filter(user=leaving.user)
    leaving.counts["memberships"] += memberships.update(
        handle=Value(leaving.pseudonym), is_active=False, pause_reason=""
    )
    invitations = invitations_of(leaving)
    invitations.open().update(revoked_at=Now())
    leaving.counts["invitations"] += invitations.update(
        email=None, handle="", error="", token_digest=None, is_link_mailed=False
    )
    pools, _by_model = PoolMember.objects.filter(user=leaving.user).delete()
    leaving.counts["pools"] += pools
