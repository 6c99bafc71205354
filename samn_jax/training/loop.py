"""The training loop: batches in, steps, logs, checkpoints and a model file out."""

import dataclasses
import functools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import tensorboardX
import tqdm

from samn_jax.data import clips as clips_lib
from samn_jax.data import pipeline, sampling
from samn_jax.errors import InputError
from samn_jax.models import efficientnet_lite, lite, model_file
from samn_jax.training import checkpoints as checkpoints_lib
from samn_jax.training import optimizer as optimizer_lib
from samn_jax.training import parallel
from samn_jax.training import state as state_lib
from samn_jax.training import step as step_lib
from samn_jax.training.config import TrainConfig

VALIDATION_BATCHES = 6


def train_and_evaluate(config: TrainConfig, data_dir: Path, output_dir: Path) -> None:
    """Trains as `config` says, going on from what `output_dir` holds.

    Leaves there: config.json, checkpoints/, log.jsonl, TensorBoard events and
    model.safetensors (averaged weights, float16).

    Raises:
      InputError: there is no data, or `output_dir` is of another run.
    """
    cv2.setNumThreads(1)
    train_set, held_out = _read_data(config, data_dir)
    run = _start(config, train_set, _validation_set(config, held_out), output_dir)
    progress = tqdm.tqdm(
        initial=run.first_step, total=config.num_steps, unit="step", disable=None
    )
    waited = 0.0
    for step in range(run.first_step + 1, config.num_steps + 1):
        before = time.perf_counter()
        batch = step_lib.Batch(**next(run.batches))
        waited += time.perf_counter() - before
        run.replicas, metrics = run.train(run.replicas, parallel.shard(batch))
        progress.update()
        if step % config.log_every == 0:
            values = {k: float(v[0]) for k, v in metrics.items()}
            values["data_wait_s"] = waited / config.log_every
            waited = 0.0
            run.log.write(step, values)
            progress.set_postfix(loss=values["loss"], iou=values["iou"])
        last = step == config.num_steps
        if run.validation and (step % config.validate_every == 0 or last):
            run.log.write(step, run.measure())
        if step % config.save_every == 0 or last:
            run.save(step)
    progress.close()
    run.close()


@dataclasses.dataclass
class Run:
    """The moving parts of one run."""

    config: TrainConfig
    folder: Path
    batches: Any
    validation: list[step_lib.Batch]
    replicas: state_lib.TrainState
    first_step: int
    train: Callable
    validate: Callable
    checkpoints: checkpoints_lib.Checkpoints
    log: "RunLog"

    def measure(self) -> dict[str, float]:
        """Returns the IoU of the averaged weights on the held-out batches."""
        state = parallel.unreplicate(self.replicas)
        variables = state_lib.join_params(state.average, state.frozen)
        scores = [self.validate(variables, batch) for batch in self.validation]
        return {"held_out_iou": float(np.mean(scores))}

    def save(self, step: int) -> None:
        """Starts saving a checkpoint, and writes the model file."""
        state = jax.device_get(parallel.unreplicate(self.replicas))
        self.checkpoints.save(step, state, self.batches.get_state())
        _export(self.config, state, self.folder)

    def close(self) -> None:
        """Waits for what is being written."""
        self.checkpoints.close()
        self.log.close()


def _start(
    config: TrainConfig,
    train_set: sampling.Clips,
    validation: list[step_lib.Batch],
    folder: Path,
) -> Run:
    """Returns the run, new or restored from its newest checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    _claim_folder(config, folder)
    batches = pipeline.batches(
        train_set,
        batch_size=config.batch_size,
        seed=config.seed,
        threads=config.loader_threads,
    )
    network = model_file.build_network(config.model)
    spec = step_lib.Unroll(network, config.memory, config.loss)
    optimizer = optimizer_lib.build_optimizer(config.optimizer, config.num_steps)
    variables = initial_variables(config, validation)
    state = state_lib.init_state(variables, config.frozen, optimizer)
    saved = checkpoints_lib.Checkpoints(folder / "checkpoints")
    restored = saved.restore(state)
    if restored:
        state, data_state = restored
        batches.set_state(data_state)
    step_fn = functools.partial(
        step_lib.train_step, spec, optimizer, config.optimizer.average_decay
    )
    return Run(
        config=config,
        folder=folder,
        batches=batches,
        validation=validation,
        replicas=parallel.replicate(state),
        first_step=int(state.step),
        train=parallel.pmap_step(step_fn),
        validate=jax.jit(functools.partial(_validate_batch, spec)),
        checkpoints=saved,
        log=RunLog(folder),
    )


class RunLog:
    """Metrics of a run, as lines of JSON and for TensorBoard."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / "log.jsonl").open("a")
        self._board = tensorboardX.SummaryWriter(str(folder / "tensorboard"))
        self._start = time.perf_counter()

    def write(self, step: int, values: dict[str, float]) -> None:
        """Adds the metrics of one step."""
        seconds = round(time.perf_counter() - self._start, 2)
        rounded = {k: round(v, 5) for k, v in values.items()}
        self._file.write(json.dumps({"step": step, "s": seconds, **rounded}) + "\n")
        self._file.flush()
        for name, value in values.items():
            self._board.add_scalar(name, value, step)

    def close(self) -> None:
        """Closes the files."""
        self._file.close()
        self._board.close()


def _claim_folder(config: TrainConfig, folder: Path) -> None:
    """Writes the config, or raises InputError if the folder is of another run."""
    text = json.dumps(dataclasses.asdict(config), indent=1)
    path = folder / "config.json"
    if path.is_file() and path.read_text() != text:
        raise InputError(
            f"{path} is of another run: give another --output_dir, or remove the folder"
        )
    path.write_text(text)


def _read_data(
    config: TrainConfig, data_dir: Path
) -> tuple[sampling.Clips, list[clips_lib.Video]]:
    """Returns the training clips and the held-out videos.

    The folder holds the photos in `static/`, the videos in `video/`, or is itself one.
    """
    if not data_dir.is_dir():
        raise InputError(f"data folder {data_dir} is missing: give --data_dir")
    photos, videos = [], []
    for folder in (data_dir, data_dir / "static", data_dir / "video"):
        photos += clips_lib.read_photos(folder)
        videos += clips_lib.read_videos(folder)
    kept = [v for v in videos if v.name not in config.held_out]
    if not photos and not kept:
        raise InputError(
            f"{data_dir} holds no training data: images/ + masks/, or "
            "JPEGImages/<clip>/ + Annotations/<clip>/"
        )
    held_out = [v for v in videos if v.name in config.held_out]
    return sampling.Clips(photos, kept, config.sampling), held_out


def _validation_set(
    config: TrainConfig, videos: list[clips_lib.Video]
) -> list[step_lib.Batch]:
    """Returns fixed batches of the held-out videos; none without such videos."""
    if not videos:
        return []
    plain = dataclasses.replace(
        config.sampling, video_share=1.0, distractor_share=0.0, occluder_share=0.0
    )
    draws = pipeline.batches(
        sampling.Clips([], videos, plain), batch_size=config.batch_size, seed=1
    )
    return [step_lib.Batch(**next(draws)) for _ in range(VALIDATION_BATCHES)]


def _validate_batch(
    spec: step_lib.Unroll, variables: dict, batch: step_lib.Batch
) -> jax.Array:
    """Returns the mean IoU of hard masks over the predicted frames of a batch."""
    found = step_lib.unroll(spec, variables, batch) > 0
    truth = jnp.swapaxes(batch.masks[:, 1:], 0, 1) > 0
    inside = jnp.sum(found & truth, axis=(2, 3))
    union = jnp.sum(found | truth, axis=(2, 3))
    return jnp.mean(jnp.where(union > 0, inside / jnp.maximum(union, 1), 1.0))


def initial_variables(config: TrainConfig, batches: list[step_lib.Batch]) -> dict:
    """Returns the weights a run starts from: drawn, loaded, or around a given trunk."""
    if config.init_from and not config.init_from.endswith(".npz"):
        return model_file.load_model(config.init_from).variables
    key = jax.random.key(config.seed)
    variables = jax.jit(lambda k: model_file.init_variables(config.model, k))(key)
    if config.init_from:
        trunk = efficientnet_lite.read_trunk(config.init_from)
        variables["params"]["trunk"] = jax.tree.map(jnp.asarray, trunk)
    if isinstance(config.model, lite.LiteConfig) and batches:
        images = np.concatenate([b.frames[:, 0] for b in batches]) / np.float32(255)
        network = lite.LiteNet(config.model)
        taps = lite.measure_taps(variables, network, jnp.asarray(images, jnp.float32))
        variables["params"].update(taps)
    return variables


def _export(config: TrainConfig, state: state_lib.TrainState, output_dir: Path) -> None:
    """Writes the averaged weights as a model file."""
    variables = state_lib.join_params(state.average, state.frozen)
    notes = {"steps": int(state.step), "train_config": dataclasses.asdict(config)}
    model_file.save_model(
        output_dir / "model.safetensors",
        config.model,
        jax.device_get(variables),
        notes,
        dtype="float16",
    )
