"""The command `samn-inspect`: a page from the traces of one video.

samn-track clip.mp4 --box 10,20,30,40 --trace ring.npz
samn-inspect ring.npz rmem.npz --output page.html
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from samn_jax import commands, files, places
from samn_jax.errors import InputError


def main(words: Sequence[str] | None = None) -> int:
    """Returns 0, or 2 after a one-line error."""
    return commands.run(run, _parser(), words)


def run(flags: argparse.Namespace) -> None:
    """Writes the page.

    Raises:
      InputError: a trace or the output can't be used.
    """
    frames = parse_frames(flags.frames) if flags.frames else None
    places.check_other(flags.output, flags.traces)
    from samn_jax.inspect import page, trace_file

    traces = [trace_file.load(path) for path in flags.traces]
    files.write_text(flags.output, page.render(traces, frames))
    size = flags.output.stat().st_size / 1e6
    print(f"wrote {files.shown(flags.output)}: {size:.1f} MB, opens without a network")


def parse_frames(text: str) -> range:
    """Returns the frames of `first:last`, both included.

    Raises:
      InputError: it is none.
    """
    first, colon, last = text.partition(":")
    numbers = [x for x in (first, last) if x.isascii() and x.isdigit() and len(x) < 10]
    if not colon or len(numbers) < 2 or int(first) > int(last):
        raise InputError(
            f"--frames {files.shown(text)} is no stretch: give first:last, as 100:180"
        )
    return range(int(first), int(last) + 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="samn-inspect",
        description="Shows what memories held, read and wrote, frame by frame: one "
        "page of one or more traces of a video, side by side.",
    )
    add = parser.add_argument
    add("traces", nargs="+", type=Path, metavar="TRACE", help=".npz, made by --trace")
    add("--output", type=Path, default=Path("page.html"), help="page.html")
    add("--frames", metavar="FIRST:LAST", help="only these frames; all")
    return parser
