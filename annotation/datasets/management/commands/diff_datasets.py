"""What differs between two frozen datasets."""

import json

from django.core.management.base import BaseCommand

from annotation.datasets import services
from annotation.datasets.diff import compare
from annotation.datasets.diff_views import as_json
from annotation.datasets.diff_words import policy_changes, sections
from annotation.datasets.exporting import check_whole, reader
from annotation.datasets.models import Dataset


class Command(BaseCommand):
    help = (
        "Compare two frozen datasets row by row: which comparisons and examples came and went, "
        "which have another outcome, other figures or another split, each with its reason, and "
        "in what the policies differ. Of each kind the first 50 are told, all are counted."
    )

    def add_arguments(self, parser):
        parser.add_argument("then", help="a dataset's hash, or its first characters (4 or more)")
        parser.add_argument("now", help="another one's")
        parser.add_argument("--json", action="store_true", help="the same as JSON")

    def handle(self, *args, **options):
        every = Dataset.objects.select_related("project")
        then, now = (services.find_dataset(every, options[name]) for name in ("then", "now"))
        for dataset in (then, now):
            check_whole(dataset)
        found = compare(reader(then), reader(now))
        policies = policy_changes(then.policy, now.policy)
        if options["json"]:
            said = as_json(then, now, found)
            self.stdout.write(json.dumps(said, ensure_ascii=False, indent=1))
            return
        for word, old, new in policies:
            self.stdout.write(f"Policy, {word}: {old} → {new}")
        for section in sections(found):
            self.stdout.write(f"{section['title']}: {section['count']:,}")
            for one in section["changes"]:
                then_said, now_said = one["then"] or "–", one["now"] or "–"
                self.stdout.write(f"  {one['item']}: {then_said} → {now_said} ({one['reason']})")
        self.stdout.write(f"The same: {found.same:,}")
