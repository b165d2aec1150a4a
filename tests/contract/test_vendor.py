"""What is committed under vendor/ is what npm gave, byte for byte but for the source map."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = json.loads((ROOT / "static/vendor/vendor.json").read_text())
LOCK = json.loads((ROOT / "package-lock.json").read_text())["packages"]


@pytest.mark.parametrize("path", MANIFEST)
def test_a_vendored_file_has_the_hash_that_was_written_down(path):
    content = (ROOT / path).read_bytes()

    digest = base64.b64encode(hashlib.sha384(content).digest()).decode()
    assert MANIFEST[path]["integrity"] == f"sha384-{digest}"
    assert b"sourceMappingURL" not in content


@pytest.mark.parametrize("path", MANIFEST)
def test_a_vendored_file_carries_the_locked_version_in_its_name(path):
    entry = MANIFEST[path]

    assert LOCK[f"node_modules/{entry['package']}"]["version"] == entry["version"]
    assert path.endswith(f"-{entry['version']}.js")


def test_nothing_unlisted_is_vendored():
    found = [p for folder in ("static/vendor", "tests/vendor") for p in (ROOT / folder).iterdir()]

    assert {str(p.relative_to(ROOT)) for p in found} == {*MANIFEST, "static/vendor/vendor.json"}


def test_templates_name_only_vendored_files_that_exist():
    names = {
        name
        for page in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r"vendor/[\w.-]+\.js", page.read_text())
    }
    assert names, "no template loads htmx any more: is this test looking in the right place?"
    assert {f"static/{name}" for name in names} <= set(MANIFEST)
