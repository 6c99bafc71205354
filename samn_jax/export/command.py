"""The command `samn-export`: a tracker to a folder that JAX alone can run."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samn_jax import commands, files
from samn_jax.errors import InputError
from samn_jax.export import PLATFORMS
from samn_jax.track import arguments

if TYPE_CHECKING:  # Loaded after the arguments are known to be good.
    from samn_jax.export.programs import Programs
    from samn_jax.tracking import Tracker

_ABOUT = """Writes the tracker's programs for frames of one size, as JAX alone can run
them on CPU, CUDA and TPU: see examples/run_exported.py."""

_LARGEST_SIDE = 16384  # pixels


def main(words: Sequence[str] | None = None) -> int:
    """Returns 0, or 2 after a one-line error."""
    return commands.run(run, _parser(), words)


def run(flags: argparse.Namespace) -> None:
    """Writes the folder.

    Raises:
      InputError: the folder holds something, or a setting or the checkpoint can't be
        used.
    """
    with files.explained(flags.output):
        if flags.output.exists() and any(flags.output.iterdir()):
            raise InputError(
                f"{files.shown(flags.output)} isn't empty: choose another folder"
            )
    from samn_jax.export import programs
    from samn_jax.media.destination import Destination
    from samn_jax.track import command

    tracker = command.load_tracker(flags)
    place = Destination(flags.output)
    made = programs.export(tracker, flags.size, flags.platforms)
    try:
        write(place.partial, made, _facts(flags, tracker))
        place.keep(whole=True)
    finally:
        place.discard()
    height, width = flags.size
    print(
        f"wrote {files.shown(flags.output)}: frames of {height} x {width} (height x "
        f"width), for {', '.join(flags.platforms)}"
    )


def write(folder: Path, made: "Programs", facts: dict[str, Any]) -> None:
    """Writes programs, weights and facts.

    Raises:
      InputError: they can't be written.
    """
    import numpy as np

    for name in ("init", "init_box", "step"):
        program = getattr(made, name).serialize()
        files.write_bytes(folder / f"{name}.jax", bytes(program))
    weights: dict[str, Any] = {**made.weights}
    with files.whole_file(folder / "weights.npz") as partial:
        np.savez(partial, **weights)
    files.write_json(folder / "export.json", facts)


def _facts(flags: argparse.Namespace, tracker: "Tracker") -> dict[str, Any]:
    from samn_jax import provenance

    return {
        "frame_height_width": list(flags.size),
        "platforms": list(flags.platforms),
        "checkpoint": flags.checkpoint,
        "memory": flags.memory,
        "set": flags.set,
        "tracker": repr(tracker),
        "provenance": provenance.describe(),
    }


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    sides = [int(side) for side in found.groups()] if found else [0]
    if not all(1 <= side <= _LARGEST_SIDE for side in sides):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size: give HEIGHTxWIDTH in pixels, as 480x854"
        )
    return sides[0], sides[1]


def _platforms(text: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(text.split(",")))
    if not set(chosen) <= set(PLATFORMS):
        raise argparse.ArgumentTypeError(
            f"{text!r}: give one or more of {','.join(PLATFORMS)}"
        )
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="samn-export", description=_ABOUT)
    add = parser.add_argument
    add("checkpoint", help="model file, or `lite`")
    add("--size", type=_size, required=True, metavar="HxW", help="of the frames")
    add("--output", type=Path, required=True, metavar="DIR", help="an empty folder")
    add(
        "--platforms",
        type=_platforms,
        default=PLATFORMS,
        metavar="NAME,...",
        help=f"of {', '.join(PLATFORMS)}; all",
    )
    arguments.add_settings(parser.add_argument_group("how it tracks"))
    return parser
