"""Celery's side of accounts."""

from annotation.celery import app


@app.task(name="accounts.clear_expired")
def clear_expired():
    from annotation.accounts import services  # a task is a leaf
    from annotation.accounts.sign_in_events import record_refused

    services.clear_expired()
    record_refused()
