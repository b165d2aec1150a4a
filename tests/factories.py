"""Rows for tests, made through the services where a service makes them."""

import itertools
import uuid

from annotation.accounts.models import ApiToken, User
from annotation.accounts.tokens import create_token
from annotation.core.hashing import sha256_of_text, sha256_of_value
from annotation.labeling.models import Item, ItemResponse, Judgment
from annotation.labeling.record import record_judgment
from annotation.labeling.verdict import verdict_from_choices
from annotation.projects import services as projects
from annotation.projects.models import Membership
from annotation.prompts.models import Generator, Prompt, Response
from annotation.quality.judges.models import Opinion

SAID = (
    "flags",
    "highlights",
    "confidence",
    "corrections",
    "demonstration",
    "scale",
    "preference",
    "both",
    "rest_below",
    "rationale",
)
_numbers = itertools.count(1)


def make_user(username=None, **fields):
    return User.objects.create_user(username=username or f"user{next(_numbers)}", **fields)


def make_project(slug=None, **fields):
    return projects.create_project(slug=slug or f"project-{next(_numbers)}", **fields)


def make_member(project, role=Membership.Role.LABELER, username=None, handle=""):
    """A user in the project; `user.membership` is at hand."""
    user = make_user(username)
    user.membership = projects.add_member(project=project, user=user, role=role, handle=handle)
    return user


def make_key(user, *rights, **scope) -> str:
    """The key of a new API token; without words of its own it may all that its owner may."""
    scope = {"name": "test", "rights": rights or ApiToken.Right.values} | scope
    return create_token(user=user, **scope)[1]


def make_prompt(project, text=None):
    messages = [{"role": "user", "content": text or f"Question {next(_numbers)}?"}]
    prompt, _ = Prompt.objects.get_or_create(
        project=project, sha256=sha256_of_value(messages), defaults={"messages": messages}
    )
    return prompt


def make_item(project, texts=("One.", "Two."), *, prompt=None, external_id=None, **fields):
    """An item with a response per text, keyed a, b, c …, each by its own generator."""
    prompt = prompt or make_prompt(project)
    external_id = external_id or f"x{next(_numbers)}"
    item = Item.objects.create(
        project=project,
        prompt=prompt,
        external_id=external_id,
        content_sha256=sha256_of_value([external_id, *texts]),
        response_count=len(texts),
        overlap=fields.pop("overlap", project.overlap),
        **fields,
    )
    seen = {}
    for position, text in enumerate(texts, start=1):
        generator, _ = Generator.objects.get_or_create(
            project=project, name=f"secret-model-{position}"
        )
        response = Response.objects.create(
            prompt=prompt, text=text, text_sha256=sha256_of_text(text), generator=generator
        )
        ItemResponse.objects.create(
            item=item,
            response=response,
            position=position,
            key="abcdefghi"[position - 1],
            equal_to=seen.get(text),
        )
        seen.setdefault(text, position)
    return item


def make_opinion(run, item, first, second, **said):
    """What a judge said of the responses that stand in these two positions of the item now."""
    at = dict(item.item_responses.values_list("position", "response"))
    shown = {"first_response_id": at[first], "second_response_id": at[second]}
    return Opinion.objects.create(run=run, item=item, **shown, **said)


def make_judgment(item, labeler, ranks, *, revision=1, **fields):
    """A judgment as an import writes it. `ranks` per position: a number, "x" or None; what else
    a verdict says under its own names (`flags` by positions)."""
    said = {name: fields.pop(name) for name in SAID if name in fields}
    verdict = verdict_from_choices(
        dict(enumerate(ranks, start=1)),
        response_count=item.response_count,
        strength=fields.pop("strength", ()),
        ratings={
            key: dict(enumerate(values, start=1))
            for key, values in fields.pop("ratings", {}).items()
        },
        **said,
    )
    defaults = {
        "origin": Judgment.Origin.IMPORT,
        "key": uuid.uuid4(),
        "rubric_version": projects.current_rubric(item.project),
    }
    return record_judgment(
        item=item, labeler=labeler, verdict=verdict, revision=revision, **(defaults | fields)
    )
