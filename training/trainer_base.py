"""What our trainers share: the journal at each step, ids as they come, batches by length, and
checkpoints that are staged, verified and renamed."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from training import checkpoint, ranks, sharding
from training.errors import Cancelled, RunError
from training.run import Run
from training.tokens import BucketSampler

Evaluate = Callable[[int], None]
# Adam keeps two moments beside each weight, and a margin for what else is written.
CHECKPOINT_BYTES_PER_PARAMETER = 4 * 3 + 4


class Watch(TrainerCallback):
    """Journal, fencing, cancel and evaluation at each step of a transformers Trainer."""

    # Trainer's closing summary repeats the settings; run.json has the results.
    SUMMARY = ("train_runtime", "train_samples_per_second", "train_steps_per_second", "train_loss")

    def __init__(self, run: Run, evaluate: Evaluate):
        self.run = run
        self.evaluate = evaluate

    def on_substep_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.run.journal.progress("train", step=state.global_step, total=state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        run = self.run
        run.journal.progress("train", step=state.global_step, total=state.max_steps)
        # A run shorter than `log_steps` has a curve, too, and every curve has its end.
        control.should_log |= state.global_step >= state.max_steps
        if state.global_step % run.options["eval_steps"] == 0 and not run.cancel_asked:
            # A cancel is saved and obeyed below, like any cancel between two steps.
            with contextlib.suppress(Cancelled):
                self.evaluate(state.global_step)
            run.journal.progress("train", step=state.global_step, total=state.max_steps)
        run.cancel_asked = ranks.agree(run.cancel_asked)
        if run.cancel_asked:
            control.should_save = True
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        values = {
            name: float(value)
            for name, value in kwargs["logs"].items()
            if isinstance(value, int | float) and name not in (*self.SUMMARY, "total_flos")
        }
        if "loss" not in values:
            return
        self.run.journal.metric(state.global_step, state.max_steps, **values)
        self.run.alarms.trained(state.global_step, values["loss"])
        if values["loss"] != values["loss"]:
            raise RunError(f"the loss is not a number at step {state.global_step}")


class Ours:
    """What our trainers share; mixed in before a TRL trainer."""

    run: Run
    lengths: list[int]
    bf16: bool
    state_to_keep: dict[str, Any]

    def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return dataset  # token ids already

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        args = self.args  # type: ignore[attr-defined]
        return BucketSampler(self.lengths, args.per_device_train_batch_size, args.seed)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """No card from a template: training.card writes one with the figures."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        trainer: Any = self
        run, step = self.run, trainer.state.global_step
        run.journal.check_token()
        folder = run.out / "checkpoints" / f"step-{step}"
        folder.parent.mkdir(exist_ok=True)
        trained = (p for p in trainer.model.parameters() if p.requires_grad)
        saved = sum(getattr(p, "ds_numel", p.numel()) for p in trained)  # ZeRO-3 leaves 0 here
        needed = CHECKPOINT_BYTES_PER_PARAMETER * saved
        checkpoint.require_space(folder.parent, needed)
        if sharding.is_on():
            sharding.save(trainer, folder, seal=self._seal)
            if ranks.is_first():
                announce_checkpoint(run, folder, step)
        elif ranks.is_first():  # every process holds the same weights and moments
            with checkpoint.staged(
                folder, before_rename=self._seal, alive=run.journal.alive
            ) as staging:
                trainer.save_model(str(staging), _internal_call=True)
                run.journal.alive()
                trainer._save_optimizer_and_scheduler(str(staging))
                trainer._save_rng_state(str(staging))
                trainer.state.save_to_json(str(staging / "trainer_state.json"))
            announce_checkpoint(run, folder, step)
        ranks.wait()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        if sharding.is_on():
            sharding.load_weights(model, Path(resume_from_checkpoint))
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]

    def _seal(self, staging: Path) -> None:
        step = self.state.global_step  # type: ignore[attr-defined]
        run = self.run
        checkpoint.seal(
            staging,
            step=step,
            config=run.config_sha256,
            state=self.state_to_keep,
            alive=run.journal.alive,
        )
        run.journal.check_token()


def announce_checkpoint(run: Run, folder: Path, step: int) -> None:
    checkpoint.prune(folder.parent)
    path = folder.relative_to(run.folder).as_posix()
    run.journal.write("checkpoint", step=step, path=path)
    run.journal.sync()
