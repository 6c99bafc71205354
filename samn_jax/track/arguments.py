"""The command line of `samn-track`."""

import argparse
import os
from fractions import Fraction
from pathlib import Path

from samn_jax import files
from samn_jax.errors import InputError

_ABOUT = """Tracks objects through a video file, a folder of pictures or a camera's
pictures. Repeat --box NAME=X,Y,W,H for several objects, or give a mask with an id for
each."""
_LONGEST_RATE, _MOST_RATE = 20, 1000
_TABLE_SUFFIXES = {"boxes": ".csv", "rle": ".json", "trace": ".npz"}


def parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    made = argparse.ArgumentParser(prog="samn-track", description=_ABOUT)
    add = made.add_argument
    add("video", help="video file, folder of pictures, or a camera's number")
    first = made.add_mutually_exclusive_group(required=True)
    first.add_argument(
        "--box",
        action="append",
        metavar="[NAME=]X,Y,W,H",
        help="an object's box in pixels; repeat it for several",
    )
    first.add_argument("--mask", type=Path, help="mask of one object or more, a .png")
    span = made.add_argument_group("which frames")
    add = span.add_argument
    add("--start", type=int, help="the frame that the box or mask is of; the first")
    add("--frames", type=int, help="how many frames from there, in each direction")
    add("--every", type=int, default=1, help="only each so many-th frame")
    ways = span.add_mutually_exclusive_group()
    ways.add_argument(
        "--backward", action="store_true", help="from --start, or the end, to frame 0"
    )
    ways.add_argument(
        "--both", action="store_true", help="from --start to both ends of the video"
    )
    add = made.add_argument_group("what is written").add_argument
    add("--output", help="overlays: .mp4, .webm, .mkv, .mov, or a folder")
    add("--masks", metavar="DIR", help="folder of indexed PNGs, DAVIS palette")
    add("--boxes", metavar="FILE.csv", help="boxes, rotated boxes, confidences")
    add("--rle", metavar="FILE.json", help="masks in COCO's run-length encoding")
    add("--cutouts", metavar="DIR", help="folder of PNGs of the objects with alpha")
    add("--trace", metavar="FILE.npz", help="what the memory did, for samn-inspect")
    add("--overwrite", action="store_true", help="replace folders of earlier pictures")
    add("--rate", type=rate, help="frames per second of a folder of pictures; 25")
    add_tracker(made)
    return made


def add_tracker(made: argparse.ArgumentParser) -> None:
    """Adds what says which tracker is used, and how it is set."""
    group = made.add_argument_group("how it tracks")
    group.add_argument("--checkpoint", default="lite", help="model file, or `lite`")
    add_settings(group)


def add_settings(group: argparse._ActionsContainer) -> None:
    """Adds what says how a tracker is set."""
    add = group.add_argument
    add("--memory", metavar="DESIGN", help="memory design: its name, or my.py:Mine")
    add(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="a field of TrackerConfig, as spatial.capacity=100",
    )


def checked_paths(flags: argparse.Namespace) -> dict[str, Path]:
    """Returns the path of each output that is asked for.

    Raises:
      InputError: there is none, two are the same or the input, or one can't be what it
        is asked to be.
    """
    from samn_jax.media import destination

    names = ("output", "masks", "cutouts", "boxes", "rle", "trace")
    texts = {name: getattr(flags, name) for name in names if getattr(flags, name)}
    if not texts:
        raise InputError("nothing to write: give --output, --masks, --boxes, ...")
    paths = {name: Path(text) for name, text in texts.items()}
    for name, suffix in _TABLE_SUFFIXES.items():
        if name in paths and paths[name].suffix.lower() != suffix:
            raise InputError(
                f"--{name} {files.shown(paths[name])} has another suffix: end it with "
                f"{suffix}"
            )
    if "output" in paths and not is_folder(texts["output"]):
        _check_video(paths["output"])
    inputs = [Path(flags.video)] + ([flags.mask] if flags.mask else [])
    destination.check_apart(paths.values(), inputs)
    return paths


def is_folder(text: str) -> bool:
    """Returns whether an output is a folder: it is one, ends so, or has no suffix."""
    path = Path(text)
    return path.is_dir() or text.endswith(("/", os.sep)) or not path.suffix


def _check_video(path: Path) -> None:
    from samn_jax.media import video_writer

    video_writer.check_suffix(path)


def rate(text: str) -> Fraction:
    """Returns frames per second, as `25` or `30000/1001`."""
    try:
        if len(text) > _LONGEST_RATE or "e" in text.lower():  # 1e9999999 takes hours.
            raise ValueError
        value = Fraction(text).limit_denominator(1001)
    except (ValueError, ZeroDivisionError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate") from error
    if not 0 < value <= _MOST_RATE:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to {_MOST_RATE}")
    return value
