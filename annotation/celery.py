"""Celery: messages carry the id of a job row and nothing else. Reasons: docs/architecture.md."""

import os

from billiard.process import current_process
from celery import Celery, platforms
from celery.signals import beat_embedded_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotation.settings")

from django.conf import settings  # noqa: E402  needs the settings module named above

VISIBILITY_TIMEOUT = 12 * 3600  # a backstop only: rows and leases recover work, not the broker

app = Celery("concord")
app.conf.update(
    broker_url=settings.REDIS_URL.replace("unix://", "redis+socket://", 1)
    or "memory://localhost/",
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_TIMEOUT,
        "socket_timeout": 5,
        "socket_connect_timeout": 1,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        # A web request that finds no broker goes on at once: the reconciler sends it later.
        "max_retries": 3,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    visibility_timeout=VISIBILITY_TIMEOUT,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    result_backend=None,
    task_acks_late=False,
    task_reject_on_worker_lost=False,
    task_publish_retry=False,
    task_default_queue="default",
    worker_prefetch_multiplier=1,
    worker_disable_prefetch=True,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_soft_shutdown_timeout=30,
    worker_max_tasks_per_child=500,
    worker_max_memory_per_child=600_000,
    worker_eta_task_limit=1000,
    worker_hijack_root_logger=False,
    timezone="UTC",
    beat_schedule={
        "reconcile-jobs": {"task": "core.reconcile_jobs", "schedule": 10.0},
        "expire-leases": {"task": "labeling.expire_leases", "schedule": 30.0},
        "climb-ladders": {"task": "labeling.climb_ladders", "schedule": 120.0},
        "warn-of-late-marks": {"task": "labeling.warn_of_late_marks", "schedule": 60.0},
        "rotate-gold": {"task": "labeling.rotate_gold", "schedule": 600.0},
        "keep-reviews": {"task": "labeling.keep_reviews", "schedule": 30.0},
        "check-alerts": {"task": "oversight.check_alerts", "schedule": 300.0},
        "check-newest-judgments": {"task": "runs.check_newest_judgments", "schedule": 1800.0},
        "refresh-figures": {"task": "quality.refresh_figures", "schedule": 120.0},
        "choose-next-items": {"task": "quality.choose_again", "schedule": 20.0},
        "look-at-adaptive-work": {"task": "quality.look_again", "schedule": 30.0},
        "clear-expired": {"task": "accounts.clear_expired", "schedule": 3600.0},
        "sweep-exports": {"task": "datasets.sweep_exports", "schedule": 3600.0},
        "sweep-personal-copies": {"task": "privacy.sweep_copies", "schedule": 3600.0},
        "sweep-quarantine": {"task": "labeling.sweep_quarantine", "schedule": 24 * 3600.0},
        "sweep-benchmark-files": {
            "task": "runs.sweep_benchmark_files",
            "schedule": 24 * 3600.0,
        },
        "sweep-checkpoints": {"task": "runs.sweep_checkpoints", "schedule": 24 * 3600.0},
    },
)
app.autodiscover_tasks()


@beat_embedded_init.connect
def end_with_the_worker(**_):
    """Celery ties its pool's processes to the worker's life, but not the beat of `worker -B`."""
    platforms.set_pdeathsig("SIGKILL")
    if os.getppid() != current_process()._parent_pid:
        os._exit(1)  # the worker died before it could be asked for
