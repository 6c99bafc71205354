"""A tracker for the VOT toolkit (vot-toolkit 0.9): its description, and its process.

python -m samn_jax.toolkits.vot --write_ini WORKSPACE --data_dir SEQUENCES

writes `trackers.ini` with the same tracker three times, answering masks, rotated and
upright boxes. The toolkit starts a process a video, which compiles before it reports
for work: the wait for a report isn't limited, the one for a first answer is.
"""

import argparse
import configparser
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import samn_jax
from samn_jax import errors, overrides
from samn_jax.data.formats import images
from samn_jax.evaluation.protocols import semi_supervised as protocols
from samn_jax.evaluation.trackers import region_tracker
from samn_jax.evaluation.trackers import registry as trackers

KINDS: tuple[region_tracker.Kind, ...] = ("mask", "polygon", "box")
# Seconds for an answer; enough to compile for a size that was not foreseen.
TIMEOUT = 900

Sizes = tuple[tuple[int, int], ...]

_IMAGES = (".jpg", ".jpeg", ".png")
_TEST_SIZE = (480, 640)  # of the sequence that `vot test` renders
_STEPS = 2  # the second step has the first one's state, as all later ones have


def run(
    tracker: str,
    checkpoint: str,
    *,
    kind: region_tracker.Kind,
    sizes: Sizes = (),
    fields: dict[str, Any] | None = None,
) -> None:
    """Be the tracker's process: load, compile, then answer until the toolkit quits.

    Args:
      tracker: one of `trackers.TRACKERS`.
      checkpoint: name of a shipped model, or path of a model file.
      kind: what to answer.
      sizes: (height, width) of the frames to compile for.
      fields: fields of `TrackerConfig` that differ from the default.

    Raises:
      InputError: if there is no such tracker, checkpoint or field.
    """
    from samn_jax.toolkits import trax_server  # Needs the extra "vot".

    if tracker != "copy_first":
        from samn_jax import compilation  # Imports JAX, which baselines do without.

        compilation.keep_compiled()
    loaded, _ = trackers.load_tracker(tracker, checkpoint, fields or {})
    for size_hw in sizes:
        warm_up(loaded, size_hw, from_mask=kind == "mask")
    trax_server.serve(loaded, kind, f"{tracker}-{kind}")


def warm_up(
    tracker: protocols.VideoTracker, size_hw: tuple[int, int], *, from_mask: bool
) -> None:
    """Track a box on black frames of a size, so that all is compiled for it."""
    height, width = size_hw
    frame = np.zeros((height, width, 3), np.uint8)
    box_xywh = (width / 4, height / 4, width / 2, height / 2)
    start: dict[str, Any] = {"box_xywh": box_xywh}
    if from_mask:
        mask = np.zeros(size_hw, bool)
        mask[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = True
        start = {"mask": mask}
    state, output = tracker.init(frame, **start)
    for _ in range(_STEPS):
        state, output = tracker.step(state, frame)
        np.asarray(output.mask)


def write_ini(
    folder: Path,
    tracker: str = "samn",
    checkpoint: str = "lite",
    *,
    sizes: Sizes = (_TEST_SIZE,),
    fields: dict[str, Any] | None = None,
) -> Path:
    """The path of `trackers.ini`, written for this interpreter and this package.

    Its trackers are called `<tracker>-mask`, `<tracker>-polygon` and `<tracker>-box`.

    Args:
      folder: the toolkit's workspace; made if missing.
      tracker: one of `trackers.TRACKERS`.
      checkpoint: name of a shipped model, or path of a model file.
      sizes: (height, width) of the frames to compile for before each video.
      fields: fields of `TrackerConfig` that differ from the default.
    """
    if Path(checkpoint).is_file():  # The process will run in another folder.
        checkpoint = str(Path(checkpoint).resolve())
    package = Path(samn_jax.__file__).resolve().parents[1]
    config = configparser.ConfigParser(interpolation=None)
    for kind in KINDS:
        call = (
            f"vot.run({tracker!r}, {checkpoint!r}, kind={kind!r}, sizes={sizes!r}, "
            f"fields={fields or {}!r})"
        )
        config[f"{tracker}-{kind}"] = {
            "label": f"{tracker}, answers {kind}",
            "protocol": "traxpython",
            "command": _escape(f"from samn_jax.toolkits import vot; {call}"),
            "python": _escape(sys.executable),
            "paths": _escape(str(package)),
            "timeout": str(TIMEOUT),
        }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "trackers.ini"
    with path.open("w") as file:
        config.write(file)
    return path


def frame_sizes(data_dir: Path) -> Sizes:
    """(height, width) of the first image of every folder below, each size once.

    Raises:
      InputError: if there is no image.
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
    """The value as the toolkit reads it back: it takes % for its own."""
    return value.replace("%", "%%")


def _parse_sizes(text: str) -> Sizes:
    """Sizes (height, width) from `640x480,1280x720`, width first as usual in print."""
    try:
        pairs = [tuple(map(int, size.split("x"))) for size in text.split(",")]
        return tuple((height, width) for width, height in pairs)
    except ValueError as error:
        raise errors.InputError(
            f"--sizes {text} must be WIDTHxHEIGHT, several separated by commas"
        ) from error


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0, or 2 for bad input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--write_ini", type=Path, required=True, help="folder for trackers.ini")
    add("--tracker", default="samn", choices=trackers.TRACKERS)
    add("--checkpoint", default="lite", help="shipped model's name, or a model file")
    add("--sizes", help="frames to compile for, as 640x480,1280x720")
    add("--data_dir", type=Path, help="or: all sizes that this data set has")
    add("--set", action="append", default=[], metavar="FIELD=VALUE")
    flags = parser.parse_args(arguments)
    try:
        sizes: Sizes = (_TEST_SIZE,)
        if flags.data_dir:
            sizes = frame_sizes(flags.data_dir)
        elif flags.sizes:
            sizes = _parse_sizes(flags.sizes)
        fields = overrides.parse_assignments(flags.set)
        path = write_ini(
            flags.write_ini, flags.tracker, flags.checkpoint, sizes=sizes, fields=fields
        )
    except errors.InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
