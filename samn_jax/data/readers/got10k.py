"""GOT-10k (Huang et al., PAMI 2019) in its official layout."""

import re
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.formats import boxes


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
    names = list_file.read_text().split() if list_file.is_file() else []
    if not names:
        raise errors.InputError(
            f"{list_file} is missing or empty: give the folder of GOT-10k or of its "
            f"{split} part"
        )
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
    cover = path.read_text().split()
    if len(cover) != num_frames or not all(label.isdigit() for label in cover):
        raise errors.InputError(
            f"{path} must hold a label from 0 to 8 for each of {num_frames} frames"
        )
    return np.array([int(label) > 0 for label in cover])


def _read_size(path: Path) -> tuple[int, int] | None:
    """Height and width from `resolution: (width, height)`."""
    if not path.is_file():
        return None
    match = re.search(r"resolution:\s*\((\d+),\s*(\d+)\)", path.read_text())
    return (int(match[2]), int(match[1])) if match else None
