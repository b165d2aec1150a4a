"""Why a run ends early, and the exit status that tells its supervisor (docs/formats.md)."""


class RunError(Exception):
    """A run that cannot go on. `status` goes into run.json, `exit_code` to the supervisor."""

    exit_code = 70
    status = "failed"


class ConfigError(RunError):
    """config.json asks for something that does not exist or makes no sense."""

    exit_code = 64


class DataError(RunError):
    """The dataset must not be trained on: a leak, damage, or too much of it unusable."""

    exit_code = 65


class Fenced(RunError):
    """Another attempt owns this run: nothing more may be written."""

    exit_code = 75
    status = "fenced"


class Cancelled(RunError):
    """SIGTERM arrived. Whatever could be saved is saved."""

    exit_code = 143
    status = "cancelled"
