"""The command `samn-track`: from the command line to files, and a word at the end."""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samn_jax import commands, files
from samn_jax.errors import InputError
from samn_jax.track import arguments

if TYPE_CHECKING:  # Loaded after the arguments are known to be good.
    from samn_jax.inspect.log import Log
    from samn_jax.media.frames import FrameSource
    from samn_jax.track.outputs import Output
    from samn_jax.track.prompts import Prompt
    from samn_jax.track.results import FrameResult
    from samn_jax.track.run import Span
    from samn_jax.tracking import Tracker

_MOST_FRAMES = 10**9


def main(words: Sequence[str] | None = None) -> int:
    """Returns 0, 2 after a one-line error, or 130 if it was interrupted."""
    # OpenCV's FFmpeg would print between; what can't be read is named anyway.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    return commands.run(run, arguments.parser(), words)


def run(flags: argparse.Namespace) -> int:
    """Returns the exit status; see `main`.

    Raises:
      InputError: bad input. What was tracked up to then is kept.
    """
    paths = arguments.checked_paths(flags)
    from samn_jax.media import source as source_lib

    source = source_lib.open_source(flags.video, flags.rate)
    span = _span(flags, source)
    prompts = _prompts(flags, source, span)
    tracker = load_tracker(flags)
    log = _log(source, prompts)
    if flags.trace:
        from samn_jax.inspect.tracing import tracing

        tracker = tracing(tracker, log)
    outputs = _open_outputs(flags, paths, source, log)
    try:
        with commands.Interrupts() as interrupts:
            return _Run(outputs, source, span, interrupts).go(tracker, prompts)
    finally:
        for output in outputs:
            output.discard()


class _Run:
    """One run: results into outputs, with progress on the way and a word at the end."""

    def __init__(
        self,
        outputs: "list[Output]",
        source: "FrameSource",
        span: "Span",
        interrupts: commands.Interrupts,
    ) -> None:
        self._outputs, self._source, self._span = outputs, source, span
        self._interrupts = interrupts
        self._confidences: dict[str, list[tuple[int, float]]] = {}
        self._count = 0  # frames written

    def go(self, tracker: "Tracker", prompts: "list[Prompt]") -> int:
        """Returns the exit status after tracking, writing and reporting."""
        status, problems = 0, list[Exception]()
        try:
            for result in self._results(tracker, prompts):
                with self._interrupts.held():  # A frame is written whole.
                    self._add(result)
        except Exception as error:  # Whatever it is, what was tracked is kept.
            problems.append(error)
        except KeyboardInterrupt:
            # It is how a recording from a camera ends.
            status = 0 if self._source.num_frames is None else commands.STOPPED
        with self._interrupts.held():
            self._finish(problems, whole=not problems and status == 0)
        if problems:
            raise problems[0]
        return status

    def _finish(self, problems: list[Exception], *, whole: bool) -> None:
        """Completes the outputs, and tells of them; adds what goes wrong."""
        for output in self._outputs:
            try:
                place = output.finish(whole=whole)
            except InputError as error:
                problems += [] if problems else [error]
                continue
            if place is not None:
                print(f"wrote {files.shown(place)}: {self._told_count(output.count)}")
        self._tell_stretches()

    def _results(
        self, tracker: "Tracker", prompts: "list[Prompt]"
    ) -> "Iterator[FrameResult]":
        import tqdm

        from samn_jax.track import run as run_lib

        total = _num_frames(self._source, self._span)
        with tqdm.tqdm(total=total, unit="frame", disable=None) as bar:
            began: float | None = time.monotonic()
            print("compiling for this size of frames ...", file=sys.stderr, flush=True)

            def on_frame() -> None:
                nonlocal began
                if began is not None:
                    took = time.monotonic() - began
                    bar.write(f"first frame after {took:.1f} s", file=sys.stderr)
                    began = None
                bar.update()

            yield from run_lib.track_in_order(
                tracker, self._source, prompts, self._span, on_frame
            )

    def _add(self, result: "FrameResult") -> None:
        for one in result.objects:
            known = self._confidences.setdefault(one.name, [])
            known.append((result.frame.index, one.confidence))
        for output in self._outputs:
            output.add(result)
        self._count += 1

    def _told_count(self, count: int) -> str:
        total = _num_frames(self._source, self._span)
        return f"{count} frames" if total is None else f"{count} of {total} frames"

    def _tell_stretches(self) -> None:
        from samn_jax.track import stretches

        for name, confidences in self._confidences.items():
            print(stretches.describe(name, stretches.find(confidences)))


def _span(flags: argparse.Namespace, source: "FrameSource") -> "Span":
    """Returns the frames to track.

    Raises:
      InputError: they lie outside the video.
    """
    from samn_jax.track.run import Span

    count = 1 if flags.frames is None else flags.frames
    if (flags.start or 0) < 0 or min(flags.every, count) < 1:
        raise InputError("--start is 0 or more, --frames and --every are 1 or more")
    if max(flags.start or 0, flags.every, count) > _MOST_FRAMES:
        raise InputError(
            f"--start, --frames and --every are at most {_MOST_FRAMES}: give less"
        )
    start, known = flags.start, source.num_frames
    if start is None:
        start = 0
        if flags.backward:
            if known is None:
                raise InputError("--backward from which frame? Give --start")
            start = known - 1
    if known is not None and start >= known:
        raise InputError(
            f"--start {start}: {source.name} has {known} frames, from 0 on; choose one"
        )
    backward = flags.backward or flags.both
    return Span(start, flags.frames, flags.every, not flags.backward, backward)


def _prompts(
    flags: argparse.Namespace, source: "FrameSource", span: "Span"
) -> "list[Prompt]":
    """Returns what is said of each object, checked against its frame.

    Raises:
      InputError: a box or a mask can't be used there.
    """
    from samn_jax.track import prompts as prompts_lib

    if flags.mask is None:
        prompts = prompts_lib.parse_boxes(flags.box, span.start)
    else:
        prompts = prompts_lib.read_mask(flags.mask, span.start)
    if source.num_frames is not None:  # A camera's frames can't be looked at twice.
        frame = source.frame(span.start).image
        if flags.mask is not None:
            prompts_lib.check_mask_file(flags.mask, prompts, frame)
        for prompt in prompts:
            prompt.check(frame)
    return prompts


def load_tracker(flags: argparse.Namespace) -> "Tracker":
    """Returns the tracker with the settings asked for.

    Raises:
      InputError: the checkpoint or a setting can't be used.
    """
    from samn_jax import compilation, overrides
    from samn_jax.tracking import Tracker

    compilation.keep_compiled()
    settings: dict[str, Any] = {**overrides.split(flags.set)}
    if flags.memory:
        settings["memory.design"] = flags.memory
    return Tracker.from_checkpoint(flags.checkpoint, **settings)


def _log(source: "FrameSource", prompts: "list[Prompt]") -> "Log":
    """Returns an empty log of what is to be tracked."""
    from samn_jax.inspect.log import Log

    names = {prompt.object_id: prompt.name for prompt in prompts}
    return Log(Path(source.name).name, names=names, alone=prompts[0].object_id)


def _open_outputs(
    flags: argparse.Namespace,
    paths: dict[str, Path],
    source: "FrameSource",
    log: "Log",
) -> "list[Output]":
    """Returns the outputs asked for, of which nothing is written yet.

    Raises:
      InputError: a folder is not empty.
    """
    import functools

    from samn_jax.media.destination import Destination
    from samn_jax.track import outputs as lib

    places = {
        name: Destination(path, overwrite=flags.overwrite)
        for name, path in paths.items()
    }
    made: list[Output] = []
    for name, place in places.items():
        if name == "output" and not arguments.is_folder(flags.output):
            made.append(lib.Video(place, source, flags.every))
        elif name == "output":
            made.append(lib.Pictures(place, lib.overlay_picture))
        elif name == "masks":
            made.append(lib.Pictures(place, lib.mask_picture))
        elif name == "cutouts":
            encode = functools.partial(lib.cutouts, several=len(log.names) > 1)
            made.append(lib.Pictures(place, encode))
        elif name == "trace":
            made.append(lib.TraceFile(place, log))
        else:
            made.append(lib.Table(place) if name == "boxes" else lib.RunLengths(place))
    return made


def _num_frames(source: "FrameSource", span: "Span") -> int | None:
    """Returns how many frames will be tracked; None if the source doesn't tell."""
    count, known = -1 if len(span.passes()) == 2 else 0, source.num_frames
    for start, stop, step in span.passes():
        if step > 0 and known is not None:
            stop = known if stop is None else min(stop, known)
        if stop is None:
            return None
        count += len(range(start, stop, step))
    return count
