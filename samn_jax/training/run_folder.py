"""The folder of a run: its config, its starts, its log, its model files."""

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import tensorboardX
from tensorboardX.proto import summary_pb2

from samn_jax import provenance as manifest
from samn_jax import visualize
from samn_jax.errors import InputError
from samn_jax.models import model_file
from samn_jax.training import config as config_lib
from samn_jax.training import state as state_lib
from samn_jax.training.config import TrainConfig


def claim(config: TrainConfig, folder: Path) -> None:
    """Makes the folder and writes config.json, or checks the one that is there.

    Raises:
      InputError: the folder can't be written to, or holds the run of another config.
    """
    path = folder / "config.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            _write(path, config_lib.to_json(config))
        saved = json.loads(path.read_text())
    except OSError as error:
        raise InputError(
            f"output folder {folder} can't be used ({error.strerror}): give another "
            "--output_dir"
        ) from error
    except ValueError as error:
        raise InputError(f"{path} is damaged: give another --output_dir") from error
    changed = config_lib.differences(saved, config)
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise InputError(
            f"{path} is of another run ({changed[0]}{more}): give another "
            "--output_dir, or remove the folder"
        )
    _write(path, config_lib.to_json(config))


def record_start(config: TrainConfig, folder: Path, facts: dict[str, Any]) -> None:
    """Adds to run.json what this start ran on: commit, versions, devices, data."""
    path = folder / "run.json"
    starts = json.loads(path.read_text()) if path.is_file() else []
    start = {
        **manifest.describe(),
        "devices": manifest.devices(),
        "hosts": jax.process_count(),
        "seed": config.seed,
        **facts,
    }
    _write(path, json.dumps([*starts, start], indent=1))


def export(
    config: TrainConfig,
    state: state_lib.TrainState,
    path: Path,
    notes: dict[str, Any],
) -> None:
    """Writes the averaged weights as a model file in float16."""
    variables = state_lib.join_params(state.average, state.frozen)
    notes = {
        "steps": int(state.step),
        **notes,
        "train_config": dataclasses.asdict(config),
    }
    model_file.save_model(path, config.model, variables, notes, dtype="float16")


def _write(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)


class RunLog:
    """Metrics and pictures of a run, as lines of JSON and for TensorBoard."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / "log.jsonl").open("a")
        self._board = tensorboardX.SummaryWriter(str(folder / "tensorboard"))
        self._start = time.perf_counter()

    def write(self, step: int, values: dict[str, float]) -> None:
        """Adds the metrics of one step."""
        seconds = round(time.perf_counter() - self._start, 2)
        rounded = {k: float(f"{v:.5g}") for k, v in values.items()}
        self._file.write(json.dumps({"step": step, "s": seconds, **rounded}) + "\n")
        self._file.flush()
        for name, value in values.items():
            self._board.add_scalar(name, value, step)

    def write_picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """Adds a picture (H, W, 3) uint8 to TensorBoard."""
        height, width, channels = picture.shape
        # `SummaryWriter.add_image` would need Pillow to encode it.
        image = summary_pb2.Summary.Image(
            height=height,
            width=width,
            colorspace=channels,
            encoded_image_string=visualize.encode(picture),
        )
        value = summary_pb2.Summary.Value(tag=name, image=image)
        self._board.file_writer.add_summary(summary_pb2.Summary(value=[value]), step)

    def close(self) -> None:
        """Closes the files."""
        self._file.close()
        self._board.close()
