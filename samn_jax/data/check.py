"""Reports what is wrong with a folder of clips and photos, file by file.

python -m samn_jax.data.check DATA
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import tqdm

from samn_jax.data.clips import folder as clips
from samn_jax.data.formats import images, palette
from samn_jax.errors import InputError

# A mask saved as JPEG, or resized with interpolation, has many levels; ids have few.
MANY_LEVELS = 16
MIN_OBJECT_PX = 64


class Problem(NamedTuple):
    """Something wrong with one file."""

    path: Path
    text: str
    serious: bool  # training leaves the file out, or would learn something wrong


class Report(NamedTuple):
    """What a check found."""

    photos: int
    videos: int
    frames: int
    problems: list[Problem]


def check(data_dir: Path) -> Report:
    """Returns counts and every problem of a data folder.

    Raises:
      InputError: the folder is missing or has none of the layouts.
    """
    if not data_dir.is_dir():
        raise InputError(f"data folder {data_dir} is missing: give another")
    folders = (data_dir, *(data_dir / part for part in clips.PARTS))
    layouts = [pair for folder in folders for pair in clips.find_layouts(folder)]
    if not layouts:
        raise InputError(
            f"{data_dir} has neither images/ and masks/ nor JPEGImages/ and "
            "Annotations/: arrange the frames and masks so"
        )
    problems: list[Problem] = []
    photos = videos = frames = 0
    for frame_root, mask_root in layouts:
        pictures = clips.list_images(frame_root)
        problems += _check_files(pictures, mask_root, single=True)
        photos += len(pictures)
        for clip in tqdm.tqdm(clips.list_clips(frame_root), "clips", disable=None):
            paths = clips.list_images(clip)
            problems += _check_clip(clip, paths, mask_root / clip.name)
            videos, frames = videos + 1, frames + len(paths)
        problems += _lonely(frame_root, mask_root)
    return Report(photos, videos, photos + frames, problems)


def _check_clip(clip: Path, frames: list[Path], masks: Path) -> Iterator[Problem]:
    if not frames:
        yield Problem(clip, "holds no frames", True)
        return
    if not masks.is_dir():
        yield Problem(masks, "is missing: the clip has no masks", True)
        return
    yield from _check_files(frames, masks, single=False)


def _check_files(frames: list[Path], masks: Path, *, single: bool) -> Iterator[Problem]:
    """Yields the problems of the frames of one clip, or of single photos."""
    sizes: dict[tuple[int, ...], Path] = {}
    seen: dict[int, Path] = {}
    for path in frames:
        mask_path = masks / f"{path.stem}.png"
        if not mask_path.is_file():
            text = f"has no mask {mask_path}"
            yield Problem(path, text, single or path == frames[0])
            continue
        try:
            shape, ids = images.read_frame(path).shape[:2], images.read_mask(mask_path)
        except InputError as error:
            yield Problem(path, str(error), True)
            continue
        sizes.setdefault(shape, path)
        seen.update({int(i): mask_path for i in np.unique(ids) if i})
        yield from _check_mask(mask_path, ids, shape, first=single or path == frames[0])
    if not single:
        yield from _check_whole(sizes, seen, masks)


def _check_mask(
    path: Path, ids: np.ndarray, shape: tuple[int, ...], *, first: bool
) -> Iterator[Problem]:
    if ids.shape != shape:
        text = f"is {ids.shape[1]}x{ids.shape[0]}, its frame {shape[1]}x{shape[0]}"
        yield Problem(path, text, True)
    levels = _raw_levels(path)
    if levels > MANY_LEVELS:
        text = (
            f"is smoothed: {levels} gray levels where ids are few; 128 and more count"
        )
        yield Problem(path, text + " as object", True)
    counts = np.bincount(ids.ravel())
    if len(counts) == 1 and first:
        yield Problem(path, "is empty: nothing to start from", True)
    for i in np.flatnonzero(counts[1:]) + 1:
        if counts[i] < MIN_OBJECT_PX:
            text = f"object {i} has {counts[i]} pixels, training wants {MIN_OBJECT_PX}"
            yield Problem(path, text + " in a first frame", False)


def _check_whole(
    sizes: dict[tuple[int, ...], Path], seen: dict[int, Path], masks: Path
) -> Iterator[Problem]:
    """Yields what is wrong with a clip as a whole."""
    if len(sizes) > 1:
        names = ", ".join(f"{w}x{h} from {p.name}" for (h, w), p in sizes.items())
        yield Problem(masks, f"frames change their size: {names}", True)
    ids = sorted(seen)
    gaps = sorted(set(range(1, max(ids, default=0) + 1)) - set(ids))
    if gaps:
        text = (
            f"object ids {ids} leave out {gaps}; the highest is in {seen[ids[-1]].name}"
        )
        yield Problem(masks, text, False)


def _raw_levels(path: Path) -> int:
    """Returns the number of values of a gray mask file; 0 for colors and palettes."""
    data = path.read_bytes()
    if data.startswith(palette.SIGNATURE):
        if palette.is_indexed(palette.split_chunks(data)):
            return 0
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim == 3 and np.ptp(pixels[..., :3], axis=2).any():
        return 0
    return len(np.unique(pixels if pixels.ndim == 2 else pixels[..., 0]))


def _lonely(frame_root: Path, mask_root: Path) -> Iterator[Problem]:
    """Yields masks that no frame belongs to."""
    frames = {
        path.relative_to(frame_root).with_suffix("")
        for path in frame_root.rglob("*")
        if path.suffix.lower() in clips.FRAME_SUFFIXES
    }
    for path in sorted(mask_root.rglob("*.png")):
        if path.relative_to(mask_root).with_suffix("") not in frames:
            yield Problem(path, "has no frame of its name", False)


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 if all is well, 1 with serious problems, 2 after a one-line error."""
    parser = argparse.ArgumentParser(
        prog="python -m samn_jax.data.check", description=__doc__.splitlines()[0]
    )
    parser.add_argument("data_dir", type=Path)
    flags = parser.parse_args(arguments)
    try:
        report = check(flags.data_dir)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for problem in report.problems:
        print(
            f"{'error' if problem.serious else 'note'}: {problem.path} {problem.text}"
        )
    serious = sum(problem.serious for problem in report.problems)
    print(
        f"{report.photos} photos, {report.videos} videos, {report.frames} frames: "
        f"{serious} errors, {len(report.problems) - serious} notes"
    )
    return 1 if serious else 0


if __name__ == "__main__":
    sys.exit(main())
