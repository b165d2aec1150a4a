"""Many items and judgments at once, for tests that count and measure."""

import random

from annotation.accounts.models import User
from annotation.core.hashing import sha256_of_text, sha256_of_value
from annotation.labeling.models import Item, ItemResponse, Judgment
from annotation.projects import services as projects
from annotation.projects.models import Membership
from annotation.prompts.models import Prompt, Response
from tests.factories import make_project


def make_labelers(project, handles):
    """Labelers who worked elsewhere, known by a handle."""
    users = {}
    for handle in handles:
        user = User.objects.create(
            username=f"{project.slug}/{handle}", kind=User.Kind.IMPORTED, is_active=False
        )
        projects.add_member(
            project=project, user=user, role=Membership.Role.LABELER, handle=handle
        )
        users[handle] = user
    return users


def make_judged_project(verdicts, *, n_responses=2, slug=None):
    """A project from [(item number, handle, ranks, perhaps ratings)], written in bulk."""
    project = make_project(slug)
    labelers = make_labelers(project, sorted({handle for _, handle, *_ in verdicts}))
    prompts, items = {}, {}
    for number in sorted({number for number, *_ in verdicts}):
        messages = [{"role": "user", "content": f"Question {number}?"}]
        prompts[number] = Prompt(
            project=project, messages=messages, sha256=sha256_of_value(messages)
        )
        items[number] = Item(
            project=project,
            prompt=prompts[number],
            external_id=f"x{number}",
            content_sha256=sha256_of_value([number]),
            response_count=n_responses,
            overlap=project.overlap,
        )
    Prompt.objects.bulk_create(prompts.values())
    Item.objects.bulk_create(items.values())
    responses = [
        Response(prompt=prompt, text=f"{position}", text_sha256=sha256_of_text(f"{position}"))
        for prompt in prompts.values()
        for position in range(1, n_responses + 1)
    ]
    Response.objects.bulk_create(responses)
    ItemResponse.objects.bulk_create(
        ItemResponse(
            item=item,
            response=responses[index * n_responses + position - 1],
            position=position,
            key="abcdefghi"[position - 1],
        )
        for index, item in enumerate(items.values())
        for position in range(1, n_responses + 1)
    )
    Judgment.objects.bulk_create(
        [
            Judgment(
                project=project,
                item=items[number],
                labeler=labelers[handle],
                origin=Judgment.Origin.IMPORT,
                content_sha256="0" * 64,
                ranks=list(ranks),
                unacceptable=[False] * n_responses,
                ratings=ratings[0] if ratings else {},
            )
            for number, handle, ranks, *ratings in verdicts
        ],
        batch_size=2000,
    )
    return project


FIRST, TIE, SECOND = (1, 2), (1, 1), (2, 1)


def a_crowd(slug="crowd", n_items=120):
    """Eight careful labelers, one who turns the scale round, and one who ties everything."""
    rng = random.Random(3)
    verdicts = []
    for number in range(n_items):
        truth = rng.choice((FIRST, SECOND))
        other = SECOND if truth == FIRST else FIRST
        for person in range(8):
            verdicts.append((number, f"w{person}", truth if rng.random() < 0.9 else other))
        verdicts.append((number, "turned", other if rng.random() < 0.9 else truth))
        verdicts.append((number, "tied", TIE))
    return make_judged_project(verdicts, slug=slug)
