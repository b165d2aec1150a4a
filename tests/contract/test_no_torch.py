"""The web server and the Celery parent never load torch: it costs 225 MB and a fork kills CUDA."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "transformers", "trl", "datasets", "pyarrow", "training")
WEB = """
import annotation.wsgi
from django.urls import get_resolver
get_resolver().url_patterns
list(get_resolver().reverse_dict)
"""
WORKER = """
import annotation.celery
import django
django.setup()
annotation.celery.app.loader.import_default_modules()
from annotation.core.jobs import KINDS
assert {"train", "generate"} <= set(KINDS), KINDS
assert "core.run_job" in annotation.celery.app.tasks
"""
COMMANDS = """
import django, os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotation.settings")
django.setup()
from django.core.management import get_commands, load_command_class
for name, app in get_commands().items():
    if str(app).startswith("annotation"):
        load_command_class(app, name)
from annotation.runs.services import missing_libraries
missing_libraries()
"""


@pytest.mark.parametrize("code", [WEB, WORKER, COMMANDS], ids=["web", "worker", "commands"])
def test_it_never_loads_torch(code):
    check = f"import sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code + check], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
