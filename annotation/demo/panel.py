"""The simulated labelers at work: accounts that say so, judging through the same services as
people do. They never see who wrote a response: they are given an assignment, as anybody is."""

import random
import time

from annotation.accounts.models import User
from annotation.demo.labelers import judge
from annotation.labeling.models import Item, Judgment
from annotation.labeling.services import lend_next_item, submit_judgment
from annotation.labeling.verdict import verdict_from_choices
from annotation.projects.models import Membership
from annotation.projects.services import add_member


def add_panel(*, project, personas) -> None:
    """An account and a membership for each persona. Nobody can sign in as one of them."""
    for persona in personas:
        user, created = User.objects.get_or_create(
            username=username_of(persona),
            defaults={
                "first_name": persona.name.capitalize(),
                "last_name": "(simulated)",
                "kind": User.Kind.SIMULATED,
            },
        )
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        if not project.memberships.filter(user=user).exists():
            add_member(project=project, user=user, role=Membership.Role.LABELER)


def username_of(persona) -> str:
    return f"sim-{persona.name}"


def judge_batch(*, project, batch, personas, seed, limit=None, seconds=None) -> int:
    """Let the personas judge items of `batch` until none is left for them, `limit` judgments
    are made or `seconds` are over. Returns how many were made."""
    users = {
        user.username: user
        for user in User.objects.filter(
            username__in=[username_of(persona) for persona in personas],
            memberships__project=project,
        )
    }
    waiting = [persona for persona in personas if username_of(persona) in users]
    rng = random.Random(f"panel {seed} {batch}")
    deadline = None if seconds is None else time.monotonic() + seconds
    made = 0
    while waiting:
        rng.shuffle(waiting)  # or the same three would always meet on an item
        for persona in list(waiting):
            # At least one, however slow the machine: nothing made means nothing left.
            is_late = made and deadline is not None and time.monotonic() > deadline
            if made == limit or is_late:
                return made
            labeler = users[username_of(persona)]
            if not _has_work(project, batch, labeler):
                waiting.remove(persona)
            elif judge_next(project=project, labeler=labeler, persona=persona, seed=seed):
                made += 1
            else:
                waiting.remove(persona)
    return made


def _has_work(project, batch, labeler) -> bool:
    """Asked first, so that the items of other batches stay for people."""
    items = Item.objects.filter(project=project, batch=batch)
    return items.open().untouched_by(labeler).exists() or (
        items.filter(assignments__labeler=labeler, assignments__state="live").exists()
    )


def judge_next(*, project, labeler, persona, seed) -> bool:
    """Lend the persona an item and submit its opinion. False where there is nothing for it."""
    assignment = lend_next_item(project=project, labeler=labeler)
    if assignment is None:
        return False
    answer_assignment(assignment=assignment, persona=persona, seed=seed)
    return True


def answer_assignment(*, assignment, persona, seed) -> Judgment:
    """Submit the persona's opinion of what it was lent."""
    item = assignment.item
    replies = list(
        item.item_responses.order_by("position").values_list("response__text", flat=True)
    )
    opinion = judge(persona, item.prompt.last_message, replies, order=assignment.order, seed=seed)
    verdict = verdict_from_choices(
        opinion.choices,
        response_count=item.response_count,
        strength=opinion.strength,
        ratings=opinion.ratings,
        rationale=opinion.rationale,
    )
    judgment, _next = submit_judgment(
        assignment_id=assignment.pk,
        labeler=assignment.labeler,
        verdict=verdict,
        key=assignment.key,
        seconds=opinion.seconds,
        origin=Judgment.Origin.SIMULATED,
        lend_next=False,
    )
    return judgment
