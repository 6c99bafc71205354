"""Archives of results that the servers of benchmarks take.

YouTube-VOS takes `Annotations/<video>/<frame>.png`, GOT-10k and TrackingNet the result
files as they are.
"""

import zipfile
from pathlib import Path

import numpy as np

from samn_jax import archives, errors, files
from samn_jax.data import types
from samn_jax.data.formats import boxes, palette, vot_results
from samn_jax.evaluation.protocols import ope


def pack_masks(dataset: types.Dataset, masks_dir: Path, archive: Path) -> None:
    """Writes the archive of YouTube-VOS, once `check_masks` has found it right.

    Raises:
      InputError: a frame has no result, or one that the server would not take; or the
        archive can't be written.
    """
    entries = []
    for sequence in dataset.sequences:
        for frame in sequence.frame_names:
            path = masks_dir / sequence.name / f"{frame}.png"
            if not path.is_file():
                raise errors.InputError(
                    f"{files.shown(path)} is missing: track it first"
                )
            entries.append((_entry(sequence, frame), path))
    with files.whole_file(archive) as partial:
        archives.write_archive(partial, entries)
        check_masks(dataset, partial)


def check_masks(dataset: types.Dataset, archive: Path) -> None:
    """Makes sure that the archive has one right mask for every frame, and no more.

    A mask is right if it is an indexed PNG of the frame's size and shows only objects
    that have been given up to there.

    Raises:
      InputError: it has not; the message names the first such file.
    """
    try:
        packed = zipfile.ZipFile(archive)
    except (OSError, zipfile.BadZipFile) as error:
        raise errors.InputError(
            f"{files.shown(archive)} is not a zip archive: {error}"
        ) from error
    with packed:
        _check_names(dataset, packed.namelist())
        for sequence in dataset.sequences:
            first, starts = sequence.frame(0), sequence.starts()
            known: set[int] = {0}
            for index, frame in enumerate(sequence.frame_names):
                known.update(starts.get(index, ()))
                name = _entry(sequence, frame)
                problem = _problem(packed.read(name), first, known)
                if problem:
                    raise errors.InputError(f"{name} of the archive {problem}")


def pack_got10k(dataset: types.Dataset, results_dir: Path, archive: Path) -> None:
    """Writes the archive of GOT-10k: boxes and seconds, a folder a video.

    Raises:
      InputError: a video has no result, or not a box a frame; or the archive can't be
        written.
    """
    paths = []
    for sequence in dataset.sequences:
        repetitions = vot_results.repetition_files(results_dir, sequence.name)
        for path in repetitions:
            boxes.read_boxes(path, sequence.num_frames)
        seconds = ope.got10k_seconds(repetitions[0])
        paths += [*repetitions, *([seconds] if seconds.is_file() else [])]
    _pack(results_dir, paths, archive)


def pack_flat(dataset: types.Dataset, results_dir: Path, archive: Path) -> None:
    """Writes the archive of TrackingNet: a file of boxes a video.

    Raises:
      InputError: as `pack_got10k`.
    """
    paths = [ope.flat_file(results_dir, s.name) for s in dataset.sequences]
    for sequence, path in zip(dataset.sequences, paths, strict=True):
        boxes.read_boxes(path, sequence.num_frames)
    _pack(results_dir, paths, archive)


def _pack(results_dir: Path, paths: list[Path], archive: Path) -> None:
    named = [(path.relative_to(results_dir).as_posix(), path) for path in paths]
    archives.write_archive(archive, named)


def _entry(sequence: types.Sequence, frame: str) -> str:
    return f"Annotations/{sequence.name}/{frame}.png"


def _check_names(dataset: types.Dataset, names: list[str]) -> None:
    wanted = {_entry(s, frame) for s in dataset.sequences for frame in s.frame_names}
    found = {name for name in names if not name.endswith("/")}
    if missing := sorted(wanted - found):
        raise errors.InputError(
            f"the archive lacks {missing[0]} (and {len(missing) - 1} more): track all "
            "videos"
        )
    if extra := sorted(found - wanted):
        raise errors.InputError(
            f"the archive has {files.shown(extra[0])}, which is no frame of the data "
            "set: leave it out"
        )


def _problem(png: bytes, first_frame: np.ndarray, known: set[int]) -> str | None:
    """Returns what is wrong with a mask, None if nothing is."""
    try:
        ids = palette.decode_indices(png)
    except ValueError as error:
        return f"{error}: write masks with a palette"
    if ids.shape != first_frame.shape[:2]:
        return (
            f"is {types.size_text(ids)}, its frame {types.size_text(first_frame)}: "
            "write masks of the frames' size"
        )
    strange = sorted(set(np.unique(ids).tolist()) - known)
    if strange:
        return f"shows object {strange[0]}, which isn't given up to there"
    return None
