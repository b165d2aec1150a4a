"""Which of several processes of one run this is. One process alone is the first of one.

Only the first one writes: journal, checkpoints, model. Imports torch only where there are several.
"""

import os


def number() -> int:
    return int(os.environ.get("RANK", "0"))


def count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def local() -> int:
    """Its number on this machine, which is the number of its device."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def is_first() -> bool:
    return number() == 0


def wait() -> None:
    """Go on only when all are here."""
    if count() > 1:
        import torch.distributed

        torch.distributed.barrier()


def agree(is_true: bool) -> bool:
    """Whether it is true for any: a stop reaches the processes at different steps, and one that
    left alone would let the others wait for its gradients."""
    if count() == 1:
        return is_true
    import torch
    import torch.distributed

    kind = "cuda" if torch.cuda.is_available() else "cpu"
    votes = torch.tensor(
        [int(is_true)], device=torch.device(kind, local()) if kind == "cuda" else kind
    )
    torch.distributed.all_reduce(votes, op=torch.distributed.ReduceOp.MAX)
    return bool(votes.item())
