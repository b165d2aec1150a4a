"""Says how it was started, and ends: with status 64 for port 8499."""

import json
import os
import sys

known = {name: os.environ.get(name) for name in ("CONCORD_SERVE_KEY", "DATABASE_URL", "HOME")}
sys.stdout.write(json.dumps({"arguments": sys.argv[1:], "environment": known}) + "\n")
sys.exit(64 if "8499" in sys.argv else 0)
