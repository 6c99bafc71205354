"""VOT data sets in the layout of the toolkit: frames, regions and anchors."""

import dataclasses
import functools
import re
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from samn_jax import errors, files
from samn_jax.data import types
from samn_jax.data.formats import images, listing, video_files, vot_regions

_DEFAULT_FRAMES = "color/%08d.jpg"
# What published sets give for both sides of videos whose size they don't know.
_MAX_SIDE = 100_000
_FRAME_PATTERN = re.compile(r"[^%]*%(0?[0-9]{1,2})?d[^%]*")


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class VotSequence(types.Sequence):
    """A video with the true region of every frame.

    Attributes:
      groundtruth: true region of every frame.
      size_hw: height and width of its frames in pixels.
      forward_anchors: frames from which VOT2020 tracks to the end.
      backward_anchors: frames from which VOT2020 tracks back to the start.
    """

    groundtruth: tuple[vot_regions.Region, ...]
    size_hw: tuple[int, int]
    forward_anchors: tuple[int, ...] = ()
    backward_anchors: tuple[int, ...] = ()


def read_vot(data_dir: Path, name: str = "vot") -> types.Dataset:
    """The videos of a VOT data set; their frames may be missing until they are read.

    Args:
      data_dir: folder of a folder a video, or of `sequences/` with these in it. Their
        order is that of `list.txt`, by name without it.
      name: name of the set, as on the command line.

    Raises:
      InputError: if there is no video, or one isn't as the toolkit lays it out.
    """
    root = data_dir / "sequences" if (data_dir / "sequences").is_dir() else data_dir
    sequences = tuple(_read_sequence(root / video) for video in _video_names(root))
    return types.Dataset(name, sequences, f"{name} in the layout of the VOT toolkit")


def _video_names(root: Path) -> list[str]:
    list_file = root / "list.txt"
    if list_file.is_file():
        return listing.read_names(list_file, "video")
    names = sorted(path.parent.name for path in root.glob("*/groundtruth.txt"))
    if not names:
        raise errors.InputError(
            f"{files.shown(root)} has no list.txt and no <sequence>/groundtruth.txt: "
            "give the folder of a VOT data set"
        )
    return names


def _read_sequence(folder: Path) -> VotSequence:
    properties = _read_properties(folder / "sequence")
    groundtruth = vot_regions.read_regions(folder / "groundtruth.txt")
    _check_groundtruth(folder / "groundtruth.txt", groundtruth, properties)
    frames = _frame_files(folder, properties, len(groundtruth))
    size_hw = _read_size(folder, properties, frames[0])
    forward, backward = _read_anchors(folder / "anchor.value", len(groundtruth))
    box = vot_regions.bounding_box(groundtruth[0])
    return VotSequence(
        name=folder.name,
        frame_names=tuple(path.stem for path in frames),
        read_frame=video_files.FrameFiles(frames),
        read_mask=functools.partial(_read_mask, groundtruth, size_hw),
        init_box_xywh=tuple(box.tolist()),
        groundtruth=groundtruth,
        size_hw=size_hw,
        forward_anchors=forward,
        backward_anchors=backward,
    )


def _read_properties(path: Path) -> dict[str, str]:
    """The `key=value` lines of a video's description; none where it has none."""
    if not path.is_file():
        return {}
    lines = files.read_text(path, "description").splitlines()
    pairs = (line.split("=", 1) for line in lines)
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}


def _number(folder: Path, properties: dict[str, str], name: str) -> int:
    text = properties[name]
    if not re.fullmatch("[0-9]{1,9}", text):
        raise errors.InputError(
            f"{files.shown(folder / 'sequence')}: {name}={files.shown(text)} is no "
            "whole number: copy it again"
        )
    return int(text)


def _frame_files(
    folder: Path, properties: dict[str, str], num_frames: int
) -> tuple[Path, ...]:
    """The frame files by the pattern of their names, counted from 1."""
    pattern = properties.get("channels.color", _DEFAULT_FRAMES)
    where = f"{files.shown(folder / 'sequence')}: channels.color"
    if not _FRAME_PATTERN.fullmatch(pattern):
        raise errors.InputError(
            f"{where} {files.shown(pattern)} must have one number, as "
            f"{_DEFAULT_FRAMES} has: copy it again"
        )
    names = [pattern % number for number in range(1, num_frames + 1)]
    part = f"{where} {files.shown(pattern)}: part"
    return tuple(folder / files.check_relative(name, part) for name in names)


def _check_groundtruth(
    path: Path, groundtruth: tuple[vot_regions.Region, ...], properties: dict[str, str]
) -> None:
    length = len(groundtruth)
    if "length" in properties:
        length = _number(path.parent, properties, "length")
    if not groundtruth or len(groundtruth) != length:
        raise errors.InputError(
            f"{files.shown(path)} has {len(groundtruth)} lines for {length} frames: "
            "copy it again"
        )
    if vot_regions.is_code(groundtruth[0]):
        raise errors.InputError(
            f"{files.shown(path)}, line 1: the first frame needs a region: give its "
            "box, polygon or mask"
        )


def _read_size(
    folder: Path, properties: dict[str, str], first_frame: Path
) -> tuple[int, int]:
    if "height" in properties and "width" in properties:
        height, width = (_number(folder, properties, x) for x in ("height", "width"))
        if not (0 < height <= _MAX_SIDE and 0 < width <= _MAX_SIDE):
            raise errors.InputError(
                f"{files.shown(folder / 'sequence')} claims frames {height} pixels "
                f"high and {width} wide: copy it again"
            )
        return height, width
    return images.read_frame(first_frame).shape[:2]


def _read_anchors(
    path: Path, num_frames: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Frames marked by a positive (forward) and a negative number (backward)."""
    if not path.is_file():
        return (), ()
    try:
        values = np.array(files.read_text(path, "anchors").split(), np.float64)
    except ValueError as error:
        raise errors.InputError(
            f"{files.shown(path)} must hold a number a line: copy it again"
        ) from error
    if len(values) > num_frames:
        raise errors.InputError(
            f"{files.shown(path)} has {len(values)} lines for {num_frames} frames: "
            "copy it again"
        )
    forward, backward = np.flatnonzero(values > 0), np.flatnonzero(values < 0)
    return tuple(forward.tolist()), tuple(backward.tolist())


def _read_mask(
    groundtruth: tuple[vot_regions.Region, ...], size_hw: tuple[int, int], index: int
) -> UInt8[np.ndarray, "H W"] | None:
    region = groundtruth[index]
    if not isinstance(region, vot_regions.MaskRegion):
        return None
    return vot_regions.paste_mask(region, size_hw).astype(np.uint8)
