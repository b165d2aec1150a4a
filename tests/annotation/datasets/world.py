"""A small judged project, the same whatever order its rows are made in."""

import random

from annotation.core.hashing import sha256_of_text
from annotation.labeling.models import Judgment
from annotation.prompts.models import Response
from tests.factories import make_item, make_judgment, make_member, make_project, make_prompt

HANDLES = ("w1", "w2", "w3")


def make_world(slug="shop", *, items=6, seed=0, **fields):
    """`seed` shuffles the order of making, which must change nothing but database ids."""
    shuffle = random.Random(seed).shuffle
    project = make_project(slug, **fields)
    handles = list(HANDLES)
    shuffle(handles)
    workers = {handle: make_member(project, handle=handle) for handle in handles}
    numbers = list(range(items))
    shuffle(numbers)
    for number in numbers:
        prompt = make_prompt(project, f"Question {number // 2}?")
        texts = (f"Good {number}.", f"Bad {number}.", "" if number == 3 else f"Odd {number}.")
        item = make_item(project, texts, prompt=prompt, external_id=f"x{number}")
        for handle in handles:
            place = int(handle[1:])
            ranks = [1, 2, 2] if (number + place) % 3 else [2, 1, "x"]
            make_judgment(item, workers[handle], ranks, strength=(place,))
    return project


def add_demonstration(project, prompt_text, text):
    return Response.objects.create(
        prompt=make_prompt(project, prompt_text),
        kind=Response.Kind.DEMONSTRATION,
        text=text,
        text_sha256=sha256_of_text(text),
    )


def judge_more(project, item, ranks=(2, 1, 2)):
    late = make_member(project, handle=f"late{Judgment.objects.count()}")
    return make_judgment(item, late, list(ranks))
