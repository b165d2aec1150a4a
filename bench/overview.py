"""A project's overview as its lead opens it, at n items judged three times by 30 labelers."""

import json
from pathlib import Path

from bench import world
from bench.measure import command
from bench.report import Report

# Four weeks of work, written at once: one judgment each by three of thirty labelers, most items
# done, 1 in 50 of them held, and each labeler has skipped some. As the rules have it.
FILL = """
from django.db import connection
from annotation.accounts.models import User
from annotation.projects import services
from annotation.projects.models import Membership, Project

project = Project.objects.get(slug="bench")
for n in range(30):
    user = User.objects.create_user(username=f"w{n}", kind=User.Kind.SIMULATED)
    services.add_member(project=project, user=user, role=Membership.Role.LABELER)
lead = User.objects.create_user(username="lead")
services.add_member(project=project, user=lead, role=Membership.Role.LEAD)
with connection.cursor() as cursor:
    cursor.execute('''
    CREATE TEMP TABLE made AS
    SELECT i.id AS item, m.user_id AS labeler,
           now() - ((i.id * 7919 + m.n * 104729) %% 40000) * interval '1 minute' AS at
      FROM labeling_item i
      JOIN (SELECT user_id, row_number() OVER (ORDER BY user_id) - 1 AS n
              FROM projects_membership WHERE role = 'labeler') m
        ON (i.id + m.n) %% 10 = 0 WHERE i.id %% 10 <> 9;
    INSERT INTO labeling_assignment
      (project_id, item_id, labeler_id, state, "order", token, key, lease_until, skip_reason,
       draft, created_at, over_at)
    SELECT %s, item, labeler, 'submitted', '{1,2}', 1, gen_random_uuid(), at, '', '{}', at, at
      FROM made;
    INSERT INTO labeling_judgment
      (project_id, item_id, labeler_id, revision, origin, content_sha256, ranks, unacceptable,
       strength, ratings, rationale, "order", seconds, is_surplus, submitted_at)
    SELECT %s, item, labeler, 1, 'desk', '', '{1,2}', '{f,f}', '{1}', '{}', '', '{1,2}', 60,
           false, at FROM made;
    UPDATE labeling_item i SET taken = 3 WHERE id %% 10 <> 9;
    ANALYZE;
    ''', [project.pk, project.pk])
"""


# In one process, without sockets: what the page costs, and its slowest statement.
VISIT = """
import json, time
from statistics import median
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from annotation.accounts.models import User

settings.ALLOWED_HOSTS = ["testserver"]
client = Client()
client.force_login(User.objects.get(username="lead"))

def visit():
    began = time.perf_counter()
    assert client.get("<path>").status_code == 200
    return time.perf_counter() - began

times = [visit() for _ in range(8)][1:]
with CaptureQueriesContext(connection) as queries:
    visit()
slowest = max(float(query["time"]) for query in queries.captured_queries)
print(json.dumps({"ms": 1000 * median(times), "count": len(queries), "slowest": 1000 * slowest}))
"""
PAGES = {"overview": "/projects/bench/", "time and cost": "/projects/bench/costs/"}


def run(report: Report, folder: Path, sizes=(10_000, 100_000)) -> None:
    for size in sizes:
        with world.database():
            items = world.write_items(folder / f"overview-{size}.jsonl", size)
            command("import_items", "bench", items, "--create")
            command("shell", "-v0", "-c", FILL)
            for name, path in PAGES.items():
                done = command("shell", "-v0", "-c", VISIT.replace("<path>", path))
                found = json.loads(done.output.splitlines()[-1])
                report.add(
                    f"a lead's {name}, {size:,} items × 3",
                    f"{found['ms']:.0f} ms, {found['count']} statements, "
                    f"the slowest {found['slowest']:.0f} ms",
                )
