"""What is measured in each frame of a tracked video, and the file that keeps it."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, UInt8

from samn_jax import files
from samn_jax.errors import InputError
from samn_jax.lab.video import TARGET, Video
from samn_jax.metrics import davis

THRESHOLD = 0.5  # of the object probability
_DIGITS = 6
_INTEGERS = ("frame", "true_area", "found_area", "owner")


class FrameRow(NamedTuple):
    """One frame that has a true mask; the first one, which is given, has no row."""

    frame: int
    region: float  # J
    boundary: float  # F
    confidence: float  # of the tracker
    true_area: int  # pixels of the target that are seen; 0 if it is hidden or away
    found_area: int  # pixels of the answer
    owner: int  # id of the actor that has more than half of the answer, 0 if none has


class FrameTable(NamedTuple):
    """The rows of a video, column by column, one value a frame."""

    frame: np.ndarray
    region: np.ndarray
    boundary: np.ndarray
    confidence: np.ndarray
    true_area: np.ndarray
    found_area: np.ndarray
    owner: np.ndarray


def measure(
    video: Video, index: int, prob: np.ndarray, confidence: Any
) -> FrameRow | None:
    """Returns the row of a frame, None if it has no true mask.

    Args:
      video: with the truth.
      index: of the frame.
      prob: the tracker's object probability (H, W).
      confidence: the tracker's.
    """
    actors = video.actors(index)
    if actors is None:
        return None
    found, truth = np.asarray(prob) > THRESHOLD, actors == TARGET
    return FrameRow(
        frame=index,
        region=round(float(davis.region_overlap(found, truth)), _DIGITS),
        boundary=round(float(davis.boundary_accuracy(found, truth)), _DIGITS),
        confidence=round(float(confidence), _DIGITS),
        true_area=int(np.count_nonzero(truth)),
        found_area=int(np.count_nonzero(found)),
        owner=_owner(found, actors),
    )


def _owner(found: Bool[np.ndarray, "H W"], actors: UInt8[np.ndarray, "H W"]) -> int:
    counts = np.bincount(actors[found], minlength=1)
    counts[0] = 0
    best = int(np.argmax(counts))
    return best if 2 * counts[best] > np.count_nonzero(found) else 0


def write(path: Path, rows: list[FrameRow]) -> None:
    """Writes the rows of a video; equal ones give equal bytes.

    Raises:
      InputError: it can't be written.
    """
    columns = dict(zip(FrameRow._fields, zip(*rows, strict=True), strict=False))
    files.write_json(path, {name: columns.get(name, ()) for name in FrameRow._fields})


def read(path: Path) -> FrameTable:
    """Returns the table of a video.

    Raises:
      InputError: the file is missing or damaged.
    """
    cure = "delete it and run the same command again"
    content = files.read_json_object(path, cure)
    columns = [content.get(name) for name in FrameTable._fields]
    length = len(columns[0]) if isinstance(columns[0], list) else 0
    for name, column in zip(FrameTable._fields, columns, strict=True):
        kinds = (int,) if name in _INTEGERS else (int, float)
        if (
            not isinstance(column, list)
            or len(column) != length
            or not all(type(x) in kinds for x in column)
        ):
            raise InputError(f"{files.shown(path)} has a damaged {name}: {cure}")
    return FrameTable(*map(np.array, columns))
