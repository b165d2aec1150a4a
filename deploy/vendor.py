"""Copy the pinned browser files out of npm into the repository.

Only a maintainer who raises a version in package.json runs this, and commits what it writes:

    python deploy/vendor.py

Users and servers need no node. `tests/contract/test_vendor.py` hashes the files again.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# package -> (file inside the package, name here, folder here)
FILES = {
    "htmx.org": ("dist/htmx.min.js", "htmx", "static/vendor"),
    "axe-core": ("axe.min.js", "axe-core", "tests/vendor"),
}

# Manifest storage fails on a source map that is not there, and nobody needs the map.
SOURCE_MAP = re.compile(rb"\n?//[#@] sourceMappingURL=\S*\s*$|/\*[#@] sourceMappingURL=.*?\*/")


def sri(content: bytes) -> str:
    """The value of an `integrity` attribute."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


def main() -> None:
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not on PATH; it is needed only to vendor a new version.")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, folder)
        # --ignore-scripts: a package's install script has no business on a maintainer's machine.
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit"], cwd=folder, check=True)  # noqa: S603
        versions = json.loads((ROOT / "package-lock.json").read_text())["packages"]
        manifest = {}
        for package, (source, short, target) in FILES.items():
            version = versions[f"node_modules/{package}"]["version"]
            content = (Path(folder) / "node_modules" / package / source).read_bytes()
            content = SOURCE_MAP.sub(b"", content).rstrip() + b"\n"
            path = ROOT / target / f"{short}-{version}.js"
            for old in path.parent.glob(f"{short}-*.js"):
                old.unlink()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            manifest[str(path.relative_to(ROOT))] = {
                "package": package,
                "version": version,
                "license": versions[f"node_modules/{package}"]["license"],
                "bytes": len(content),
                "integrity": sri(content),
            }
    text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
    (ROOT / "static/vendor/vendor.json").write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
