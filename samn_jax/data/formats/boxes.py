"""Videos with a true box a frame, and files of a box a line."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from samn_jax import errors, files
from samn_jax.data import types
from samn_jax.data.formats import images, listing, video_files

_FARTHEST = 1e9  # no place in any image

Boxes = Float[np.ndarray, "F 4"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class BoxSequence(types.Sequence):
    """A video with true boxes.

    Attributes:
      truths_xywh: true box of every frame in pixels, or of the first alone where the
        benchmark keeps the others to itself.
      is_visible: frames in which some of the target can be seen.
      read_size: () → height and width of the frames in pixels.
    """

    truths_xywh: Float[np.ndarray, "T 4"]
    is_visible: Bool[np.ndarray, " F"]
    read_size: Callable[[], tuple[int, int]]


def box_sequence(
    name: str,
    frames: tuple[Path, ...],
    truths_xywh: Float[np.ndarray, "T 4"],
    *,
    is_visible: Bool[np.ndarray, " F"] | None = None,
    size_hw: tuple[int, int] | None = None,
) -> BoxSequence:
    """A video of these frame files and true boxes.

    Args:
      name: name of the video.
      frames: its frame files; they are looked for when they are read.
      truths_xywh: true boxes of all frames, or of the first.
      is_visible: frames with a visible target; all of them if not given.
      size_hw: size of the frames, read from the first of them if not given.
    """
    if is_visible is None:
        is_visible = np.ones(len(frames), bool)
    return BoxSequence(
        name=name,
        frame_names=tuple(path.stem for path in frames),
        read_frame=video_files.FrameFiles(frames),
        read_mask=video_files.no_mask,
        init_box_xywh=tuple(truths_xywh[0].tolist()),
        truths_xywh=truths_xywh,
        is_visible=is_visible,
        read_size=functools.partial(_read_size, frames[0], size_hw),
    )


def read_boxes(path: Path, num_frames: int | None = None) -> Boxes:
    """Boxes (x, y, width, height) of a file, one a line.

    Commas, tabs and spaces separate the numbers; empty lines at the end don't count.

    Args:
      path: text file.
      num_frames: how many boxes it must have, where that is known.

    Raises:
      InputError: naming file and line, if a line is no box or there are more or fewer.
    """
    lines = files.read_text(path, "boxes").rstrip().splitlines()
    rows = [_parse_box(path, number, line) for number, line in enumerate(lines, 1)]
    if not rows or len(rows) != (num_frames or len(rows)):
        raise errors.InputError(
            f"{files.shown(path)} has {len(rows)} boxes for {num_frames or 'its'} "
            "frames: it is cut short or of another sequence"
        )
    return np.stack(rows)


def write_boxes(path: Path, boxes_xywh: Boxes) -> None:
    """Writes boxes a line, comma-separated with three decimals, in one step.

    Raises:
      InputError: they can't be written.
    """
    lines = (",".join(f"{value:.3f}" for value in box) for box in boxes_xywh)
    files.write_text(path, "".join(f"{line}\n" for line in lines))


def frame_files(folder: Path, num_frames: int | None, pattern: str) -> tuple[Path, ...]:
    """The frame files of a folder in the order of their numbers.

    Args:
      folder: where they are.
      num_frames: how many there must be; None takes those that there are.
      pattern: their names, used where the folder has none: results can be scored
        without the frames.

    Raises:
      InputError: if there is another number of frames.
    """
    found = listing.list_frames(folder) if folder.is_dir() else ()
    if not found and num_frames is not None:
        return tuple(folder / (pattern % k) for k in range(1, num_frames + 1))
    if len(found) != (num_frames or len(found)) or not found:
        raise errors.InputError(
            f"{files.shown(folder)} has {len(found)} frames for {num_frames or 'the'} "
            "boxes: complete the folder"
        )
    return found


def _parse_box(path: Path, number: int, line: str) -> Float[np.ndarray, "4"]:
    where = f"{files.shown(path)}, line {number}: '{files.shown(line.strip())}'"
    try:
        box = np.array(line.replace(",", " ").split(), np.float64)
    except ValueError:
        box = np.zeros(0)
    if len(box) != 4 or not np.isfinite(box).all() or np.abs(box).max() > _FARTHEST:
        raise errors.InputError(f"{where} is no box: give x, y, width and height")
    if (box[2:] < 0).any():
        raise errors.InputError(
            f"{where} has a negative size: give x, y, width and height"
        )
    return box


def _read_size(first_frame: Path, size_hw: tuple[int, int] | None) -> tuple[int, int]:
    return size_hw or images.read_frame(first_frame).shape[:2]
