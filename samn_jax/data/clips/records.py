"""Training data as records: a TFDS data set of frames, read without TensorFlow.

`prepare` writes it. One record is one frame: JPEG or PNG bytes and a gray PNG of object
ids. Records keep their order, and the data set's metadata say where each clip begins,
so that any frame of any clip is one read.
"""

import functools
from pathlib import Path
from typing import Any

from etils import epath

from samn_jax.data.clips import folder as clips
from samn_jax.data.clips.folder import Frame, Loaded, Sources, Video
from samn_jax.data.formats import images
from samn_jax.errors import InputError

SPLIT = "train"
INFO_FILE = "dataset_info.json"
PHOTOS, VIDEOS, FINGERPRINT = "photos", "videos", "fingerprint"


def is_prepared(data_dir: str | Path) -> bool:
    """Whether a folder or bucket path holds a prepared data set."""
    return _find(data_dir) is not None


def read_prepared(data_dir: str | Path, *, min_frames: int = 1) -> tuple[Sources, str]:
    """Returns photos and clips of a prepared data set, and their fingerprint.

    Raises:
      InputError: the data set was not written by `prepare`.
    """
    folder = _find(data_dir)
    metadata = _open(str(folder)).info.metadata or {}
    if FINGERPRINT not in metadata:
        raise InputError(
            f"{data_dir} is a TFDS data set of another kind: write it with "
            "python -m samn_jax.data.prepare"
        )
    photos = tuple(
        _frame(str(folder), name, index) for name, index in metadata[PHOTOS].items()
    )
    videos, skipped = [], []
    for name, (first, count) in metadata[VIDEOS].items():
        if count < min_frames:
            skipped.append(name)
            continue
        frames = (_frame(str(folder), f"{name}/{i}", first + i) for i in range(count))
        videos.append(Video(name, tuple(frames)))
    reason = f"clips of fewer than {min_frames} annotated frames"
    counted = {reason: skipped} if skipped else {}
    return Sources(photos, tuple(videos), counted), metadata[FINGERPRINT]


def _frame(folder: str, name: str, index: int) -> Frame:
    return Frame(name, functools.partial(_load, folder, index))


def _find(data_dir: str | Path) -> epath.Path | None:
    """Returns the folder of the data set's info: this one, or one up to two below."""
    root = epath.Path(data_dir)
    for pattern in (INFO_FILE, f"*/{INFO_FILE}", f"*/*/{INFO_FILE}"):
        found = sorted(root.glob(pattern)) if root.is_dir() else []
        if found:
            return found[-1].parent
    return None


@functools.lru_cache(maxsize=4)
def _open(folder: str) -> Any:
    import tensorflow_datasets as tfds  # Slow to import, and not for all.

    return tfds.builder_from_directory(folder)


@functools.lru_cache(maxsize=4)
def _source(folder: str) -> Any:
    import tensorflow_datasets as tfds

    plain = tfds.decode.SkipDecoding()
    decoders = {"image": plain, "mask": plain}
    return _open(folder).as_data_source(SPLIT, decoders=decoders)


@functools.lru_cache(maxsize=clips.CACHED_FRAMES)
def _load(folder: str, index: int) -> Loaded:
    record = _source(folder)[index]
    where = f"{folder} record {index}"
    frame = images.decode_frame(record["image"], where)
    return frame, images.decode_mask(record["mask"], where)
