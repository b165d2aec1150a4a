"""Where the secret key comes from. There is no default one."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def secret_from_environment() -> str:
    """The key of CONCORD_SECRET_KEY, or of the file CONCORD_SECRET_KEY_FILE, or ''."""
    if path := os.environ.get("CONCORD_SECRET_KEY_FILE"):
        file = Path(path)
        if file.stat().st_mode & 0o077:
            raise ImproperlyConfigured(f"{path} is readable by others: chmod 600 {path}")
        return file.read_text().strip()
    return os.environ.get("CONCORD_SECRET_KEY", "")


def loopback_secret_key(data_dir: Path) -> str:
    """A key of this checkout's own, made once and kept with mode 0600 beside its data."""
    file = data_dir / "secret_key"
    if not file.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = data_dir / f"secret_key.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:
            stream.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, file)  # the first process wins, the others read its key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text().strip()
