"""What a run reports as it goes: metrics and pictures, as JSON and for TensorBoard."""

import json
import os
import time
from pathlib import Path

import numpy as np
import tensorboardX
from tensorboardX.proto import summary_pb2

from samn_jax import files, visualize

LOG_FILE = "log.jsonl"


class RunLog:
    """Metrics of a run as lines of JSON, and with pictures for TensorBoard."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG_FILE
        with files.explained(self._path):
            ended = _ends_line(self._path)
            self._file = self._path.open("ab")
            self._file.write(b"" if ended else b"\n")
        self._board = tensorboardX.SummaryWriter(str(folder / "tensorboard"))
        self._start = time.perf_counter()

    def write(self, step: int, values: dict[str, float]) -> None:
        """Adds the metrics of one step.

        Raises:
          InputError: the disk is full.
        """
        seconds = round(time.perf_counter() - self._start, 2)
        rounded = {k: float(f"{v:.5g}") for k, v in values.items()}
        line = json.dumps({"step": step, "s": seconds, **rounded})
        with files.explained(self._path):
            self._file.write(line.encode() + b"\n")
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


def _ends_line(path: Path) -> bool:
    """Whether a file's last line is whole: a killed process may leave a part of one."""
    if not path.exists() or not path.stat().st_size:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
