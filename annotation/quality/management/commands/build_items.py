"""Build items from stored responses, as the page does."""

from django.core.management.base import BaseCommand

from annotation.core.errors import DomainError, NotFound
from annotation.labeling.building import services
from annotation.labeling.building.pairing import RULES
from annotation.labeling.building.policy import DROPPABLE, MERGES, Policy
from annotation.projects.models import Project
from annotation.quality.building.gains import gains_now, planned


class Command(BaseCommand):
    help = (
        "Build items from a project's stored responses: which responses to a prompt meet, and "
        "which are left out. With --dry-run the counts alone."
    )

    def add_arguments(self, parser):
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("batch", help="a name for the batch")
        parser.add_argument("--k", type=int, default=2, help="responses in an item")
        parser.add_argument("--exactly", action="store_true", help="no item with fewer than k")
        parser.add_argument("--rule", choices=RULES, default="balanced")
        parser.add_argument("--generator", action="append", default=[], help="name; repeatable")
        parser.add_argument("--new", action="append", default=[], help="name; repeatable")
        parser.add_argument("--drop", action="append", choices=DROPPABLE, help="repeatable")
        parser.add_argument("--merge", choices=MERGES, default="equal")
        parser.add_argument("--again", action="store_true", help="prompts with items, too")
        parser.add_argument("--most", type=int, help="at most so many items")
        parser.add_argument("--overlap", type=int, help="labelers for each; else the project's")
        parser.add_argument("--priority", type=int, default=0)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args, **options):
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project “{options['project']}”.")
        drop = options["drop"]
        policy = Policy(
            batch=options["batch"],
            k=options["k"],
            takes_fewer=not options["exactly"],
            rule=options["rule"],
            generators=_named(project, options["generator"]),
            new=_named(project, options["new"]),
            drop=("empty", "truncated") if drop is None else tuple(drop),
            merge=options["merge"],
            only_fresh=not options["again"],
            most=options["most"],
            overlap=options["overlap"] or project.overlap,
            priority=options["priority"],
            seed=options["seed"],
        )
        if options["dry_run"]:
            counts = planned(project, policy).as_json()
        else:
            gains = gains_now(project) if policy.is_adaptive else None
            counts = services.build_items(project=project, policy=policy, gains=gains).counts
        self.stdout.write(f"{counts['items']:>9,} items")
        for title in ("prompts_without", "responses_left_out"):
            for why, count in counts[title].items():
                self.stdout.write(f"{count:>9,} {title.replace('_', ' ')}: {why}")


def _named(project, names) -> tuple[int, ...]:
    found = dict(project.generators.values_list("name", "pk"))
    missing = [name for name in names if name not in found]
    if missing:
        raise DomainError(f"There is no generator “{missing[0]}” in this project.")
    return tuple(found[name] for name in names)
