"""What a run reports as it goes: metrics and pictures, as JSON and for TensorBoard."""

import contextlib
import json
import os
import socket
import time
from pathlib import Path

import numpy as np
from tensorboardX import record_writer
from tensorboardX.proto import event_pb2, summary_pb2

from samn_jax import files, visualize

LOG_FILE = "log.jsonl"
BOARD_FOLDER = "tensorboard"
_FLUSH_SECONDS = 30.0


class RunLog:
    """Metrics of a run as lines of JSON, and with pictures for TensorBoard."""

    def __init__(self, folder: Path) -> None:
        """Opens the files.

        Raises:
          InputError: they can't be written.
        """
        self._path, self._board_path = folder / LOG_FILE, folder / BOARD_FOLDER
        with files.explained(self._path):
            ended = _ends_line(self._path)
            # Unbuffered: a disk that is full is told at the write, not when closing.
            self._file = self._path.open("ab", buffering=0)
            self._file.write(b"" if ended else b"\n")
        with files.explained(self._board_path):
            self._board_path.mkdir(exist_ok=True)
            # tensorboardX's writer for users does so in a thread, which a full disk
            # ends; whoever writes then waits for it, for ever.
            name = f"events.out.tfevents.{time.time():.0f}.{socket.gethostname()}"
            self._board = record_writer.RecordWriter(str(self._board_path / name))
        self._start = self._flushed = time.perf_counter()
        self._show(event_pb2.Event(file_version="brain.Event:2"))

    def write(self, step: int, values: dict[str, float]) -> None:
        """Adds the metrics of one step.

        Raises:
          InputError: they can't be written.
        """
        seconds = round(time.perf_counter() - self._start, 2)
        rounded = {k: float(f"{v:.5g}") for k, v in values.items()}
        line = json.dumps({"step": step, "s": seconds, **rounded})
        with files.explained(self._path):
            self._file.write(line.encode() + b"\n")
        kind = summary_pb2.Summary.Value
        scalars = [kind(tag=k, simple_value=v) for k, v in values.items()]
        summary = summary_pb2.Summary(value=scalars)
        self._show(event_pb2.Event(step=step, summary=summary))

    def write_picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """Adds a picture (H, W, 3) uint8 to TensorBoard.

        Raises:
          InputError: it can't be written.
        """
        height, width, channels = picture.shape
        image = summary_pb2.Summary.Image(
            height=height,
            width=width,
            colorspace=channels,
            encoded_image_string=visualize.encode(picture),
        )
        value = summary_pb2.Summary.Value(tag=name, image=image)
        summary = summary_pb2.Summary(value=[value])
        self._show(event_pb2.Event(step=step, summary=summary))

    def _show(self, event: event_pb2.Event) -> None:
        """Adds an event to TensorBoard."""
        event.wall_time = time.time()
        with files.explained(self._board_path):
            self._board.write(event.SerializeToString())
            if time.perf_counter() - self._flushed > _FLUSH_SECONDS:
                self._board.flush()
                self._flushed = time.perf_counter()

    def close(self) -> None:
        """Closes the files; what TensorBoard then lacks is in the lines of JSON."""
        self._file.close()
        with contextlib.suppress(OSError):
            self._board.close()


def _ends_line(path: Path) -> bool:
    """Whether a file's last line is whole: a killed process may leave a part of one."""
    if not path.exists() or not path.stat().st_size:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
