"""Training data as records: a TFDS data set of frames, read without TensorFlow.

`prepare` writes it. One record is one frame: JPEG or PNG bytes and a gray PNG of object
ids. Records keep their order, and the data set's metadata say where each clip begins,
so that any frame of any clip is one read.
"""

import functools
from pathlib import Path
from typing import Any

from samn_jax import files
from samn_jax.data.clips import sources
from samn_jax.data.clips.sources import Frame, Loaded, Sources, Video
from samn_jax.data.formats import images
from samn_jax.errors import InputError

SPLIT = "train"
INFO_FILE = "dataset_info.json"
PHOTOS, VIDEOS, FINGERPRINT = "photos", "videos", "fingerprint"


def is_prepared(data_dir: str | Path) -> bool:
    """Whether a folder or bucket path holds a prepared data set."""
    return _find(data_dir) is not None


def read_records(data_dir: str | Path, *, min_frames: int = 1) -> tuple[Sources, str]:
    """Returns photos and clips of a prepared data set, and their fingerprint.

    Raises:
      InputError: the data set is damaged, or was not written by `prepare`.
    """
    folder, origins = str(_find(data_dir)), (Path(data_dir).name,)
    photo_index, video_index, fingerprint = _read_index(folder)
    photos = tuple(_frame(folder, name, i, origins) for name, i in photo_index.items())
    videos, skipped = [], []
    for name, (first, count) in video_index.items():
        if count < min_frames:
            skipped.append(name)
            continue
        frames = (
            _frame(folder, f"{name}/{i}", first + i, origins) for i in range(count)
        )
        videos.append(Video(name, tuple(frames), origins))
    counted = {sources.few_frames(min_frames): skipped} if skipped else {}
    return Sources(photos, tuple(videos), counted), fingerprint


def _read_index(folder: str) -> tuple[dict[str, int], dict[str, list[int]], str]:
    """Returns record of each photo, first record and length of each video, and hash."""
    cure = "write it again with python -m samn_jax.data.prepare"
    try:
        metadata = _open(folder).info.metadata or {}
        photos, videos = metadata[PHOTOS], metadata[VIDEOS]
        numbers = [*photos.values(), *(n for pair in videos.values() for n in pair)]
        is_index = all(isinstance(n, int) and n >= 0 for n in numbers)
        is_index &= all(len(pair) == 2 for pair in videos.values())
        fingerprint = str(metadata[FINGERPRINT])
    except KeyError as error:
        raise InputError(
            f"{files.shown(folder)} is a TFDS data set of another kind: {cure}"
        ) from error
    except ModuleNotFoundError:
        raise
    except Exception as error:  # Whatever TFDS makes of a damaged file.
        raise InputError(f"{files.shown(folder)} is damaged: {cure}") from error
    if not is_index:
        raise InputError(f"{files.shown(folder)} has a damaged index: {cure}")
    for name in photos:
        files.check_relative(name, f"photo of {files.shown(folder)}")
    for name in videos:
        files.check_name(name, f"video of {files.shown(folder)}")
    return dict(photos), dict(videos), fingerprint


def _frame(folder: str, name: str, index: int, origins: tuple[str, ...]) -> Frame:
    return Frame(name, functools.partial(_load, folder, index), (), origins)


def _find(data_dir: str | Path) -> Any:
    """Returns the folder of the data set's info: this one, or one up to two below.

    It is a path of `etils`, which knows buckets too, or None.
    """
    from etils import epath  # Of the extra `train`: a command tells if it's missing.

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


def _load(folder: str, index: int) -> Loaded:
    where = f"{folder} record {index}"
    try:
        record = _source(folder)[index]
        image, mask = record["image"], record["mask"]
    except ModuleNotFoundError:
        raise
    except Exception as error:  # Whatever the reader of records makes of damage.
        raise InputError(
            f"{files.shown(where)} can't be read: write the data set again with "
            "python -m samn_jax.data.prepare"
        ) from error
    frame, ids = images.decode_frame(image, where), images.decode_mask(mask, where)
    if ids.shape != frame.shape[:2]:
        raise InputError(
            f"{files.shown(where)} has a frame and a mask of different sizes: write "
            "the data set again"
        )
    return frame, ids
