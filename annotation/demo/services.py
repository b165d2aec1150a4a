"""Seeding the demo: a project, its people, items to judge, and some judgments to look at."""

from django.db import transaction

from annotation.accounts.models import User
from annotation.demo import world
from annotation.demo.items import add_items, add_prompts, add_responses
from annotation.demo.labelers import FRESH, PANEL
from annotation.demo.panel import add_panel, judge_batch
from annotation.projects.models import Membership, Project
from annotation.projects.services import CriterionSpec, add_member, create_project
from annotation.prompts.models import Generator

SLUG = "shop-replies"
BATCH = "demo:seed"
SEED = 11
ITEM_COUNT = 48
REPLY_COUNT = 4
JUDGMENT_COUNT = 75  # about half of the items; the rest waits for whoever opens the page
OVERLAP = 3

GUIDELINE = (
    "You read what a customer wrote to a small shop, and four replies that might be sent.\n\n"
    "Rank the reply first that you would rather have received. What counts most is that the shop "
    "does what the customer needs; then that it names the right order, or none; then its tone. "
    "Mark a reply as unacceptable if you would be ashamed to send it."
)
CRITERIA = (
    CriterionSpec(
        key="helpful",
        label="Helpful",
        description="Does the shop do what this customer needs?",
        anchors={
            "1": "Does nothing, or something that makes no sense.",
            "2": "Does something, but not for this problem.",
            "3": "Goes in the right direction.",
            "4": "Does what is needed.",
            "5": "Does exactly what is needed.",
        },
    ),
    CriterionSpec(
        key="courteous",
        label="Courteous",
        description="Would you like to be spoken to like this?",
        anchors={
            "1": "Rude throughout.",
            "2": "More rude than not.",
            "3": "Plain.",
            "4": "Friendly.",
            "5": "Warm throughout.",
        },
    ),
    CriterionSpec(
        key="correct",
        label="Correct order",
        description="Is it this customer's order?",
        anchors={"1": "Another order's number.", "3": "No number.", "5": "The right number."},
    ),
)
PEOPLE = (
    ("demo-labeler", "Lea", Membership.Role.LABELER),
    ("demo-reviewer", "Rui", Membership.Role.REVIEWER),
    ("demo-lead", "Lin", Membership.Role.LEAD),
    ("demo-engineer", "Edo", Membership.Role.ENGINEER),
    ("demo-admin", "Ann", Membership.Role.ADMIN),
)


def seed() -> Project:
    """The demo's project. All of it or nothing; made once, found ever after."""
    project = Project.objects.filter(slug=SLUG).first()
    if project is None:
        with transaction.atomic():
            project = _make_project()
            _make_items(project)
            judge_batch(
                project=project, batch=BATCH, personas=PANEL, seed=SEED, limit=JUDGMENT_COUNT
            )
    return project


def seeded_cases() -> list[world.Case]:
    return world.sample_cases(ITEM_COUNT, seed=SEED)


def _make_project():
    people = [_make_person(*person) for person in PEOPLE]
    lead = next(user for user, role in people if role == Membership.Role.LEAD)
    project = create_project(
        slug=SLUG,
        name="Shop replies",
        description="Replies to the customers of a small shop. A demo: every text is invented.",
        actor=lead,
        overlap=OVERLAP,
        guideline=GUIDELINE,
        criteria=CRITERIA,
    )
    for user, role in people:
        if user != lead:
            add_member(project=project, user=user, role=role, actor=lead)
    add_panel(project=project, personas=PANEL + FRESH)
    return project


def _make_person(username, first_name, role):
    """An account without a password: the demo's sign-in links are the only way in."""
    user, _ = User.objects.get_or_create(
        username=username, defaults={"first_name": first_name, "last_name": f"(demo {role})"}
    )
    user.set_unusable_password()
    user.is_superuser = role == Membership.Role.ADMIN  # sees projects made from a terminal too
    user.save(update_fields=["password", "is_superuser"])
    return user, role


def _make_items(project):
    cases = seeded_cases()
    generator = Generator.objects.create(project=project, name="shop staff", revision="demo")
    prompts = add_prompts(project=project, cases=cases)
    texts = [world.sample_replies(case, REPLY_COUNT, seed=SEED) for case in cases]
    responses = add_responses(prompts=prompts, texts=texts, generator=generator)
    add_items(
        project=project,
        batch=BATCH,
        candidates=list(zip(prompts, responses, strict=True)),
        overlap=OVERLAP,
    )
