"""The production profile, in a process of its own: settings are read once."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
POST = """
import django
django.setup()
from django.test import Client
client = Client(enforce_csrf_checks=True)
from django.middleware.csrf import _get_new_csrf_string
token = _get_new_csrf_string()
client.cookies["__Host-csrftoken"] = token
for origin in ("https://concord.example", "https://elsewhere.example"):
    answer = client.post(
        "/theme/", {"csrfmiddlewaretoken": token, "theme": "dark"},
        headers={"host": "concord.example", "origin": origin},
    )
    print(answer.status_code)
"""


def test_a_form_is_taken_where_another_proxy_ends_tls():
    environment = os.environ | {
        "CONCORD_HOSTS": "concord.example,.example.org",
        "CONCORD_SSL_REDIRECT": "false",
        "CONCORD_SECOND_FACTOR": "staff",
        "CONCORD_SECRET_KEY": "only-for-this-test",
        "DJANGO_SETTINGS_MODULE": "annotation.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", POST],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["302", "403"], done.stderr


def test_every_setting_stands_in_the_operators_table():
    """`CONCORD_RUN` and `CONCORD_RUN_FOLDER` mark children of ours: nobody sets them."""
    said = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    sources = [ROOT / "docker-compose.yml", ROOT / "Makefile"]
    for folder in ("annotation", "training", "deploy"):
        sources += [
            path
            for path in (ROOT / folder).rglob("*")
            if path.suffix in ("", ".py", ".sh", ".yaml", ".yml")
        ]
    found = set()
    for path in sources:
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found |= set(re.findall(r"\bCONCORD_[A-Z_]*[A-Z]\b", text))
    assert {"CONCORD_DATA", "CONCORD_EGRESS_ORIGINS"} <= found, "something was read"
    for name in sorted(found - {"CONCORD_RUN", "CONCORD_RUN_FOLDER"}):
        short = name.replace("CONCORD_OIDC", "")
        assert f"`{name}`" in said or f"`{short}`" in said, name
