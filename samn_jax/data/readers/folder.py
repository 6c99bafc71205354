"""A user's own videos, in any layout that `layouts` knows."""

from pathlib import Path

from samn_jax import files
from samn_jax.data import types
from samn_jax.data.readers import layouts
from samn_jax.errors import InputError


def read_folder(data_dir: Path) -> types.Dataset:
    """The videos of a folder, sorted by name; only first frames need a mask.

    Frames that lie in no folder of their own are one video, if there is no other.
    Masks hold object ids (see `object_ids`), so a video may have several objects; one
    that comes later starts from the first mask that shows it.

    Raises:
      InputError: the folder, its frames or the mask of a first frame is missing.
    """
    found = layouts.find_layouts(data_dir)
    videos = [layout.video(name) for layout in found for name in layout.names()]
    if not videos:
        videos = [
            layout.loose(layout.part or data_dir.resolve().name) for layout in found
        ]
    for video in videos:
        check_first_mask(video)
    sequences = tuple(video.sequence(late_objects=True) for video in videos)
    note = f"the user's folder {files.shown(data_dir.name)}"
    return types.Dataset("folder", sequences, note)


def check_first_mask(video: layouts.VideoFiles) -> None:
    """Makes sure that a video has frames, and the first of them a mask.

    Raises:
      InputError: it has not.
    """
    require_frames(video)
    if not video.sequence(late_objects=False).has_mask(0):
        raise InputError(
            f"mask {files.shown(video.masks[0])} is missing: the first frame of a "
            "video needs one"
        )


def require_frames(video: layouts.VideoFiles) -> None:
    """Makes sure that a video has frames.

    Raises:
      InputError: it has none.
    """
    if not video.frames:
        raise InputError(
            f"video {video.name} holds no frames: put .jpg or .png files there, or "
            "remove its folder"
        )
