"""Regions as the VOT toolkits write them: a code, a box, a polygon or a mask a line."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int

from samn_jax import errors, files
from samn_jax.data.formats import codecs
from samn_jax.geometry import polygons

# Codes of a frame without a region.
SKIPPED, INITIALIZED, FAILED = 0, 1, 2
# No place in any image; diverged trackers may report large numbers, but not these.
FARTHEST = 1e9
# Stands for a frame with a region among the codes of others; never in a file.
REGION = -1


class MaskRegion(NamedTuple):
    """The pixels of an object inside a window of the image.

    Attributes:
      left: column of the window's first pixel.
      top: row of the window's first pixel.
      pixels: true on the object; 0 x 0 for an empty mask.
    """

    left: int
    top: int
    pixels: Bool[np.ndarray, "h w"]


# Of all masks of one file: a line of thirty letters may claim a picture.
MAX_FILE_PIXELS = 2**32

# One number is a code, four are a box (x, y, width, height), six and more the corners
# (x, y) of a polygon.
Numbers = Float[np.ndarray, " _"]
Region = Numbers | MaskRegion


def code(value: int) -> Numbers:
    """The region that stands for a code."""
    return np.array([value], np.float64)


def is_code(region: Region, value: int | None = None) -> bool:
    """Whether a frame has a code (this one, if given) in place of a region."""
    if isinstance(region, MaskRegion) or len(region) != 1:
        return False
    return value is None or bool(region[0] == value)


def codes(regions: Sequence[Region]) -> Int[np.ndarray, " F"]:
    """The code of each frame, `REGION` where there is a region."""
    # One loop without calls: trajectories are long.
    return np.array(
        [
            REGION if isinstance(r, MaskRegion) or len(r) > 1 else int(r[0])
            for r in regions
        ]
    )


def is_empty(region: Region) -> bool:
    """Whether a region has no pixel, as codes and empty masks have none."""
    if isinstance(region, MaskRegion):
        return not region.pixels.any()
    return is_code(region)


def corners(regions: Sequence[Region]) -> Float[np.ndarray, "F V 2"]:
    """Corners of boxes and polygons, the last one repeated; NaN for a code."""
    plain = [region for region in regions if not isinstance(region, MaskRegion)]
    if len(plain) < len(regions):
        raise errors.InputError(
            "a mask where a box or polygon belongs: data with masks are of VOT2020"
        )
    sizes = np.array(list(map(len, plain)))
    table = np.full((len(plain), max(4, sizes.max() // 2), 2), np.nan)
    is_box = sizes == 4
    boxes = np.array([r for r in plain if len(r) == 4]).reshape(-1, 4)
    table[is_box, :4] = polygons.box_to_polygon(boxes)
    table[is_box, 4:] = table[is_box, 3:4]
    for row, size, region in zip(table, sizes, plain, strict=True):
        if size > 4:
            row[: size // 2], row[size // 2 :] = region.reshape(-1, 2), region[-2:]
    return table


def bounding_box(region: Region) -> Float[np.ndarray, "4"]:
    """Smallest box (x, y, width, height) around a region, NaN for a code."""
    if isinstance(region, MaskRegion):
        height, width = region.pixels.shape
        return np.array([region.left, region.top, width, height], np.float64)
    return polygons.polygon_to_box(_ring(region))


def upright_box(region: Region) -> Float[np.ndarray, "4"]:
    """Box (x, y, width, height) to start a tracker that doesn't take polygons.

    A polygon's box has its mean corner as the center, its area, and the proportions of
    its bounding box, as is usual for trackers of boxes on VOT.
    """
    box = bounding_box(region)
    if isinstance(region, MaskRegion) or len(region) == 4:
        return box
    ring = _ring(region)
    scale = np.sqrt(abs(polygons.polygon_area(ring)) / max(box[2:].prod(), 1e-9))
    size = box[2:] * scale
    return np.concatenate([ring.mean(axis=0) - size / 2, size])


def crop_mask(mask: Bool[np.ndarray, "H W"]) -> MaskRegion:
    """The region of an image-sized mask, cut down to the window that it fills."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return MaskRegion(0, 0, np.zeros((0, 0), bool))
    top, left = int(rows[0]), int(columns[0])
    return MaskRegion(left, top, mask[top : rows[-1] + 1, left : columns[-1] + 1])


def as_mask(region: Region, size_hw: tuple[int, int]) -> MaskRegion:
    """The pixels of any region; a code has none.

    A box begins and ends with the pixels nearest to its numbers, as the VOT toolkit
    has it. A polygon is filled with its border.
    """
    if isinstance(region, MaskRegion):
        return region
    if is_code(region):
        return MaskRegion(0, 0, np.zeros((0, 0), bool))
    if len(region) == 4:
        left, top, width, height = np.round(region).astype(int).tolist()
        rows, columns = (
            np.arange(max(start, 0), min(start + extent, limit))
            for start, extent, limit in (
                (top, height, size_hw[0]),
                (left, width, size_hw[1]),
            )
        )
        window = np.ones((len(rows), len(columns)), bool)
        return MaskRegion(max(left, 0), max(top, 0), window)
    mask = np.zeros(size_hw, np.uint8)
    cv2.fillPoly(mask, [np.round(_ring(region)).astype(np.int32)], 1)
    return crop_mask(mask > 0)


def paste_mask(region: MaskRegion, size_hw: tuple[int, int]) -> Bool[np.ndarray, "H W"]:
    """The image-sized mask of a region; pixels past the image are dropped."""
    mask = np.zeros(size_hw, bool)
    (height, width), left, top = region.pixels.shape, region.left, region.top
    bottom, right = min(top + height, size_hw[0]), min(left + width, size_hw[1])
    first_row, first_column = max(top, 0), max(left, 0)
    if bottom > first_row and right > first_column:
        mask[first_row:bottom, first_column:right] = region.pixels[
            first_row - top : bottom - top, first_column - left : right - left
        ]
    return mask


def format_region(region: Region) -> str:
    """The line of a result file: numbers to four decimals, masks as run lengths."""
    if isinstance(region, MaskRegion):
        height, width = region.pixels.shape
        values = [region.left, region.top, width, height, *_run_lengths(region.pixels)]
        return "m" + ",".join(str(value) for value in values)
    if is_code(region):
        return str(int(region[0]))
    return ",".join(f"{value:.4f}" for value in region)


def parse_region(line: str) -> Region:
    """The region of one line; tabs and spaces separate as commas do.

    Raises:
      ValueError: if the line isn't a region, saying what is wrong with it.
    """
    text = line.strip()
    if text.startswith("m"):
        return _parse_mask(text[1:])
    words = text.replace(",", " ").split()
    try:
        values = np.array(words, np.float64)
    except ValueError:
        raise ValueError("a region must be numbers, or m and a mask") from None
    if not (len(values) in (1, 4) or (len(values) >= 6 and len(values) % 2 == 0)):
        raise ValueError(
            f"{len(values)} numbers are no region: 1 is a code, 4 a box, 6, 8, ... a "
            "polygon"
        )
    check_numbers(values)
    if len(values) == 1 and values[0] not in (SKIPPED, INITIALIZED, FAILED):
        raise ValueError(f"the code {values[0]:g} is unknown: 0, 1 and 2 are")
    return values


def check_numbers(values: Numbers) -> Numbers:
    """Returns the numbers of a box or polygon.

    Raises:
      ValueError: one is nan, inf or too large for a pixel.
    """
    if not (np.isfinite(values).all() and np.abs(values).max(initial=0) <= FARTHEST):
        raise ValueError(f"a region must not have nan, inf or more than {FARTHEST:g}")
    return values


def fill_runs(
    runs: Int[np.ndarray, " n"], width: int, height: int
) -> Bool[np.ndarray, "h w"]:
    """The mask of run lengths, row by row, the first of them background.

    Raises:
      ValueError: if they have more pixels than the window, or it is larger than any
        frame.
    """
    size = width * height
    if size > codecs.MAX_PIXELS:
        raise ValueError(f"the window of a mask, {width}x{height}, is too large")
    # Each run by itself first: a sum of large ones may turn around.
    if len(runs) and (runs.max() > size or runs.min() < 0 or runs.sum() > size):
        raise ValueError(
            f"the runs of a mask have other pixels than its window, {width}x{height}"
        )
    flat = np.zeros(size, bool)
    flat[: runs.sum()] = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(height, width)


def read_regions(path: Path) -> tuple[Region, ...]:
    """The regions of a text file, one a line; empty lines at its end don't count.

    Raises:
      InputError: naming the file and line, if it is missing or a line is no region.
    """
    lines = files.read_text(path, "regions").rstrip().splitlines()
    regions, pixels = [], 0
    for number, line in enumerate(lines, start=1):
        try:
            regions.append(parse_region(line))
            pixels = add_pixels(pixels, regions[-1])
        except ValueError as error:
            raise errors.InputError(
                f"{files.shown(path)}, line {number}: {error}: copy it again"
            ) from error
    return tuple(regions)


def add_pixels(count: int, region: Region) -> int:
    """Returns the count with the pixels of a mask's window added.

    Raises:
      ValueError: if they are more than one file may have.
    """
    count += region.pixels.size if isinstance(region, MaskRegion) else 0
    if count > MAX_FILE_PIXELS:
        raise ValueError("the masks up to here are too large together")
    return count


def write_regions(path: Path, regions: Sequence[Region]) -> None:
    """Writes regions one a line, the whole file in one step.

    Raises:
      InputError: it can't be written.
    """
    files.write_text(path, "".join(f"{format_region(region)}\n" for region in regions))


def _ring(region: Numbers) -> Float[np.ndarray, "V 2"]:
    if is_code(region):
        return np.full((1, 2), np.nan)
    return (
        polygons.box_to_polygon(region) if len(region) == 4 else region.reshape(-1, 2)
    )


def _run_lengths(pixels: Bool[np.ndarray, "h w"]) -> list[int]:
    """Lengths of the runs of a mask, row by row, the first of them background."""
    flat = np.concatenate([[False], pixels.ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(np.concatenate([[0], changes, [pixels.size]])).tolist()


def _parse_mask(text: str) -> MaskRegion:
    try:
        values = np.array(text.split(","), np.int64)
    except (ValueError, OverflowError):
        raise ValueError("a mask must be m and whole numbers between commas") from None
    if len(values) < 4 or (values[2:] < 0).any():
        raise ValueError("a mask needs x, y, width, height and its run lengths")
    left, top, width, height = (int(value) for value in values[:4])
    return MaskRegion(left, top, fill_runs(values[4:], width, height))
