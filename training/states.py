"""What an own loop keeps to go on from: weights, optimiser moments, chance. Safetensors only."""

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, load_model, save_file, save_model
from torch import Tensor, nn

from training import checkpoint, policy
from training.events import write_json
from training.run import Run

Networks = dict[str, nn.Module]
Optimizers = dict[str, torch.optim.Optimizer]


def save(
    run: Run, step: int, networks: Networks, optimizers: Optimizers, state: dict[str, Any]
) -> None:
    """One verified checkpoint of everything named, whole or not at all; older ones are pruned."""
    run.journal.check_token()
    folder = run.out / "checkpoints" / f"step-{step}"
    folder.parent.mkdir(exist_ok=True)
    needed = sum(policy.parameter_count(network) for network in networks.values())
    checkpoint.require_space(folder.parent, 16 * needed)

    alive = run.journal.alive

    def seal(staging: Path) -> None:
        checkpoint.seal(staging, step=step, config=run.config_sha256, state=state, alive=alive)
        run.journal.check_token()

    with checkpoint.staged(folder, before_rename=seal, alive=alive) as staging:
        for name, network in networks.items():
            save_model(network, str(staging / f"{name}.safetensors"))
            alive()
        for name, optimizer in optimizers.items():
            moments = {
                f"{number}.{key}": value
                for number, entry in optimizer.state_dict()["state"].items()
                for key, value in entry.items()
            }
            save_file(tensors_of(moments), staging / f"{name}.safetensors")
        rng = {"cpu": torch.get_rng_state()}
        if torch.cuda.is_available():
            rng["cuda"] = torch.cuda.get_rng_state()
        save_file(tensors_of(rng), staging / "rng.safetensors")
        write_json(staging / "state.json", {"step": step})
    checkpoint.prune(folder.parent)
    path = folder.relative_to(run.folder).as_posix()
    run.journal.write("checkpoint", step=step, path=path)
    run.journal.sync()


def load(folder: Path, networks: Networks, optimizers: Optimizers) -> None:
    """Put a checkpoint of `save` back into the same networks and optimisers."""
    for name, network in networks.items():
        load_model(network, folder / f"{name}.safetensors", device=str(policy.device()))
    for name, optimizer in optimizers.items():
        entries: dict[int, dict[str, Tensor]] = {}
        for key, value in load_file(folder / f"{name}.safetensors").items():
            number, moment = key.split(".", 1)
            entries.setdefault(int(number), {})[moment] = value
        frame = optimizer.state_dict()
        optimizer.load_state_dict({**frame, "state": entries})
    rng = load_file(folder / "rng.safetensors")
    torch.set_rng_state(rng["cpu"])
    if "cuda" in rng and torch.cuda.is_available():
        torch.cuda.set_rng_state(rng["cuda"])


def tensors_of(named: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in named.items()}
