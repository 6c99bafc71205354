"""Where training clips come from: photos with masks, and videos with masks.

Layouts: `images/*.jpg` + `masks/*.png` for photos; `JPEGImages/<clip>/*.jpg` +
`Annotations/<clip>/*.png` for videos. Masks hold object ids, 0 is background. Decoded
files stay in memory, up to a number of them.
"""

import dataclasses
import functools
from pathlib import Path

import numpy as np

from samn_jax.data import images
from samn_jax.errors import InputError


@dataclasses.dataclass(frozen=True)
class Photo:
    """One annotated frame: the paths of an image and of its mask."""

    image_path: Path
    mask_path: Path

    def load(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the frame (H, W, 3) uint8 RGB and the object ids (H, W)."""
        return _load_pair(self.image_path, self.mask_path)


@dataclasses.dataclass(frozen=True)
class Video:
    """One annotated clip, its frames in order."""

    name: str
    frames: tuple[Photo, ...]


@functools.lru_cache(maxsize=6000)
def _load_pair(image_path: Path, mask_path: Path) -> tuple[np.ndarray, np.ndarray]:
    frame = images.read_frame(image_path)
    ids = images.read_mask(mask_path)
    if ids.shape != frame.shape[:2]:
        raise InputError(
            f"{mask_path} is {ids.shape}, its frame {frame.shape[:2]}: "
            "give the mask the size of the frame"
        )
    return frame, ids


def _pair(image_path: Path, masks: Path) -> Photo:
    mask_path = masks / f"{image_path.stem}.png"
    if not mask_path.is_file():
        raise InputError(f"{mask_path} is missing: every training image needs a mask")
    return Photo(image_path, mask_path)


def read_photos(folder: Path) -> list[Photo]:
    """Returns the photos of a folder, by name; empty if it has no images/."""
    return [
        _pair(p, folder / "masks") for p in sorted((folder / "images").glob("*.jpg"))
    ]


def read_videos(folder: Path, *, leave_out: tuple[str, ...] = ()) -> list[Video]:
    """Returns the clips of a folder, by name, without those in `leave_out`."""
    videos = []
    for clip in sorted((folder / "JPEGImages").glob("*")):
        if clip.name in leave_out:
            continue
        masks = folder / "Annotations" / clip.name
        frames = tuple(_pair(p, masks) for p in sorted(clip.glob("*.jpg")))
        videos.append(Video(clip.name, frames))
    return videos
