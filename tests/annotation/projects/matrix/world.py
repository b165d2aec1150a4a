"""Two projects with one of everything, and everybody who may or may not open it."""

import uuid
from datetime import timedelta

from django.utils import timezone

from annotation.accounts.tokens import create_token
from annotation.core.models import Job
from annotation.demo.services import SLUG
from annotation.labeling.feedback import give_feedback
from annotation.labeling.messages.services import answer_question, ask
from annotation.labeling.models import Assignment
from annotation.privacy import copies
from annotation.privacy.models import PersonalCopy
from annotation.projects.models import Membership
from annotation.projects.permissions import ACTIONS, RIGHTS, Right
from annotation.projects.services import add_member
from tests.annotation.projects.matrix.caller import Caller
from tests.annotation.projects.matrix.objects import CANARY, OBJECTS, critique
from tests.factories import (
    make_item,
    make_judgment,
    make_key,
    make_member,
    make_project,
    make_user,
)

Role = Membership.Role
# What no row has.
ABSENT = {
    "slug": "nowhere",
    "digest": "f" * 64,
    "sha256": "e" * 64,
    "public_id": "e" * 16,
}
# Parts of addresses that name no row of ours.
FIXED = {
    "letter": "a",
    "name": "manifest.json",
    "signed": "x",
    "token": "x",
    "provider_id": "nobody",
    "uidb36": "1",
    "key": "x",
    "pk": 1,
    "kind": "agreement",
    "storage": "s3",
    "form": "reward",
    "line": "rankings/1",
}


class Place:
    """A project and one of each thing in it, by the names that addresses use."""

    def __init__(self, slug, word):
        self.word = word
        self.project = make_project(slug, name=f"The {word} project", overlap=50)
        self.lead = make_member(self.project, Role.LEAD, username=f"{word}-founder")
        self.somebody = make_member(self.project, username=f"{word}-somebody")
        self.item = self.make_item()
        self.ids = {"slug": slug, "item_id": self.item.pk, **self.own_things(self.somebody)}
        for make in OBJECTS:
            self.ids |= make(self)

    def make_item(self):
        texts = (f"One {self.word}.", f"Two {self.word}.")
        return make_item(
            self.project, texts, external_id=f"{self.word}-{self.project.items.count()}"
        )

    def own_things(self, user):
        """What one person has in this project: an item on the desk, a judgment, feedback."""
        judged = self.item if user is self.somebody else self.make_item()
        assignment = self.lend(self.make_item(), user)
        done = self.lend(judged, user, state="submitted", over_at=timezone.now())
        judgment = make_judgment(judged, user, [1, 2], assignment=done)
        feedback = give_feedback(judgment=judgment, reviewer=self.lead, text=f"Hm, {self.word}.")
        asked = ask(assignment=done, text=f"What is {self.word}?")
        answer_question(question=asked, actor=self.lead, text=f"It is {self.word}.")
        if run_id := getattr(self, "ids", {}).get("judge_run_id"):
            critique(self, run_id, judged)
        return {
            "assignment_id": assignment.pk,
            "judgment_id": judgment.pk,
            "feedback_id": feedback.pk,
            "question_id": asked.pk,
        }

    def lend(self, item, user, **fields):
        type(item).objects.filter(pk=item.pk).update(taken=item.taken + 1)
        return Assignment.objects.create(
            project=self.project,
            item=item,
            labeler=user,
            order=[1, 2],
            key=uuid.uuid4(),
            lease_until=timezone.now() + timedelta(hours=1),
            **fields,
        )


class Actor:
    """Somebody who asks. `roles`: what they are in which place, now. A program asks by `key`: in
    the `places` of its token, with its `rights`."""

    def __init__(self, name, *, user=None, roles=None, own=None, is_site_admin=False, **program):
        self.name, self.user, self.is_site_admin = name, user, is_site_admin
        self.roles, self.own = roles or {}, own or {}
        self.is_program, self.rights = "key" in program, program.get("rights")
        self.places = program.get("places", set(self.roles))
        self.caller = Caller(None if self.is_program else user, program.get("key", ""))

    def may(self, action, place) -> bool:
        """By role. What only site admins may is no action."""
        if self.is_site_admin:
            return True
        role = self.roles.get(place) if place in self.places else None
        return role in ACTIONS.get(action, ())

    def lacks_right(self, action) -> bool:
        return self.is_program and not any(action in RIGHTS[right] for right in self.rights)

    def sees(self, place) -> bool:
        return self.is_site_admin or place in self.places


class World:
    def __init__(self):
        # The demo's slug, for the one address that only the demo's project has.
        self.shop = Place(SLUG, "shop")
        self.other = Place("zanzibar-project", CANARY)
        self.actors = [Actor("anonymous")]
        for role in Role:
            self.actors.append(self.member(role.value, self.shop, role))
        self.actors.append(self.member("labeler elsewhere", self.other, Role.LABELER))
        removed = self.member("removed lead", self.shop, Role.LEAD)
        removed.user.memberships.update(is_active=False)
        removed.roles = {}
        self.actors.append(removed)
        admin = make_user("site-admin", is_superuser=True)
        self.actors.append(
            Actor("site admin", user=admin, own=self.own(admin), is_site_admin=True)
        )

        self.actors += self.programs()

    def programs(self):
        """Programs of somebody who leads both projects: their tokens alone tell them apart."""
        owner = make_member(self.shop.project, Role.LEAD, username="owner")
        add_member(project=self.other.project, user=owner, role=Role.LEAD, handle="owner")
        own, roles = self.own(owner), {self.shop: Role.LEAD, self.other: Role.LEAD}
        writes = [right for right in Right if right != Right.READ]
        for name, rights, place in (
            ("read token", [Right.READ], self.shop),
            ("write token", writes, self.shop),
            ("token for the other project", list(Right), self.other),
        ):
            key = make_key(owner, *rights, projects=[place.project])
            program = {"key": key, "rights": rights, "places": {place}}
            yield Actor(name, user=owner, roles=roles, own=own, **program)

    def member(self, name, place, role):
        user = make_member(place.project, role, username=name.replace(" ", "-"))
        return Actor(name, user=user, roles={place: role}, own=self.own(user))

    def own(self, user):
        return {**self.shop.own_things(user), **personal_things(user)}


def personal_things(user):
    """What somebody has outside of any project."""
    token, _key = create_token(user=user, name="mine", rights=["read"])
    session = user.sessions.create(
        session_key=uuid.uuid4().hex,
        session_data="",
        expire_date=timezone.now() + timedelta(hours=1),
        began_at=timezone.now(),
        seen_at=timezone.now(),
    )
    return {
        "token_id": token.pk,
        "public_id": session.public_id,
        "copy_id": personal_copy(user).pk,
    }


def personal_copy(user):
    now = timezone.now()
    job = Job.objects.create(kind="personal_copy", created_by=user, state="done", finished_at=now)
    copy = PersonalCopy.objects.create(
        user=user, job=job, name=f"{user.pk}.zip", byte_count=1, expires_at=now + timedelta(days=1)
    )
    copies.folder().mkdir(exist_ok=True)
    copies.path_of(copy).write_bytes(b"x")
    return copy
