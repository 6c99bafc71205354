"""The frames and masks of a video as files: called with an index, they read one."""

import dataclasses
import os
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from samn_jax.data.formats import images


@dataclasses.dataclass(frozen=True)
class FrameFiles:
    """Reads the frames of a video; it can be pickled, so that workers may call it.

    Attributes:
      paths: file of every frame; each is looked for when it is read.
    """

    paths: tuple[Path, ...]

    def __call__(self, index: int) -> UInt8[np.ndarray, "H W 3"]:
        """Returns the RGB image of a frame.

        Raises:
          InputError: its file is missing, cut short or not an image.
        """
        return images.read_frame(self.paths[index])


@dataclasses.dataclass(frozen=True)
class MaskFiles:
    """Reads the masks of a video; it can be pickled, so that workers may call it.

    Attributes:
      paths: file of every frame's mask.
      all_needed: whether a missing file is an error, or else a frame without a mask.
      one_object: whether all ids of a mask are one object, 1.
    """

    paths: tuple[Path, ...]
    all_needed: bool = False
    one_object: bool = False

    def __call__(self, index: int) -> UInt8[np.ndarray, "H W"] | None:
        """Returns the object ids of a frame, None where it has no mask.

        Raises:
          InputError: the file is damaged or its colors aren't object ids, or it is
            missing and needed.
        """
        if not self.has(index):
            return None
        ids = images.read_mask(self.paths[index])
        return (ids > 0).astype(np.uint8) if self.one_object else ids

    def has(self, index: int) -> bool:
        """Whether a frame has a mask, or needs one."""
        return self.all_needed or os.path.lexists(self.paths[index])


def no_mask(index: int) -> None:
    """Returns None: the masks of a video that has boxes alone."""
    return None
