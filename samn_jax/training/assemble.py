"""The parts of a training run made and put together, as its config says."""

import functools
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

from samn_jax.data.clips import folder as folder_lib
from samn_jax.data.clips import pipeline, read, sampling, sources
from samn_jax.errors import InputError
from samn_jax.evaluation import benchmarks
from samn_jax.models import model_file
from samn_jax.training import checkpoints as checkpoints_lib
from samn_jax.training import divergence as divergence_lib
from samn_jax.training import initialize, parallel, run_folder, validation
from samn_jax.training import objects as objects_lib
from samn_jax.training import optimizer as optimizer_lib
from samn_jax.training import state as state_lib
from samn_jax.training import step as step_lib
from samn_jax.training import unroll as unroll_lib
from samn_jax.training.config import TrainConfig
from samn_jax.training.run import Run
from samn_jax.training.run_log import RunLog


class Data(NamedTuple):
    """What a run draws from and is measured on."""

    clips: sampling.Clips
    held_out: tuple[sources.Video, ...]
    facts: dict[str, Any]  # fingerprint and counts


def assemble(identity: run_folder.Identity, data: Data, folder: Path) -> Run:
    """Returns the run, new or restored from its newest checkpoint.

    Args:
      identity: of the run that has claimed the folder.
      data: what it trains on.
      folder: of the run.

    Raises:
      InputError: the checkpoint can't be read, or the folder not be written.
    """
    config = identity.settings
    objective = build_objective(config)
    validator = validation.Validator(config, objective.network, data.held_out)
    batches = pipeline.batches(
        data.clips,
        batch_size=config.batch_size,
        seed=config.seed,
        loader=_loader(config),
    )
    optimizer = optimizer_lib.build_optimizer(config.optimizer, config.num_steps)
    monitor = divergence_lib.DivergenceMonitor(folder, data.clips.names)
    chief = parallel.is_chief()
    saved = checkpoints_lib.Checkpoints(folder, chief=chief)
    restored = saved.restore(empty_state(config, optimizer))
    position = checkpoints_lib.Position(None)
    if restored:
        state, position = restored
        batches.set_state(position.data)
        if position.divergence:
            monitor.restore(position.divergence)
    else:
        state = first_state(config, optimizer, validator.batches, data.clips)
    if chief:
        run_folder.remove_leftovers(folder)
        run_folder.record_start(identity, folder, int(state.step))
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
        divergence=monitor,
        log=RunLog(folder) if chief else None,
        best_score=position.best_score,
        seconds=position.seconds,
    )


def build_objective(config: TrainConfig) -> step_lib.Objective:
    """Returns what the config's steps minimize."""
    network = unroll_lib.Network(
        model_file.build_network(config.model),
        config.memory,
        config.unroll,
        config.sampling.max_objects,
    )
    return step_lib.Objective(
        network,
        config.loss,
        config.optimizer.average_decay,
        config.optimizer.accumulate,
    )


def read_sources(
    config: TrainConfig, data_dir: str | Path | None, *, min_frames: int
) -> tuple[sources.Sources, str]:
    """Returns all photos and videos that a config may draw from, and a fingerprint.

    Args:
      config: says whether they are rendered.
      data_dir: as `read.read_sources`.
      min_frames: videos of fewer frames are left out.

    Raises:
      InputError: there is no data folder, or one that would not be used.
    """
    if config.synthetic and data_dir is not None:
        raise InputError(
            "synthetic is True, which renders the clips: leave out --data_dir, or give "
            "--set synthetic=False"
        )
    if config.synthetic:
        return read.rendered_sources(), "rendered"
    if data_dir is None:
        raise InputError("there is no data folder: give --data_dir")
    if config.dataset:
        dataset = benchmarks.read_for_training(
            config.dataset, Path(data_dir), config.split
        )
        found = sources.of_dataset(dataset, min_frames=min_frames)
        return found, folder_lib.fingerprint(Path(data_dir))
    return read.read_sources(data_dir, min_frames=min_frames)


def read_data(config: TrainConfig, data_dir: str | Path | None) -> Data:
    """Returns the training clips, the held-out videos, and what to note of the data.

    Raises:
      InputError: there is no training data, or it is given and not wanted.
    """
    found, fingerprint = read_sources(
        config, data_dir, min_frames=config.sampling.num_frames
    )
    if parallel.is_chief():
        found.report()
    kept, held_out = found.without(config.held_out)
    if not kept.photos and not kept.videos:
        raise InputError(
            f"{data_dir} holds no training data: images/ + masks/, or "
            "JPEGImages/<clip>/ + Annotations/<clip>/"
        )
    facts = {
        "fingerprint": fingerprint,
        "photos": len(kept.photos),
        "videos": len(kept.videos),
        "skipped": {reason: len(names) for reason, names in found.skipped.items()},
    }
    clips = sampling.Clips(kept.photos, kept.videos, config.sampling)
    return Data(clips, held_out, facts)


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
    batches: list[objects_lib.Batch],
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


def empty_state(
    config: TrainConfig, optimizer: optax.GradientTransformation
) -> state_lib.TrainState:
    """Returns a state of the shapes that a run of this config has, all zeros."""
    variables = initialize.shapes_of(config)
    make = functools.partial(
        state_lib.init_state, frozen=config.frozen, optimizer=optimizer
    )
    shapes = jax.eval_shape(make, variables)
    return jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), shapes)
