"""Traces beside the results: what the memory held, read and wrote, video by video.

They decide nothing, so a run may be gone on with or without them. A finished video that
has no whole trace is tracked once more, and its results and record stay as they are.
"""

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samn_jax import errors, files, places
from samn_jax.data import types
from samn_jax.evaluation.protocols import protocol as protocol_lib

if TYPE_CHECKING:  # It brings JAX, which scoring does without.
    from samn_jax.inspect.log import Log

FOLDER = "traces"


@dataclasses.dataclass(frozen=True)
class Told:
    """A reader of frames that tells a log which frame an image is.

    Attributes:
      read: the reader itself.
      log: what is told.
    """

    read: Callable[[int], np.ndarray]
    log: "Log"

    def __call__(self, index: int) -> np.ndarray:
        """Returns a frame."""
        frame = self.read(index)
        self.log.see(index, frame)
        return frame

    def __getattr__(self, name: str) -> Any:
        """Returns what the reader itself says, as the paths of its files."""
        return getattr(self.read, name)


@dataclasses.dataclass(frozen=True)
class Traces:
    """The traces of a run.

    Attributes:
      root: output folder of the run.
      design: what the page calls the memory design; its name if empty.
    """

    root: Path
    design: str = ""

    def path(self, sequence: types.Sequence) -> Path:
        """Returns the file of a video's trace."""
        path = self.root / FOLDER / f"{sequence.name}.npz"
        return places.inside(self.root, path)

    def has(self, sequence: types.Sequence) -> bool:
        """Returns whether a video's trace is there and whole."""
        from samn_jax.inspect import trace_file

        try:
            trace_file.load(self.path(sequence))
        except errors.InputError:
            return False
        return True

    def run(self, protocol: protocol_lib.Protocol, job: protocol_lib.Job) -> None:
        """Runs a job, of whose video nothing is finished, and writes its trace."""
        from samn_jax.inspect import log as log_lib
        from samn_jax.inspect import trace_file, tracing

        sequence = job.sequence
        log = log_lib.Log(
            sequence.name,
            self.design,
            truth=lambda index, number: _is_object(sequence.mask(index), number),
            alone=_alone(sequence, protocol),
        )
        told = dataclasses.replace(sequence, read_frame=Told(sequence.read_frame, log))
        tracked: Any = job.tracker  # `warming` has seen to it that it is a `Tracker`
        tracker: Any = tracing.tracing(tracked, log)
        protocol.run(job._replace(tracker=tracker, sequence=told))
        path = self.path(sequence)
        files.remove_leftovers([path])
        trace_file.save(path, log.content())

    def run_again(self, protocol: protocol_lib.Protocol, job: protocol_lib.Job) -> None:
        """Does what `run` does for a finished video, whose results stay."""
        with files.explained(self.root):
            scratch = tempfile.TemporaryDirectory(prefix=f".{FOLDER}.", dir=self.root)
        with scratch as folder:
            self.run(protocol, job._replace(results_dir=Path(folder)))


def warming(tracker: Any) -> Any:
    """Returns what compiles the programs that `Traces.run` needs.

    Raises:
      InputError: the tracker has no memory to look into.
    """
    from samn_jax.inspect import tracing
    from samn_jax.tracking import Tracker

    if not isinstance(tracker, Tracker):
        raise errors.InputError(
            f"--trace looks into a memory, and {type(tracker).__name__} has none: "
            "leave --trace or --tracker out"
        )
    return tracing.tracing(tracker, None)


def _is_object(ids: np.ndarray | None, number: int) -> np.ndarray | None:
    return None if ids is None else ids == number


def _alone(sequence: types.Sequence, protocol: protocol_lib.Protocol) -> int:
    """Returns the id of an object that is tracked alone."""
    if not protocol.has_ids:
        return 1
    ids = [number for there in sequence.starts().values() for number in there]
    return ids[0]
