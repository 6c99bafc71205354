"""Where training clips come from: photos with masks, and videos with masks.

Layouts of files: `images/*.jpg` + `masks/*.png` for photos, `JPEGImages/<clip>/*.jpg` +
`Annotations/<clip>/*.png` for videos (YouTube-VOS; DAVIS has one more folder between,
`480p`), also as `images/<clip>` + `masks/<clip>`. Masks hold object ids, 0 is the
background. `prepared.py` reads the same from records. Decoded files stay in memory, up
to a number of them.
"""

import dataclasses
import functools
import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from pathlib import Path

import numpy as np

from samn_jax import provenance
from samn_jax.data.formats import images
from samn_jax.errors import InputError

FRAME_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
# Folders inside the data folder that may hold a layout: photos, videos, YouTube-VOS.
PARTS = ("static", "video", "train")
CACHED_FRAMES = 6000

_LAYOUTS = (("JPEGImages", "Annotations"), ("images", "masks"))
_RESOLUTION = "480p"  # of DAVIS: JPEGImages/480p/<clip>
_TRAIN_LISTS = ("2017/train.txt", "2016/train.txt", "480p/train.txt")

Loaded = tuple[np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Frame:
    """One annotated frame.

    Attributes:
      name: of the frame, for messages.
      load: returns the frame (H, W, 3) uint8 RGB and its object ids (H, W) uint8. It
        can be pickled, so that a worker process may call it.
    """

    name: str
    load: Callable[[], Loaded]


@dataclasses.dataclass(frozen=True)
class Video:
    """One annotated clip, its frames in order."""

    name: str
    frames: tuple[Frame, ...]


@dataclasses.dataclass(frozen=True)
class Sources:
    """What training draws from, and what was left out of it.

    Attributes:
      photos: single frames.
      videos: clips.
      skipped: why something was left out → the names of all that was.
    """

    photos: tuple[Frame, ...] = ()
    videos: tuple[Video, ...] = ()
    skipped: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def report(self) -> None:
        """Logs what was left out: how many, and the first names."""
        for reason, names in self.skipped.items():
            shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            logging.warning("skipped %d: %s (%s)", len(names), reason, shown)


def read_sources(data_dir: Path, *, min_frames: int = 1) -> Sources:
    """Returns all photos and clips of a folder and of its `PARTS`, by name.

    Images without a mask and clips of fewer than `min_frames` annotated frames are left
    out and counted. Of DAVIS only the training list is read.

    Raises:
      InputError: the folder is missing.
    """
    if not data_dir.is_dir():
        raise InputError(f"data folder {data_dir} is missing: give --data_dir")
    photos: list[Frame] = []
    videos: list[Video] = []
    skipped: dict[str, list[str]] = {}
    for folder in (data_dir, *(data_dir / part for part in PARTS)):
        for frame_root, mask_root in find_layouts(folder):
            found = _pairs(frame_root, mask_root, skipped)
            photos += found
            videos += _read_videos(frame_root, mask_root, min_frames, skipped)
    return Sources(tuple(photos), tuple(videos), skipped)


def find_layouts(folder: Path) -> list[tuple[Path, Path]]:
    """Returns the folders of frames and of masks that `folder` holds."""
    found = []
    for frames, masks in _LAYOUTS:
        roots = folder / frames, folder / masks
        if all((root / _RESOLUTION).is_dir() for root in roots):
            roots = roots[0] / _RESOLUTION, roots[1] / _RESOLUTION
        if all(root.is_dir() for root in roots):
            found.append(roots)
    return found


def list_clips(frame_root: Path) -> list[Path]:
    """Returns the clips' folders; of DAVIS, those of its training list.

    Raises:
      InputError: it is DAVIS and the list is missing, so that its test videos can't be
        told from the others.
    """
    folders = sorted(path for path in frame_root.glob("*") if path.is_dir())
    if frame_root.name != _RESOLUTION:
        return folders
    root = frame_root.parents[1] / "ImageSets"
    lists = [root / name for name in _TRAIN_LISTS if (root / name).is_file()]
    if not lists:
        raise InputError(
            f"{root} has none of {', '.join(_TRAIN_LISTS)}: add the training list of "
            "DAVIS, so that nothing is trained on its test videos"
        )
    # A line is a clip's name, or the path of a frame inside its folder.
    words = [line.split()[0] for line in lists[0].read_text().split("\n") if line]
    names = {Path(word).parent.name or word for word in words}
    return [path for path in folders if path.name in names]


def list_images(folder: Path) -> list[Path]:
    """Returns the image files of a folder, by name."""
    return sorted(p for p in folder.glob("*") if p.suffix.lower() in FRAME_SUFFIXES)


def fingerprint(data_dir: Path) -> str:
    """Returns a hash of all files' names and contents, the same for equal copies."""
    paths = sorted(_walk(data_dir))
    digest = hashlib.sha256()
    with futures.ThreadPoolExecutor() as threads:
        for path, content in zip(
            paths, threads.map(provenance.file_sha256, paths), strict=True
        ):
            digest.update(f"{path.relative_to(data_dir)} {content}\n".encode())
    return digest.hexdigest()


def _walk(folder: Path) -> Iterator[Path]:
    """Gives all files below a folder, also of linked folders, each folder once."""
    seen = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(root)) in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (Path(root, name) for name in names)


def without(
    sources: Sources, names: Sequence[str]
) -> tuple[Sources, tuple[Video, ...]]:
    """Returns the sources without the named videos, and these.

    Raises:
      InputError: a name is not among the videos.
    """
    have = {video.name for video in sources.videos}
    missing = [name for name in names if name not in have]
    if missing:
        raise InputError(
            f"held-out clip {missing[0]} is not in the data: set held_out to clips "
            "that are there, or to ()"
        )
    kept = tuple(v for v in sources.videos if v.name not in names)
    held_out = tuple(v for v in sources.videos if v.name in names)
    return dataclasses.replace(sources, videos=kept), held_out


@functools.lru_cache(maxsize=CACHED_FRAMES)
def load_pair(image_path: Path, mask_path: Path) -> Loaded:
    """Returns a frame and its object ids.

    Raises:
      InputError: a file can't be read, or they differ in size.
    """
    frame = images.read_frame(image_path)
    ids = images.read_mask(mask_path)
    if ids.shape != frame.shape[:2]:
        raise InputError(
            f"{mask_path} is {ids.shape}, its frame {frame.shape[:2]}: "
            "give the mask the size of the frame"
        )
    return frame, ids


def _pairs(folder: Path, masks: Path, skipped: dict[str, list[str]]) -> list[Frame]:
    """Returns the frames of one folder that have a mask."""
    frames = []
    for path in list_images(folder):
        mask_path = masks / f"{path.stem}.png"
        if not mask_path.is_file():
            skipped.setdefault("images without a mask", []).append(path.name)
            continue
        name = f"{folder.name}/{path.name}"
        frames.append(Frame(name, functools.partial(load_pair, path, mask_path)))
    return frames


def _read_videos(
    frame_root: Path, mask_root: Path, min_frames: int, skipped: dict[str, list[str]]
) -> list[Video]:
    videos = []
    for clip in list_clips(frame_root):
        frames = tuple(_pairs(clip, mask_root / clip.name, skipped))
        if len(frames) >= min_frames:
            videos.append(Video(clip.name, frames))
        else:
            reason = f"clips of fewer than {min_frames} annotated frames"
            skipped.setdefault(reason, []).append(clip.name)
    return videos
