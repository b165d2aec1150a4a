"""Who works in the team's project: people with a sign-in link, and simulated labelers."""

from annotation.accounts.models import User
from annotation.demo.labelers import CAREFUL, Labeler
from annotation.demo.panel import add_panel, username_of
from annotation.projects.models import Membership
from annotation.projects.services import add_member

SEED = 29
LEAD, REVIEWER, ENGINEER = "demo-lead", "demo-reviewer", "demo-engineer"
LEA, NEWCOMER, PROBATION, SUSPENDED = (
    "demo-labeler",
    "demo-newcomer",
    "demo-probation",
    "demo-suspended",
)
# These three are nowhere else.
JOINING = ((NEWCOMER, "Nia"), (PROBATION, "Pau"), (SUSPENDED, "Sam"))
STAFF = ((REVIEWER, Membership.Role.REVIEWER), (ENGINEER, Membership.Role.ENGINEER))
PANEL = CAREFUL[:4]
# How the people would judge. Whoever has to pass a test reads carefully.
PERSONAS = {
    LEA: Labeler("lea", noise=0.2, rationale_rate=0.5),
    NEWCOMER: Labeler("nia", noise=0.2),
    PROBATION: Labeler("pau", noise=0.2),
    SUSPENDED: Labeler("sam", kind="inverted", noise=0.4, words_per_second=12.0),
} | {username_of(persona): persona for persona in PANEL}


def people() -> dict[str, User]:
    """Everybody of the story, by user name. The demo's five people must be there."""
    for username, first_name in JOINING:
        user, is_new = User.objects.get_or_create(
            username=username, defaults={"first_name": first_name, "last_name": "(demo labeler)"}
        )
        if is_new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
    names = [*PERSONAS, LEAD, REVIEWER, ENGINEER]
    return {user.username: user for user in User.objects.filter(username__in=names)}


def bring_in_the_experienced(project, everybody) -> None:
    """Those who were there before there was a ladder: they work at once."""
    lead = everybody[LEAD]
    for username, role in STAFF:
        add_member(project=project, user=everybody[username], role=role, actor=lead)
    add_panel(project=project, personas=PANEL)
    join(project, everybody, SUSPENDED)


def join(project, everybody, username) -> Membership:
    """As a labeler; where there is a ladder, on its first step."""
    return add_member(
        project=project,
        user=everybody[username],
        role=Membership.Role.LABELER,
        actor=everybody[LEAD],
    )
