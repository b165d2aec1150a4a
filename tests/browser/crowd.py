"""Fifty people who are not there: each signs up, reads, judges and answers through the pages, by
requests of their own. What they think of a response is written in it."""

import re
from random import Random

from django.core import mail
from django.test import Client
from django.urls import reverse

from annotation.accounts.models import User
from annotation.core import jobs
from annotation.core.models import Job
from annotation.labeling.models import Assignment

PASSWORD = "correct horse battery 9"
LINK = re.compile(r"https?://[^/\s]+(/invitation/[\w-]+/)")
QUALITY = re.compile(r"quality (\d)")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def do_waiting_jobs():
    """What the worker does meanwhile."""
    while waiting := list(Job.objects.filter(state=Job.State.QUEUED).order_by("pk")):
        for job in waiting:
            jobs.run(job.pk)


def mailed_paths() -> list[str]:
    """The invitations' links, in the order in which they were mailed."""
    return [
        LINK.search(message.body)[1] for message in mail.outbox if "/invitation/" in message.body
    ]


class Labeler:
    """Somebody who ranks by quality, and now and then sees it otherwise."""

    def __init__(self, name: str, *, slips: float, is_upside_down: bool = False):
        self.name, self.slips, self.is_upside_down = name, slips, is_upside_down
        self.client = Client()
        self.random = Random(name)

    def accept(self, path: str) -> None:
        answer = self.client.post(
            path, {"username": self.name, "password": PASSWORD, "again": PASSWORD}
        )
        assert answer.status_code == 302, answer.content.decode()[-2000:]
        self.user = User.objects.get(username=self.name)

    def get(self, name, *args):
        answer = self.client.get(reverse(name, args=args))
        assert answer.status_code == 200, (name, answer.status_code)
        return answer.content.decode()

    def post(self, name, *args, **fields) -> None:
        answer = self.client.post(reverse(name, args=args), fields)
        assert answer.status_code in (302, 303), answer.content.decode()[-2000:]

    def held(self, slug) -> Assignment | None:
        """What lies on the desk, without asking for more."""
        live = Assignment.objects.live().filter(labeler=self.user, project__slug=slug)
        return live.select_related("item").first()

    def judge(self, slug, most: int = 1_000) -> int:
        """Open the desk and judge what comes, up to so many. Returns how many it were."""
        for count in range(most):
            held = self.held(slug)
            if held is None:
                self.get("labeling:judge", slug)
                held = self.held(slug)
            if held is None:
                return count
            answer = self.client.post(
                reverse("labeling:submit-judgment", args=[slug, held.pk]),
                self.verdict(held),
                headers=HTMX,
            )
            assert answer.status_code in (200, 303), answer.content.decode()[:2000]
        return most

    def verdict(self, held) -> dict:
        texts = dict(held.item.item_responses.values_list("position", "response__text"))
        worth = {position: int(QUALITY.search(text)[1]) for position, text in texts.items()}
        order = sorted(worth, key=worth.__getitem__, reverse=not self.is_upside_down)
        if self.random.random() < self.slips:
            order[:2] = reversed(order[:2])
        places = {position: place for place, position in enumerate(order, start=1)}
        ranks = {
            f"rank_{letter}": places[position]
            for letter, position in zip("abcdefghi", held.order, strict=False)
        }
        return ranks | {
            "key": str(held.key), "token": held.token, "seconds": self.random.randint(20, 90)
        }  # fmt: skip
