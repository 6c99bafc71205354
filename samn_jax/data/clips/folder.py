"""Training data of a folder, in the layouts that evaluation reads too."""

import hashlib
import os
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

from samn_jax import provenance
from samn_jax.data.clips import sources
from samn_jax.data.clips.sources import Sources
from samn_jax.data.readers import layouts


def read_folder(data_dir: Path, *, min_frames: int = 1) -> Sources:
    """Returns all photos and clips of a folder's layouts, by name.

    Frames that lie in no folder of their own are photos. Images without a mask and
    clips of fewer than `min_frames` annotated frames are left out and counted. Of DAVIS
    only the training list is read.

    Raises:
      InputError: the folder is missing or has no layout, or two files are one frame.
    """
    found = Sources()
    for layout in layouts.find_layouts(data_dir):
        origins = tuple(name for name in (data_dir.name, layout.part) if name)
        found += _read_photos(layout, origins)
        for name in layout.training_names():
            sequence = layout.video(name).sequence(late_objects=True)
            found += sources.of_sequence(sequence, origins, min_frames=min_frames)
    return found


def fingerprint(data_dir: Path) -> str:
    """Returns a hash of all files' names and contents, the same for equal copies."""
    paths = sorted(_walk(data_dir))
    digest = hashlib.sha256()
    with futures.ThreadPoolExecutor() as threads:
        for path, content in zip(
            paths, threads.map(provenance.file_sha256, paths), strict=True
        ):
            line = f"{path.relative_to(data_dir)} {content}\n"
            digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _walk(folder: Path) -> Iterator[Path]:
    """Gives all files below a folder, also of linked folders, each folder once."""
    seen = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(root)) in seen:
            folders.clear()
            continue
        seen.add(real)
        paths = (Path(root, name) for name in names)
        yield from (path for path in paths if os.path.isfile(path))


def _read_photos(layout: layouts.Layout, origins: tuple[str, ...]) -> Sources:
    folder = "/".join(name for name in (layout.part, layout.frames.name) if name)
    sequence = layout.loose(folder).sequence(late_objects=True)
    photos, bare = sources.annotated_frames(sequence, folder, origins)
    return Sources(photos, skipped={"images without a mask": bare} if bare else {})
