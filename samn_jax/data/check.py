"""Reports what is wrong with a folder of clips and photos, file by file.

python -m samn_jax.data.check DATA
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tqdm

from samn_jax import commands, files
from samn_jax.data.clips import target_choice
from samn_jax.data.formats import codecs, images, listing, object_ids
from samn_jax.data.readers import layouts
from samn_jax.errors import InputError

# A mask saved as JPEG, or resized with interpolation, has many levels; ids have few.
_MANY_LEVELS = 16


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
    problems: list[Problem] = []
    photos = videos = frames = 0
    for layout in layouts.find_layouts(data_dir):
        loose = layout.loose(layout.frames.name)
        problems += _check_files(loose, is_photos=True)
        photos += len(loose.frames)
        for name in tqdm.tqdm(layout.training_names(), "clips", disable=None):
            try:
                video = layout.video(name)
            except InputError as error:
                problems.append(Problem(layout.frames / name, str(error), True))
                continue
            problems += _check_clip(layout, video)
            videos, frames = videos + 1, frames + len(video.frames)
        problems += _masks_without_frame(layout)
    return Report(photos, videos, photos + frames, problems)


def _check_clip(layout: layouts.Layout, video: layouts.VideoFiles) -> Iterator[Problem]:
    masks = layout.masks / video.name
    if not video.frames:
        yield Problem(layout.frames / video.name, "holds no frames", True)
    elif not masks.is_dir():
        yield Problem(masks, "is missing: the clip has no masks", True)
    else:
        yield from _check_files(video, is_photos=False)


def _check_files(video: layouts.VideoFiles, *, is_photos: bool) -> Iterator[Problem]:
    """Yields the problems of the frames of one clip, or of single photos."""
    sizes: dict[tuple[int, ...], Path] = {}
    seen: dict[int, Path] = {}
    sequence = video.sequence(late_objects=True)
    for index, (path, mask) in enumerate(zip(video.frames, video.masks, strict=True)):
        is_start = is_photos or index == 0
        if not sequence.has_mask(index):
            yield Problem(path, f"has no mask {files.shown(mask)}", is_start)
            continue
        try:
            shape, ids = images.read_frame(path).shape[:2], images.read_mask(mask)
        except InputError as error:
            yield Problem(path, str(error), True)
            continue
        sizes.setdefault(shape, path)
        seen.update({int(i): mask for i in np.unique(ids) if i})
        yield from _check_mask(mask, ids, shape, is_start=is_start)
    if not is_photos:
        yield from _check_whole(sizes, seen, video)


def _check_mask(
    path: Path, ids: np.ndarray, shape: tuple[int, ...], *, is_start: bool
) -> Iterator[Problem]:
    if ids.shape != shape:
        text = (
            f"is {ids.shape[0]} pixels high and {ids.shape[1]} wide, its frame "
            f"{shape[0]} and {shape[1]}"
        )
        yield Problem(path, text, True)
    levels = _gray_levels(path)
    if levels > _MANY_LEVELS:
        text = (
            f"is smoothed: {levels} gray levels where ids are few; 128 and more count "
            "as object"
        )
        yield Problem(path, text, True)
    counts = np.bincount(ids.ravel())
    if len(counts) == 1 and is_start:
        yield Problem(path, "is empty: nothing to start from", True)
    least = target_choice.MIN_OBJECT_PX
    for i in np.flatnonzero(counts[1:]) + 1:
        if counts[i] < least:
            text = f"object {i} has {counts[i]} pixels, training wants {least}"
            yield Problem(path, f"{text} in a first frame", False)


def _check_whole(
    sizes: dict[tuple[int, ...], Path],
    seen: dict[int, Path],
    video: layouts.VideoFiles,
) -> Iterator[Problem]:
    """Yields what is wrong with a clip as a whole."""
    folder = video.masks[0].parent
    if len(sizes) > 1:
        names = ", ".join(f"{w}x{h} from {p.name}" for (h, w), p in sizes.items())
        yield Problem(folder, f"frames change their size: {names}", True)
    ids = sorted(seen)
    gaps = sorted(set(range(1, max(ids, default=0) + 1)) - set(ids))
    if gaps:
        text = (
            f"object ids {ids} leave out {gaps}; the highest is in {seen[ids[-1]].name}"
        )
        yield Problem(folder, text, False)


def _gray_levels(path: Path) -> int:
    """Returns the number of values of a gray mask file; 0 for colors and palettes."""
    gray = object_ids.gray_of(codecs.decode_stored(files.read_bytes(path, "mask")))
    return 0 if gray is None else len(object_ids.levels_of(gray))


def _masks_without_frame(layout: layouts.Layout) -> Iterator[Problem]:
    """Yields masks, and folders of masks, that no frames belong to."""
    names = set(layout.names())
    yield from _left_over(layout.frames, layout.masks)
    for folder in listing.list_folders(layout.masks):
        if folder.name in names:
            yield from _left_over(layout.frames / folder.name, folder)
        else:
            yield Problem(folder, "has no folder of frames of its name", False)


def _left_over(frame_dir: Path, mask_dir: Path) -> Iterator[Problem]:
    try:
        frames = {path.stem for path in listing.list_frames(frame_dir)}
        masks = listing.list_frames(mask_dir)
    except InputError as error:
        yield Problem(mask_dir, str(error), True)
        return
    for path in masks:
        if path.stem not in frames:
            yield Problem(path, "has no frame of its name", False)


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 if all is well, 1 with serious problems, 2 after a one-line error."""
    parser = argparse.ArgumentParser(
        prog="python -m samn_jax.data.check", description=__doc__.splitlines()[0]
    )
    parser.add_argument("data_dir", type=Path)
    return commands.run(_tell, parser, arguments)


def _tell(flags: argparse.Namespace) -> int:
    report = check(flags.data_dir)
    for problem in report.problems:
        kind = "error" if problem.serious else "note"
        print(f"{kind}: {files.shown(problem.path)} {problem.text}")
    serious = sum(problem.serious for problem in report.problems)
    print(
        f"{report.photos} photos, {report.videos} videos, {report.frames} frames: "
        f"{serious} errors, {len(report.problems) - serious} notes"
    )
    return 1 if serious else 0


if __name__ == "__main__":
    sys.exit(main())
