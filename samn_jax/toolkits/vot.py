"""A tracker for the VOT toolkit (vot-toolkit 0.9): its description, and its process.

python -m samn_jax.toolkits.vot --write_ini WORKSPACE --data_dir SEQUENCES

writes `trackers.ini` with the same tracker three times, answering masks, rotated and
upright boxes. The toolkit starts a process a video, which compiles before it reports
for work: the wait for a report isn't limited, the one for a first answer is.
"""

import argparse
import configparser
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import samn_jax
from samn_jax import commands, errors, files
from samn_jax.data.formats import images
from samn_jax.evaluation.trackers import interface, warm_up
from samn_jax.evaluation.trackers import registry as trackers

ANSWERS: tuple[interface.Answer, ...] = ("mask", "polygon", "box")
# Seconds for an answer; enough to compile for a size that was not foreseen.
TIMEOUT = 900

Sizes = tuple[tuple[int, int], ...]

_IMAGES = (".jpg", ".jpeg", ".png")
_TEST_SIZE = (480, 640)  # of the sequence that `vot test` renders


def run(
    tracker: str,
    checkpoint: str | None,
    *,
    answer: interface.Answer,
    sizes: Sizes = (),
    settings: Sequence[str] = (),
) -> None:
    """Is the tracker's process: loads, compiles, then answers until the toolkit quits.

    Args:
      tracker: one of `registry.TRACKERS`.
      checkpoint: name of a shipped model, or path of a model file; None is `lite`.
      answer: what to answer.
      sizes: (height, width) of the frames to compile for.
      settings: `field=value` assignments to the tracker's config.

    Raises:
      InputError: there is no such tracker, checkpoint or field.
    """
    from samn_jax.toolkits import trax_server  # Needs the extra "vot".

    if trackers.TRACKERS[tracker].has_model:
        from samn_jax import compilation  # Imports JAX, which baselines do without.

        compilation.keep_compiled()
    loaded, _ = trackers.load_tracker(tracker, checkpoint, settings)
    for size_hw in sizes:
        warm_up.warm_up(loaded, warm_up.Program(size_hw, from_mask=answer == "mask"))
    trax_server.serve(loaded, answer, f"{tracker}-{answer}")


def write_ini(
    folder: Path,
    tracker: str = "samn",
    checkpoint: str | None = None,
    *,
    sizes: Sizes = (_TEST_SIZE,),
    settings: Sequence[str] = (),
) -> Path:
    """Returns `trackers.ini`, written for this interpreter and this package.

    Its trackers are called `<tracker>-mask`, `<tracker>-polygon` and `<tracker>-box`.

    Args:
      folder: the toolkit's workspace; made if missing.
      tracker: one of `registry.TRACKERS`.
      checkpoint: name of a shipped model, or path of a model file; None is `lite`.
      sizes: (height, width) of the frames to compile for before each video.
      settings: `field=value` assignments to the tracker's config.

    Raises:
      InputError: it can't be written.
    """
    if checkpoint and Path(checkpoint).is_file():  # It will run in another folder.
        checkpoint = str(Path(checkpoint).resolve())
    package = Path(samn_jax.__file__).resolve().parents[1]
    config = configparser.ConfigParser(interpolation=None)
    for answer in ANSWERS:
        call = (
            f"vot.run({tracker!r}, {checkpoint!r}, answer={answer!r}, sizes={sizes!r}, "
            f"settings={tuple(settings)!r})"
        )
        config[f"{tracker}-{answer}"] = {
            "label": f"{tracker}, answers {answer}",
            "protocol": "traxpython",
            "command": _escape(f"from samn_jax.toolkits import vot; {call}"),
            "python": _escape(sys.executable),
            "paths": _escape(str(package)),
            "timeout": str(TIMEOUT),
        }
    text = io.StringIO()
    config.write(text)
    path = folder / "trackers.ini"
    files.write_text(path, text.getvalue())
    return path


def frame_sizes(data_dir: Path) -> Sizes:
    """Returns the size of the first image of every folder below, each once.

    Raises:
      InputError: there is no image.
    """
    sizes = {images.read_frame(path).shape[:2] for path in _first_images(data_dir)}
    if not sizes:
        raise errors.InputError(f"{data_dir} has no images below it: give the data set")
    return tuple(sorted(sizes))


def _first_images(folder: Path) -> Iterator[Path]:
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    found = (p for p in entries if p.suffix.lower() in _IMAGES and p.is_file())
    if first := next(found, None):
        yield first
    for entry in entries:
        if entry.is_dir():
            yield from _first_images(entry)


def _escape(value: str) -> str:
    """Returns the value as the toolkit reads it back: it takes % for its own."""
    return value.replace("%", "%%")


def _parse_sizes(text: str) -> Sizes:
    """Returns sizes (height, width) of `640x480,1280x720`, width first as in print."""
    try:
        pairs = [tuple(map(int, size.split("x"))) for size in text.split(",")]
        return tuple((height, width) for width, height in pairs)
    except ValueError as error:
        raise errors.InputError(
            f"--sizes {text} must be WIDTHxHEIGHT, several separated by commas"
        ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 2 for bad input.

    Args:
      arguments: flags; those of the command line if None.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--write_ini", type=Path, required=True, help="folder for trackers.ini")
    add("--tracker", default="samn", choices=tuple(trackers.TRACKERS))
    add("--checkpoint", help="shipped model's name, or a model file; default: lite")
    add("--sizes", help="frames to compile for, as 640x480,1280x720")
    add("--data_dir", type=Path, help="or: all sizes that this data set has")
    add("--set", action="append", default=[], metavar="FIELD=VALUE")
    return commands.run(_write, parser, arguments)


def _write(flags: argparse.Namespace) -> None:
    sizes: Sizes = (_TEST_SIZE,)
    if flags.data_dir:
        sizes = frame_sizes(flags.data_dir)
    elif flags.sizes:
        sizes = _parse_sizes(flags.sizes)
    model = flags.tracker, flags.checkpoint
    trackers.load_tracker(*model, flags.set)  # A bad one is told before it runs.
    path = write_ini(flags.write_ini, *model, sizes=sizes, settings=flags.set)
    print(f"written: {path}")


if __name__ == "__main__":
    sys.exit(main())
