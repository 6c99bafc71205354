"""The parts of a training run made and put together, as its config says."""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import jax
import numpy as np
import optax

from samn_jax.data.clips import folder as clips_lib
from samn_jax.data.clips import pipeline, sampling, sources
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
from samn_jax.training.run import Run


def assemble(config: TrainConfig, data_dir: str | Path | None, folder: Path) -> Run:
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
    """Returns what the config's steps minimize.

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
