"""GOT-10k (Huang et al., PAMI 2019) in its official layout."""

import re
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from samn_jax import errors, files
from samn_jax.data import types
from samn_jax.data.formats import boxes, listing

_COVERS = frozenset("012345678")  # eighths of the target that can be seen
_RESOLUTION = re.compile(r"resolution:\s*\(([1-9][0-9]{0,4}),\s*([1-9][0-9]{0,4})\)")


def read_got10k(data_dir: Path, split: str = "val") -> types.Dataset:
    """The videos of one split; those of `test` have the true box of frame 1 alone.

    Args:
      data_dir: the folder of all splits, or that of this one.
      split: `train`, `val` or `test`.

    Raises:
      InputError: if the list is missing, or a video isn't as its files say.
    """
    root = data_dir / split if (data_dir / split).is_dir() else data_dir
    list_file = root / "list.txt"
    if not list_file.is_file():
        raise errors.InputError(
            f"{files.shown(list_file)} is missing: give the folder of GOT-10k or of "
            f"its {split} part"
        )
    names = listing.read_names(list_file, "video")
    sequences = tuple(_read_sequence(root / name) for name in names)
    return types.Dataset("got10k", sequences, f"GOT-10k {split}")


def _read_sequence(folder: Path) -> boxes.BoxSequence:
    truths = boxes.read_boxes(folder / "groundtruth.txt")
    is_hidden_truth = len(truths) == 1
    num_frames = None if is_hidden_truth else len(truths)
    frames = boxes.frame_files(folder, num_frames, "%08d.jpg")
    return boxes.box_sequence(
        folder.name,
        frames,
        truths,
        is_visible=_read_visible(folder / "cover.label", len(frames)),
        size_hw=_read_size(folder / "meta_info.ini"),
    )


def _read_visible(path: Path, num_frames: int) -> Bool[np.ndarray, " F"] | None:
    """Frames whose label of visibility, 0 to 8 eighths, is above 0."""
    if not path.is_file():
        return None
    cover = files.read_text(path, "labels").split()
    if len(cover) != num_frames or not set(cover) <= _COVERS:
        raise errors.InputError(
            f"{files.shown(path)} must hold a label from 0 to 8 for each of "
            f"{num_frames} frames"
        )
    return np.array([int(label) > 0 for label in cover])


def _read_size(path: Path) -> tuple[int, int] | None:
    """Height and width from `resolution: (width, height)`."""
    if not path.is_file():
        return None
    match = _RESOLUTION.search(files.read_text(path, "description"))
    return (int(match[2]), int(match[1])) if match else None
