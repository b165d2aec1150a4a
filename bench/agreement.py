"""The agreement page and the report from cached figures, at 200,000 items × 5 judgments.

Everything is written by a few statements; the figures are computed once, by the job.
"""

import json
import time
from pathlib import Path

from bench import world
from bench.measure import command
from bench.overview import VISIT
from bench.report import Report

ITEMS, QUICK_ITEMS, LABELERS = 200_000, 20_000, 500
PAGES = {"agreement page": "/projects/bench/agreement/", "report": "/projects/bench/report/"}

# Two responses by two of twenty generators, half a year, four languages, three batches; two of
# three answers are the same.
FILL = """
from django.db import connection
from annotation.accounts.models import User
from annotation.projects import services
from annotation.projects.models import Membership, Project
from annotation.prompts.models import Generator, Response

project = Project.objects.get(slug="bench")
lead = User.objects.create_user(username="lead")
services.add_member(project=project, user=lead, role=Membership.Role.LEAD)
people = User.objects.bulk_create(
    [User(username=f"w{n}", kind=User.Kind.SIMULATED) for n in range(<labelers>)]
)
Membership.objects.bulk_create(
    [Membership(project=project, user=one, role="labeler", handle=one.username) for one in people]
)
model = project.items.get()
made = Generator.objects.bulk_create(
    [Generator(project=project, name=f"generator-{n:02}") for n in range(20)]
)
responses = Response.objects.bulk_create(
    [Response(prompt=model.prompt, text="One.", text_sha256="0" * 64, generator=one)
     for one in made]
)
with connection.cursor() as cursor:
    cursor.execute(SQL, {
        "project": project.pk, "prompt": model.prompt_id, "first": min(o.pk for o in people),
        "response": min(one.pk for one in responses),
    })
"""
SQL = """
INSERT INTO labeling_item (project_id, prompt_id, external_id, content_sha256, batch, metadata,
       response_count, state, priority, overlap, taken, created_at)
SELECT %(project)s, %(prompt)s, 'y' || n, lpad(to_hex(n), 64, '0'), 'b' || n %% 3,
       jsonb_build_object('language', (ARRAY['de', 'en', 'fr', 'es'])[1 + n %% 4]),
       2, 'open', 0, 5, 5, now()
  FROM generate_series(1, <items>) n;
CREATE TEMP TABLE made AS SELECT id, row_number() OVER (ORDER BY id) AS n
  FROM labeling_item WHERE project_id = %(project)s AND external_id LIKE 'y%%';
INSERT INTO labeling_itemresponse (item_id, response_id, position, key)
SELECT id, %(response)s + (n + 7 * place) %% 20, place, chr(96 + place)
  FROM made, generate_series(1, 2) place;
INSERT INTO labeling_judgment (project_id, item_id, labeler_id, revision, origin, content_sha256,
       ranks, unacceptable, strength, ratings, rationale, "order", seconds, is_surplus,
       submitted_at)
SELECT %(project)s, id, %(first)s + (n * 7 + k * 31) %% <labelers>, 1, 'desk', '',
       CASE WHEN (n * 13 + k * 17) %% 6 < 2 THEN '{2,1}' ELSE '{1,2}' END::smallint[],
       '{f,f}', '{1}', '{}', '', '{1,2}', 30, false,
       now() - (n %% 180) * interval '1 day'
  FROM made, generate_series(1, 5) k;
ANALYZE;
"""
# All of them, as the background does it; a job that fails is a measurement that fails.
COMPUTE = """
from annotation.core import jobs
from annotation.projects.models import Project
from annotation.quality.services import request_figures
job = request_figures(project=Project.objects.get(slug="bench"))
jobs.run(job.pk)
job.refresh_from_db()
assert job.state == "done", job.error
"""


def run(report: Report, folder: Path, sizes=(10_000, 100_000)) -> None:
    count = ITEMS if max(sizes) >= 100_000 else QUICK_ITEMS
    with world.database():
        command("import_items", "bench", world.write_items(folder / "one.jsonl", 1), "--create")
        fill = f'SQL = """{SQL}"""\n{FILL}'
        for name, value in (("<items>", count), ("<labelers>", LABELERS)):
            fill = fill.replace(name, str(value))
        command("shell", "-v0", "-c", fill)
        began = time.perf_counter()
        done = command("shell", "-v0", "-c", COMPUTE)
        report.add(
            f"all figures computed, {count:,} items × 5",
            f"{time.perf_counter() - began:.0f} s, {done.peak_mib:.0f} MiB",
        )
        for name, path in PAGES.items():
            done = command("shell", "-v0", "-c", VISIT.replace("<path>", path))
            found = json.loads(done.output.splitlines()[-1])
            report.add(
                f"{name} from cached figures, {count:,} items × 5",
                f"{found['ms']:.0f} ms, {found['count']} statements, "
                f"the slowest {found['slowest']:.0f} ms",
                "< 200 ms" if name == "agreement page" else "",
            )
