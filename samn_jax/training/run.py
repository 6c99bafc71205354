"""One run: what happens at a step, what is logged, measured and saved after it."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import optax

from samn_jax.training import checkpoints as checkpoints_lib
from samn_jax.training import divergence as divergence_lib
from samn_jax.training import parallel, run_folder, validation
from samn_jax.training import state as state_lib
from samn_jax.training.config import TrainConfig
from samn_jax.training.run_log import RunLog


@dataclasses.dataclass
class Run:
    """The moving parts of one run."""

    config: TrainConfig
    folder: Path
    batches: Any
    validator: validation.Validator
    replicas: state_lib.TrainState
    first_step: int
    train: Callable
    schedule: optax.Schedule
    checkpoints: checkpoints_lib.Checkpoints
    divergence: divergence_lib.DivergenceMonitor
    log: RunLog | None  # of the chief host alone
    best_score: float | None = None
    score: float | None = None  # of the held-out clips, with the present weights
    seconds: float = 0.0  # of training, before this start
    shown: dict[str, str] = dataclasses.field(default_factory=dict)
    _began: float = dataclasses.field(default_factory=time.perf_counter)
    _waited: float = 0.0
    _skipped: int = 0
    _since: tuple[int, float] | None = None
    _unchecked: tuple[int, Any, dict] | None = None

    def step(self, step: int) -> None:
        """Draws a batch and starts a step on it; checks the one before."""
        before = time.perf_counter()
        arrays = next(self.batches)
        self._waited += time.perf_counter() - before
        self._since = self._since or (step - 1, before)
        batch, _ = validation.split_batch(arrays)
        self.replicas, metrics = self.train(self.replicas, parallel.shard(batch))
        # One step late: the devices have work while the host looks at the loss.
        self.check()
        self._unchecked = step, metrics, arrays
        self._skipped += int(arrays["skipped"].sum())
        self.score = None

    def check(self) -> dict[str, float]:
        """Returns the metrics of the last step, which must be finite."""
        if self._unchecked is None:
            return {}
        step, metrics, arrays = self._unchecked
        values = {k: float(v) for k, v in parallel.unreplicate(metrics).items()}
        self._unchecked = None
        self.divergence.check(step, values, arrays)
        return values

    def report(self, step: int, *, last: bool) -> None:
        """Logs, measures and draws what is due after a step."""
        config = self.config
        if step % config.log_every == 0 or last:
            self._log(step, self._speed(step) | self.check())
        if step % config.validate_every == 0 or last:
            self._validate(step)
        tracked = config.track_every and step % config.track_every == 0
        if tracked and self.validator.batches and self.log:
            self._log(step, self.validator.track(self.variables()))

    def _speed(self, step: int) -> dict[str, float]:
        """Returns rates since the last call, and starts to count anew."""
        now = time.perf_counter()
        first, began = self._since or (step - 1, now)
        count, seconds = max(step - first, 1), max(now - began, 1e-9)
        values = {
            "learning_rate": float(self.schedule(step - 1)),
            "steps_per_s": count / seconds,
            "data_wait_s": self._waited / count,
            "skipped_draws": float(self._skipped),
        }
        self._since, self._waited = (step, now), 0.0
        return values

    def _log(self, step: int, values: dict[str, float]) -> None:
        if self.log:
            self.log.write(step, values)
        names = ("loss", "iou", "learning_rate", "held_out_iou", "held_out_J")
        shown = {name: f"{values[name]:.3g}" for name in names if name in values}
        self.shown.update(shown)

    def variables(self) -> dict[str, Any]:
        """Returns the network with averaged weights."""
        state = parallel.unreplicate(self.replicas)
        return state_lib.join_params(state.average, state.frozen)

    def _validate(self, step: int) -> None:
        """Measures on held-out crops, draws some, and keeps the best model file."""
        variables = self.variables()
        values = self.validator.measure(variables)
        if not values:
            return
        self._log(step, values)
        self.score = values["held_out_iou"]
        if self.log:
            picture = self.validator.picture(variables, self.validator.batches[0])
            self.log.write_picture(step, "held_out", picture)
        if self.best_score is None or self.score > self.best_score:
            self.best_score = self.score
            self._export(run_folder.BEST_FILE, {"held_out_iou": self.score})

    def _export(self, name: str, notes: dict[str, Any]) -> None:
        if parallel.is_chief():
            state = jax.device_get(parallel.unreplicate(self.replicas))
            run_folder.export(self.config, state, self.folder / name, notes)

    def save(self, step: int) -> None:
        """Writes the model file, and starts saving a checkpoint.

        In this order, so that a run that goes on from its last step has its model.
        """
        self.check()
        self._export(run_folder.MODEL_FILE, {})
        state = jax.device_get(parallel.unreplicate(self.replicas))
        position = checkpoints_lib.Position(
            self.batches.get_state(),
            self.divergence.state(),
            self.best_score,
            self.elapsed(),
        )
        self.checkpoints.save(step, state, position, self.score)

    def elapsed(self) -> float:
        """Returns seconds of training, over all starts."""
        return self.seconds + time.perf_counter() - self._began

    def close(self) -> None:
        """Waits for what is being written."""
        try:
            self.checkpoints.close()
        finally:
            if self.log:
                self.log.close()
            close = getattr(self.batches, "close", None)
            if close:
                close()
