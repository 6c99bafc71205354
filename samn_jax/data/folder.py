"""A user's own videos: a folder of frames and a folder of masks.

Either `JPEGImages/<video>/<frame>.jpg` with `Annotations/<video>/<frame>.png`, or the
same with `images` and `masks` as names. Frames directly inside `images` are one video.
"""

import functools
from pathlib import Path

import numpy as np

from samn_jax import errors
from samn_jax.data import images, types

_LAYOUTS = (("JPEGImages", "Annotations"), ("images", "masks"))
_FRAME_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def read_folder(data_dir: Path) -> types.Dataset:
    """The videos of a folder, sorted by name; only first frames need a mask.

    Masks hold object ids (see `images.read_mask`), so a video may have several objects.

    Raises:
      InputError: if the folder, its frames or the mask of a first frame is missing.
    """
    frame_root, mask_root = _find_layout(data_dir)
    videos = sorted(path for path in frame_root.iterdir() if path.is_dir())
    if videos:
        pairs = [(video.name, video, mask_root / video.name) for video in videos]
    else:
        pairs = [(data_dir.resolve().name, frame_root, mask_root)]
    sequences = tuple(_sequence(*pair) for pair in pairs)
    return types.Dataset("folder", sequences, f"the user's folder {data_dir.name}")


def list_frames(folder: Path) -> tuple[Path, ...]:
    """The image files of a folder, sorted by name.

    Raises:
      InputError: if there are none.
    """
    frames = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in _FRAME_SUFFIXES
    )
    if not frames:
        raise errors.InputError(
            f"{folder} holds no frames: put {' or '.join(_FRAME_SUFFIXES)} files there"
        )
    return tuple(frames)


def _find_layout(data_dir: Path) -> tuple[Path, Path]:
    for frames, masks in _LAYOUTS:
        if (data_dir / frames).is_dir() and (data_dir / masks).is_dir():
            return data_dir / frames, data_dir / masks
    wanted = " or ".join(f"{frames}/ and {masks}/" for frames, masks in _LAYOUTS)
    raise errors.InputError(
        f"{data_dir} is missing or has no {wanted}: arrange the frames and masks so"
    )


def _sequence(name: str, frame_dir: Path, mask_dir: Path) -> types.Sequence:
    frames = list_frames(frame_dir)
    masks = tuple(mask_dir / f"{frame.stem}.png" for frame in frames)
    if not masks[0].is_file():
        raise errors.InputError(
            f"mask {masks[0]} is missing: the first frame of a video needs one"
        )
    return types.Sequence(
        name=name,
        frame_names=tuple(frame.stem for frame in frames),
        read_frame=functools.partial(_read_frame, frames),
        read_mask=functools.partial(_read_mask, masks),
    )


def _read_frame(paths: tuple[Path, ...], index: int) -> np.ndarray:
    return images.read_frame(paths[index])


def _read_mask(paths: tuple[Path, ...], index: int) -> np.ndarray | None:
    path = paths[index]
    return images.read_mask(path) if path.exists() else None
