"""Where a folder keeps frames and masks, for evaluation and training alike.

| frames | masks | |
|---|---|---|
| `JPEGImages/<video>/<frame>.jpg` | `Annotations/<video>/<frame>.png` | YouTube-VOS |
| `JPEGImages/480p/<video>/...` | `Annotations/480p/<video>/...` | DAVIS |
| `images/<video>/<frame>.jpg` | `masks/<video>/<frame>.png` | |
| `images/<frame>.jpg` | `masks/<frame>.png` | photos, or one video |

Each is looked for in the folder itself and in its `static`, `video` and `train`.
"""

import os
from pathlib import Path
from typing import NamedTuple

from samn_jax import files
from samn_jax.data import types
from samn_jax.data.formats import listing, video_files
from samn_jax.errors import InputError

# Folders inside the data folder that may hold a layout: photos, videos, YouTube-VOS.
PARTS = ("static", "video", "train")

_ROOTS = (("JPEGImages", "Annotations"), ("images", "masks"))
_RESOLUTION = "480p"  # of DAVIS: JPEGImages/480p/<video>
_TRAIN_LISTS = ("2017/train.txt", "2016/train.txt", "480p/train.txt")


class VideoFiles(NamedTuple):
    """The frame files of a video and where their masks may be.

    Attributes:
      name: of the video.
      frames: its frame files in order.
      masks: file of each frame's mask, which may be missing.
    """

    name: str
    frames: tuple[Path, ...]
    masks: tuple[Path, ...]

    def sequence(self, *, late_objects: bool) -> types.Sequence:
        """Returns the video; see `types.Sequence` for `late_objects`."""
        return types.Sequence(
            name=self.name,
            frame_names=tuple(path.stem for path in self.frames),
            read_frame=video_files.FrameFiles(self.frames),
            read_mask=video_files.MaskFiles(self.masks),
            late_objects=late_objects,
        )


class Layout(NamedTuple):
    """Two folders that have the same names in them.

    Attributes:
      frames: folder of frames, and of folders of frames.
      masks: folder of their masks.
      part: which of `PARTS` it lies in; empty for the data folder itself.
    """

    frames: Path
    masks: Path
    part: str = ""

    @property
    def is_davis(self) -> bool:
        """Whether the folders are those of DAVIS, which has test videos among them."""
        return self.frames.name == _RESOLUTION

    def names(self) -> list[str]:
        """Returns the names of the videos, in order."""
        return [path.name for path in listing.list_folders(self.frames)]

    def training_names(self) -> list[str]:
        """Returns the names of the videos to train on: of DAVIS, those of its list.

        Raises:
          InputError: it is DAVIS and the list is missing, so that its test videos can't
            be told from the others.
        """
        names = self.names()
        if not self.is_davis:
            return names
        listed = _davis_training_names(self.frames.parents[1] / "ImageSets")
        return [name for name in names if name in listed]

    def video(self, name: str) -> VideoFiles:
        """Returns the files of a video.

        Raises:
          InputError: its folder of frames can't be read.
        """
        return pair(name, self.frames / name, self.masks / name)

    def loose(self, name: str) -> VideoFiles:
        """Returns the frames that lie in no folder of their own, under a name."""
        return pair(name, self.frames, self.masks)


def pair(name: str, frame_dir: Path, mask_dir: Path) -> VideoFiles:
    """Returns the frames of a folder with masks of the same name, `<frame>.png`.

    Raises:
      InputError: the folder of frames can't be read.
    """
    frames = listing.list_frames(frame_dir)
    return VideoFiles(name, frames, tuple(mask_dir / f"{f.stem}.png" for f in frames))


def find_layouts(data_dir: Path) -> list[Layout]:
    """Returns the layouts that a folder and its `PARTS` hold.

    Raises:
      InputError: the folder is missing, or there is none.
    """
    if not os.path.isdir(data_dir):
        raise InputError(
            f"data folder {files.shown(data_dir)} is missing: give another"
        )
    found = [
        layout for part in ("", *PARTS) for layout in _layouts_of(data_dir / part, part)
    ]
    if not found:
        wanted = " nor ".join(f"{frames}/ + {masks}/" for frames, masks in _ROOTS)
        raise InputError(
            f"{files.shown(data_dir)} has neither {wanted}: arrange the frames and "
            "masks so"
        )
    return found


def _layouts_of(folder: Path, part: str) -> list[Layout]:
    found = []
    for frames, masks in _ROOTS:
        roots = folder / frames, folder / masks
        if all(os.path.isdir(root / _RESOLUTION) for root in roots):
            roots = roots[0] / _RESOLUTION, roots[1] / _RESOLUTION
        if all(os.path.isdir(root) for root in roots):
            found.append(Layout(*roots, part))
    return found


def _davis_training_names(image_sets: Path) -> set[str]:
    lists = [image_sets / name for name in _TRAIN_LISTS]
    lists = [path for path in lists if os.path.isfile(path)]
    if not lists:
        raise InputError(
            f"{files.shown(image_sets)} has none of {', '.join(_TRAIN_LISTS)}: add the "
            "training list of DAVIS, so that nothing is trained on its test videos"
        )
    # A line is a video's name, or the path of a frame in its folder.
    lines = files.read_text(lists[0], "list of videos").splitlines()
    words = [line.split()[0] for line in lines if line.strip()]
    return {Path(word).parent.name or word for word in words}
