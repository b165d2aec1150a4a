"""Why a run ends early, and the exit status that tells its supervisor (docs/formats.md)."""

import errno


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


class MachineError(RunError):
    """The machine gave out, not the data or the code: memory, disk, GPU. Trying again may do."""

    exit_code = 71


FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What libraries written in C++ and Rust say in words only; lower case.
SIGNS = (
    (("no space left", "os error 28", "disk quota", "file too large"), "the disk is full"),
    (
        ("out of memory", "can't allocate memory", "std::bad_alloc"),
        "out of memory: lower batch_size (and raise accumulation) or max_length",
    ),
    (
        ("cuda error", "cublas_status", "cudnn_status", "nccl error", "gpu is lost", "hip error"),
        "the GPU failed or was lost",
    ),
)


def of_machine(error: BaseException) -> MachineError | None:
    """The sentence for an error that is the machine's; None for any other, which is a defect."""
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    if isinstance(error, MemoryError):
        return MachineError(f"{SIGNS[1][1]} ({said})")
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        return MachineError(f"{SIGNS[0][1]} ({said})")
    if not isinstance(error, RuntimeError | OSError) and "safetensor" not in said.lower():
        return None
    for signs, sentence in SIGNS:
        if any(sign in said.lower() for sign in signs):
            return MachineError(f"{sentence} ({said})")
    return None


class Fenced(RunError):
    """Another attempt owns this run: nothing more may be written."""

    exit_code = 75
    status = "fenced"


class Cancelled(RunError):
    """SIGTERM arrived. Whatever could be saved is saved."""

    exit_code = 143
    status = "cancelled"
