"""A user's own videos: a folder of frames and a folder of masks.

Either `JPEGImages/<video>/<frame>.jpg` with `Annotations/<video>/<frame>.png`, or the
same with `images` and `masks` as names. Frames directly inside `images` are one video.
"""

from pathlib import Path

from samn_jax import errors
from samn_jax.data import types
from samn_jax.data.formats import video_files

_LAYOUTS = (("JPEGImages", "Annotations"), ("images", "masks"))
_FRAME_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def read_folder(data_dir: Path) -> types.Dataset:
    """The videos of a folder, sorted by name; only first frames need a mask.

    Masks hold object ids (see `images.read_mask`), so a video may have several objects;
    one that comes later starts from the first mask that shows it.

    Raises:
      InputError: if the folder, its frames or the mask of a first frame is missing.
    """
    frame_root, mask_root = _find_layout(data_dir)
    videos = sorted(path for path in frame_root.iterdir() if path.is_dir())
    if videos:
        pairs = [(video.name, video, mask_root / video.name) for video in videos]
    else:
        pairs = [(data_dir.resolve().name, frame_root, mask_root)]
    for _, frames, masks in pairs:
        check_first_mask(frames, masks)
    sequences = tuple(pair_sequence(*pair, late_objects=True) for pair in pairs)
    return types.Dataset("folder", sequences, f"the user's folder {data_dir.name}")


def list_frames(folder: Path) -> tuple[Path, ...]:
    """The image files of a folder, sorted by name.

    Raises:
      InputError: if there are none.
    """
    if not folder.is_dir():
        raise errors.InputError(f"{folder} is missing: complete the data folder")
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


def check_first_mask(frame_dir: Path, mask_dir: Path) -> None:
    """Makes sure that the first frame has a mask.

    Raises:
      InputError: if not, or if there is no frame.
    """
    mask = mask_dir / f"{list_frames(frame_dir)[0].stem}.png"
    if not mask.is_file():
        raise errors.InputError(
            f"mask {mask} is missing: the first frame of a video needs one"
        )


def pair_sequence(
    name: str, frame_dir: Path, mask_dir: Path, *, late_objects: bool
) -> types.Sequence:
    """The video of a folder of frames and one of masks, `<frame>.png` each.

    Args:
      name: name of the video.
      frame_dir: its frames.
      mask_dir: masks of some or all of them.
      late_objects: see `types.Sequence`.

    Raises:
      InputError: if there are no frames, or no masks.
    """
    frames = list_frames(frame_dir)
    masks = tuple(mask_dir / f"{frame.stem}.png" for frame in frames)
    if not any(mask.is_file() for mask in masks):
        raise errors.InputError(f"{mask_dir} has no mask of a frame in {frame_dir}")
    return types.Sequence(
        name=name,
        frame_names=tuple(frame.stem for frame in frames),
        read_frame=video_files.FrameFiles(frames),
        read_mask=video_files.MaskFiles(masks),
        late_objects=late_objects,
    )
