"""Celery's side of core.jobs: an id in, the job done."""

from annotation.celery import app
from annotation.core import jobs
from annotation.core.locks import only_one


@app.task(name="core.run_job")
def run_job(job_id):
    jobs.run(job_id)


@app.task(name="core.reconcile_jobs")
def reconcile_jobs():
    with only_one("reconcile-jobs") as is_ours:
        if is_ours:
            jobs.reconcile()
