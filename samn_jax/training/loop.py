"""The training loop: batches in, steps, logs, checkpoints and model files out."""

import dataclasses
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import cv2
import jax
import numpy as np
import optax
import tqdm

from samn_jax.data import clips as clips_lib
from samn_jax.data import pipeline, sampling, sources
from samn_jax.errors import InputError
from samn_jax.models import model_file
from samn_jax.training import checkpoints as checkpoints_lib
from samn_jax.training import guard as guard_lib
from samn_jax.training import initialize, parallel, run_folder, validation
from samn_jax.training import optimizer as optimizer_lib
from samn_jax.training import state as state_lib
from samn_jax.training import step as step_lib
from samn_jax.training import unroll as unroll_lib
from samn_jax.training.config import TrainConfig


def train_and_evaluate(
    config: TrainConfig, data_dir: str | Path | None, output_dir: Path
) -> Literal["finished", "stopped"]:
    """Trains as `config` says, going on from what `output_dir` holds.

    Leaves there: config.json, run.json, checkpoints/, log.jsonl, TensorBoard events,
    model.safetensors (averaged weights, float16) and, with held-out clips,
    best.safetensors.

    Returns:
      `stopped` after SIGTERM or Ctrl-C, when all is saved and the same call goes on.

    Raises:
      InputError: there is no data, `output_dir` can't be used or is of another run, or
        the loss diverged (`guard.DivergedError`).
    """
    cv2.setNumThreads(1)
    run_folder.claim(config, output_dir)
    run = _start(config, data_dir, output_dir)
    progress = tqdm.tqdm(
        initial=run.first_step,
        total=config.num_steps,
        unit="step",
        disable=None if parallel.is_chief() else True,
    )
    step = run.first_step
    try:
        with parallel.StopSignal() as stop:
            for step in range(run.first_step + 1, config.num_steps + 1):
                run.step(step)
                progress.update()
                progress.set_postfix(run.shown, refresh=False)
                last = stop.received(step) or step == config.num_steps
                run.report(step, last=step == config.num_steps)
                if step % config.save_every == 0 or last:
                    run.save(step)
                if last:
                    break
    finally:
        progress.close()
        run.close()
    return "finished" if step >= config.num_steps else "stopped"


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
    guard: guard_lib.LossGuard
    log: run_folder.RunLog | None  # of the chief host alone
    best_score: float | None = None
    score: float | None = None  # of the held-out clips, with the present weights
    shown: dict[str, str] = dataclasses.field(default_factory=dict)
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
        self.guard.check(step, values, arrays)
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
            self._export("best.safetensors", {"held_out_iou": self.score})

    def _export(self, name: str, notes: dict[str, Any]) -> None:
        if parallel.is_chief():
            state = jax.device_get(parallel.unreplicate(self.replicas))
            run_folder.export(self.config, state, self.folder / name, notes)

    def save(self, step: int) -> None:
        """Starts saving a checkpoint, and writes the model file."""
        self.check()
        state = jax.device_get(parallel.unreplicate(self.replicas))
        position = checkpoints_lib.Position(
            self.batches.get_state(), self.guard.state(), self.best_score
        )
        self.checkpoints.save(step, state, position, self.score)
        self._export("model.safetensors", {})

    def close(self) -> None:
        """Waits for what is being written."""
        self.checkpoints.close()
        if self.log:
            self.log.close()
        close = getattr(self.batches, "close", None)
        if close:
            close()


def _start(config: TrainConfig, data_dir: str | Path | None, folder: Path) -> Run:
    """Returns the run, new or restored from its newest checkpoint."""
    objective = build_objective(config)
    clips, held_out, facts = read_clips(config, data_dir)
    validator = validation.Validator(config, objective.network, held_out)
    batches = pipeline.batches(
        clips, batch_size=config.batch_size, seed=config.seed, loader=_loader(config)
    )
    try:
        optimizer = optimizer_lib.build_optimizer(config.optimizer, config.num_steps)
    except ValueError as error:
        raise InputError(f"config: {error}") from error
    state = first_state(config, optimizer, validator.batches, clips)
    guard = guard_lib.LossGuard(folder, clips.names)
    saved = checkpoints_lib.Checkpoints(folder / "checkpoints")
    restored = saved.restore(state)
    best_score = None
    if restored:
        state, position = restored
        batches.set_state(position.data)
        best_score = position.best_score
        if position.guard:
            guard.restore(position.guard)
    if parallel.is_chief():
        facts["first_step"] = int(state.step)
        run_folder.record_start(config, folder, facts)
    return Run(
        config=config,
        folder=folder,
        batches=batches,
        validator=validator,
        replicas=parallel.replicate(state),
        first_step=int(state.step),
        train=parallel.pmap_step(
            functools.partial(step_lib.train_step, objective, optimizer)
        ),
        schedule=optimizer_lib.build_schedule(config.optimizer, config.num_steps),
        checkpoints=saved,
        guard=guard,
        log=run_folder.RunLog(folder) if parallel.is_chief() else None,
        best_score=best_score,
    )


def build_objective(config: TrainConfig) -> step_lib.Objective:
    """Returns what the config's steps minimise.

    Raises:
      InputError: settings that contradict each other or don't exist.
    """
    if config.memory.similarity != config.model.similarity:
        raise InputError(
            f"config: memory.similarity is {config.memory.similarity}, "
            f"model.similarity {config.model.similarity}: make them the same"
        )
    try:
        unroll_lib.check_config(config.unroll)
    except ValueError as error:
        raise InputError(f"config: {error}") from error
    network = unroll_lib.Network(
        model_file.build_network(config.model),
        dataclasses.replace(config.memory, regression=config.model.regression),
        config.unroll,
        config.sampling.max_objects,
    )
    return step_lib.Objective(
        network,
        config.loss,
        config.optimizer.average_decay,
        config.optimizer.accumulate,
    )


def read_clips(
    config: TrainConfig, data_dir: str | Path | None
) -> tuple[sampling.Clips, tuple[clips_lib.Video, ...], dict[str, Any]]:
    """Returns the training clips, the held-out videos, and what to note of the data.

    Raises:
      InputError: there is no training data.
    """
    if config.synthetic:
        found, note = sources.rendered(), "rendered"
    elif data_dir is None:
        raise InputError("there is no data folder: give --data_dir")
    else:
        found, note = sources.read(data_dir, min_frames=config.sampling.num_frames)
    if parallel.is_chief():
        found.report()
    kept, held_out = clips_lib.without(found, config.held_out)
    if not kept.photos and not kept.videos:
        raise InputError(
            f"{data_dir} holds no training data: images/ + masks/, or "
            "JPEGImages/<clip>/ + Annotations/<clip>/"
        )
    facts = {
        "data": str(data_dir),
        "data_fingerprint": note,
        "photos": len(kept.photos),
        "videos": len(kept.videos),
        "skipped": {reason: len(names) for reason, names in found.skipped.items()},
    }
    return sampling.Clips(kept.photos, kept.videos, config.sampling), held_out, facts


def _loader(config: TrainConfig) -> pipeline.Loader:
    return pipeline.Loader(
        threads=config.loader_threads,
        workers=config.loader_workers,
        host=jax.process_index(),
        num_hosts=jax.process_count(),
    )


def first_state(
    config: TrainConfig,
    optimizer: optax.GradientTransformation,
    batches: list[unroll_lib.Batch],
    clips: sampling.Clips,
) -> state_lib.TrainState:
    """Returns the state before the first step.

    Args:
      config: says what to start from.
      optimizer: whose state it holds.
      batches: of held-out clips, whose first frames the trunk is measured on; without
        them it is measured on training clips.
      clips: the training clips.
    """
    if not batches:
        draws = pipeline.batches(clips, batch_size=config.batch_size, seed=1)
        batches = [validation.split_batch(next(draws))[0]]
    frames = np.concatenate([b.frames[:, 0] for b in batches])
    variables = initialize.initial_variables(config, frames)
    return state_lib.init_state(variables, config.frozen, optimizer)
