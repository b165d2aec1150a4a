"""What a lead sets up around the work: pools, a slice, alerts, an invitation; and what two people
say about themselves."""

from annotation.accounts.self_description.services import describe_oneself
from annotation.demo.panel import username_of
from annotation.demo.team import cast
from annotation.labeling.slices.conditions import read_conditions
from annotation.labeling.slices.services import fields_of, save_slice
from annotation.oversight.alerts.services import check, set_alerts
from annotation.oversight.models import AlertKind
from annotation.projects.invitations.services import make_link
from annotation.projects.pools.services import add_people, assign_pool, save_pool

ABOUT = {
    cast.LEA: {"country": "IE", "age": "25-34", "language": "en", "expertise": "humanities"},
    cast.PROBATION: {"country": "ES", "age": "45-54", "language": "ca", "expertise": "trades"},
}


def make_pools(project, everybody) -> None:
    """Two pools; what is about money goes to those who keep books."""
    lead = everybody[cast.LEAD]
    ada, bela, chen, dora = (everybody[username_of(persona)] for persona in cast.PANEL)
    fluent = save_pool(
        name="Fluent English",
        kind="language",
        description="Reads customers' letters without a dictionary.",
        actor=lead,
    )
    bookkeeping = save_pool(
        name="Bookkeeping",
        kind="skill",
        description="Can read an invoice, and knows how the shop pays back.",
        actor=lead,
    )
    add_people(pool=fluent, users=[ada, bela, chen, dora], actor=lead)
    add_people(pool=bookkeeping, users=[ada, dora], actor=lead)
    for pool in (fluent, bookkeeping):
        assign_pool(pool=pool, project=project, actor=lead)
    row = {"field": "topic", "operator": "is", "values": ["charged twice", "invoice"]}
    fits = read_conditions([row], fields=fields_of(project))
    save_slice(project=project, name="Money", conditions=fits, pools=[bookkeeping], actor=lead)


def watch(project, everybody) -> None:
    """An alert that went off, for few items are left, and a calm one; an open invitation."""
    lead = everybody[cast.LEAD]
    wanted = {
        AlertKind.QUEUE: {"threshold": 80.0, "by_mail": False},
        AlertKind.GOLD: {"threshold": 60.0, "by_mail": False},
    }
    set_alerts(project=project, wanted=wanted, actor=lead)
    for alert in project.alerts.order_by("pk"):
        check(alert)
    make_link(project=project, actor=lead, handle="colleague-from-the-shop")
    for username, answers in ABOUT.items():
        describe_oneself(user=everybody[username], answers=answers)
