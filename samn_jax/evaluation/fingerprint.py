"""What a video was when it was tracked, so that a changed one is noticed.

Covered are the names and contents of all frame and mask files, and all else that the
data set says of the video: its boxes or regions, anchors and size. Of rendered videos
it is the contents of three frames and their masks. Files whose size and time of change
are as before are not read again.
"""

import dataclasses
import hashlib
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from samn_jax import files
from samn_jax.data import types

# Name, size in bytes, time of change in nanoseconds, start of the SHA-256.
Stamp = list[Any]

_DIGITS = 16


def take(sequence: types.Sequence) -> dict[str, Any]:
    """Returns the fingerprint of a video, as JSON values.

    A frame file that is missing has no stamp: tracking will say so. Neither has a mask
    file, as most frames may lack one.
    """
    return {
        "frames": [_stamp(path) for path in _paths(sequence.read_frame)],
        "masks": [_stamp(path) for path in _paths(sequence.read_mask)],
        "facts": _facts(sequence),
        "sample": "" if _paths(sequence.read_frame) else _sample(sequence),
    }


def difference(former: dict[str, Any], sequence: types.Sequence) -> str:
    """Returns how a video differs from a former fingerprint, "" if it doesn't.

    What can't be told, as a frame file is missing, is no difference.

    Args:
      former: what `take` returned.
      sequence: the video as it is now.
    """
    for kind, read in (("frames", sequence.read_frame), ("masks", sequence.read_mask)):
        changed = list(_changes(former[kind], _paths(read), kind == "frames"))
        if changed:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            return f"{changed[0]}{more}"
    if former["facts"] != _facts(sequence):
        return "its list of frames, boxes, regions or anchors is another"
    if former["sample"] and former["sample"] != _sample(sequence):
        return "its rendered frames are others"
    return ""


def is_whole(values: dict[str, Any]) -> bool:
    """Whether values, as they were read from a file, are a fingerprint."""
    stamps: list[Any] = [values.get("frames"), values.get("masks")]
    texts = [values.get("facts"), values.get("sample")]
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(kind, list) for kind in stamps)
        and all(_is_stamp(stamp) for kind in stamps for stamp in kind)
    )


def content(fingerprint: dict[str, Any]) -> dict[str, Any]:
    """Returns what must agree between copies: all but the files' times of change."""
    without_times = {
        kind: [stamp and [stamp[0], stamp[1], stamp[3]] for stamp in fingerprint[kind]]
        for kind in ("frames", "masks")
    }
    return {**without_times, **{k: fingerprint[k] for k in ("facts", "sample")}}


def _changes(
    former: list[Stamp | None], paths: tuple[Path, ...], may_lack: bool
) -> Iterable[str]:
    """Yields what has changed of each file."""
    if len(former) != len(paths):
        yield f"it had {len(former)} files where it has {len(paths)}"
        return
    for old, path in zip(former, paths, strict=True):
        new = _stamp(path, old)
        if old == new or (may_lack and (old is None or new is None)):
            continue
        if old is None or new is None:
            yield f"{files.shown(path)} is {'new' if old is None else 'missing'}"
        elif old[0] != new[0]:
            yield f"{files.shown(path)} was {files.shown(old[0])}"
        elif old[3] != new[3]:
            yield f"{files.shown(path)} had SHA-256 {old[3]}..., now {new[3]}..."


def _stamp(path: Path, former: Stamp | None = None) -> Stamp | None:
    """Returns a file's stamp, read only if it isn't as in the former one."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # Pipes may never end.
            return None
        seen = [path.name, status.st_size, status.st_mtime_ns]
        if former is not None and seen == former[:3]:
            return former
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
    return [*seen, digest[:_DIGITS]]


def _is_stamp(value: Any) -> bool:
    if value is None:
        return True
    kinds = (str, int, int, str)
    return isinstance(value, list) and tuple(map(type, value)) == kinds


def _paths(read: Any) -> tuple[Path, ...]:
    """Returns the files behind a video's reader, none if it renders."""
    return getattr(read, "paths", ())


def _facts(sequence: types.Sequence) -> str:
    digest = hashlib.sha256()
    for field in dataclasses.fields(sequence):
        value = getattr(sequence, field.name)
        if not callable(value):
            digest.update(field.name.encode())
            _add(digest, value)
    return digest.hexdigest()[:_DIGITS]


def _add(digest: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, tuple):
        digest.update(f"({len(value)}".encode())
        for part in value:
            _add(digest, part)
    else:
        digest.update(repr(value).encode())


def _sample(sequence: types.Sequence) -> str:
    """Returns a hash of the first, middle and last frame and their masks."""
    digest = hashlib.sha256()
    last = sequence.num_frames - 1
    for index in sorted({0, last // 2, last}):
        _add(digest, sequence.frame(index))
        _add(digest, sequence.mask(index))
    return digest.hexdigest()[:_DIGITS]
