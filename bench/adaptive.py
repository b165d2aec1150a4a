"""Stopping when sure against a fixed overlap, through the product: items are imported, lent,
submitted, looked at by the rule and lent again, by simulated labelers of known reliability.

Whoever judges an item says the same of it in both worlds, so that they differ by the rule alone.
"""

import os
from pathlib import Path

import numpy as np

from bench import world
from bench.measure import command
from bench.report import Report

ITEMS, LABELERS, FIXED = 300, 12, 5
SURE_PERCENT, LEAST, MOST = 92, 2, 7
TRUTHS = ({1: 1, 2: 2}, {1: 2, 2: 1}, {1: 1, 2: 1})  # the first, the second, a tie
SHARES = (0.45, 0.45, 0.10)
SEED = 7


def run(report: Report, folder: Path, sizes=()) -> None:
    with world.database():
        items = world.write_items(folder / "items.jsonl", ITEMS)
        for name, overlap in (("fixed", FIXED), ("stopping", FIXED)):
            command("import_items", name, items, "--create", "--overlap", str(overlap))
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotation.settings")
        import django

        django.setup()
        rng = np.random.default_rng(SEED)
        truth = rng.choice(len(TRUTHS), ITEMS, p=SHARES)
        accuracy = rng.beta(16, 4, LABELERS)  # mean 0.8
        wrong = rng.integers(1, len(TRUTHS), (ITEMS, LABELERS))
        is_right = rng.random((ITEMS, LABELERS)) < accuracy
        said = (truth[:, None] + np.where(is_right, 0, wrong)) % len(TRUTHS)
        n_fixed, right_fixed, majority = _world("fixed", said, truth)
        n_adaptive, right, _ = _world("stopping", said, truth, stops=True)
        report.add(f"fixed overlap {FIXED}: right by majority", f"{majority:.3f}")
        report.add(f"fixed overlap {FIXED}: right by posterior", f"{right_fixed:.3f}")
        report.add(
            f"until {SURE_PERCENT} % sure, {LEAST} to {MOST}: right, judgments per item, saved",
            f"{right:.3f}, {n_adaptive / ITEMS:.2f}, {1 - n_adaptive / n_fixed:.0%}",
            f"{right_fixed:.3f}, a third saved",
        )


def _world(slug: str, said, truth, *, stops: bool = False) -> tuple[int, float, float]:
    """(judgments, share of items whose answer is right, the same by majority)."""
    from annotation.core import jobs
    from annotation.core.models import Job
    from annotation.projects.models import Project
    from annotation.quality.adaptive import services
    from annotation.quality.adaptive.beliefs import beliefs_of
    from annotation.quality.snapshot import take_snapshot

    project = Project.objects.get(slug=slug)
    number = {pk: int(name[1:]) for pk, name in project.items.values_list("pk", "external_id")}
    people = _people(project)
    if stops:
        services.configure(
            project=project, actor=None, is_on=True,
            sure_percent=SURE_PERCENT, least=LEAST, most=MOST,
        )  # fmt: skip
        for job in Job.objects.active().filter(project=project):
            jobs.run(job.pk)
    rng = np.random.default_rng(SEED)
    count = _work(project, people, number, said, rng)
    while stops and services.apply_rule(project=project):
        count += _work(project, people, number, said, rng)
    beliefs = beliefs_of(take_snapshot(project))
    # Of two responses: 0 none alone, 1 the first, 2 the second.
    found = (beliefs.answer - 1) % len(TRUTHS)
    of = np.array([number[int(pk)] for pk in beliefs.item_ids])
    return count, float((found == truth[of]).mean()), _majority(project, number, truth)


def _people(project) -> list:
    from annotation.accounts.models import User
    from annotation.projects.models import Membership
    from annotation.projects.services import add_member

    people = []
    for n in range(LABELERS):
        user = User.objects.create_user(username=f"{project.slug}-{n}")
        add_member(project=project, user=user, role=Membership.Role.LABELER)
        people.append(user)
    return people


def _work(project, people, number, said, rng) -> int:
    """Everybody in random turns, until the queue has nothing for anybody."""
    from annotation.labeling.queue import lend_next_item
    from annotation.labeling.services import submit_judgment
    from annotation.labeling.verdict import verdict_from_choices

    count, going = 0, list(range(len(people)))
    while going:
        who = going[rng.integers(len(going))]
        lent = lend_next_item(project=project, labeler=people[who])
        if lent is None:
            going.remove(who)
            continue
        choices = TRUTHS[said[number[lent.item_id], who]]
        submit_judgment(
            assignment_id=lent.pk,
            labeler=people[who],
            key=lent.key,
            verdict=verdict_from_choices(choices, response_count=2),
            lend_next=False,
        )
        count += 1
    return count


def _majority(project, number, truth) -> float:
    """Share of the items whose most frequent answer is right; half right where two are."""
    votes = np.zeros((ITEMS, len(TRUTHS)))
    for item, ranks in project.judgments.work().current().values_list("item", "ranks"):
        answer = 2 if ranks[0] == ranks[1] else int(ranks[0] > ranks[1])
        votes[number[item], answer] += 1
    best = votes == votes.max(axis=1, keepdims=True)
    return float((best[np.arange(ITEMS), truth] / best.sum(axis=1)).mean())
