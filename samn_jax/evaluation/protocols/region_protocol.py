"""Protocols in which one object is given, and answered, as a box or region."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samn_jax.data import types
from samn_jax.data.formats import vot_regions
from samn_jax.evaluation import stopwatch
from samn_jax.evaluation.protocols import protocol
from samn_jax.evaluation.trackers import interface, regions, warm_up


class RegionProtocol(NamedTuple):
    """What differs between these protocols.

    Attributes:
      run: tracker, video, results folder, watch → anything, once the files are there.
      result_files: see `Protocol`.
      seconds_file: see `Protocol`.
      starts: what a tracker may be given; the first is the default.
      gives_mask: video → whether there is a mask to start from, or else a box.
      size_hw: video → size of its frames in pixels.
      truths: video → true region of every frame, or of the first ones.
      read: video, results folder → frame index → region, of the run that is shown.
    """

    run: Callable[[regions.RegionTracker, Any, Path, stopwatch.Stopwatch], Any]
    result_files: Callable[[Any, Path], list[Path]]
    seconds_file: Callable[[Path], Path]
    starts: tuple[interface.Start, ...]
    gives_mask: Callable[[Any], bool]
    size_hw: Callable[[Any], tuple[int, int]]
    truths: Callable[[Any], Sequence[vot_regions.Region]]
    read: Callable[[Any, Path], dict[int, vot_regions.Region]]


def make_protocol(parts: RegionProtocol) -> protocol.Protocol:
    """Returns the protocol for any tracker, made of what trackers of regions need."""

    def run(job: protocol.Job) -> None:
        answering = regions.VideoRegionTracker(job.tracker, job.request)
        parts.run(answering, job.sequence, job.results_dir, job.watch)

    def program(
        sequence: types.Sequence, request: interface.Request
    ) -> warm_up.Program:
        from_mask = request.start == "mask" and parts.gives_mask(sequence)
        return warm_up.Program(parts.size_hw(sequence), from_mask)

    def show(sequence: types.Sequence, index: int, results_dir: Path) -> protocol.Shown:
        truths = dict(enumerate(parts.truths(sequence)))
        found = parts.read(sequence, results_dir)
        size_hw = parts.size_hw(sequence)
        return protocol.Shown(
            *(_ids(known.get(index), size_hw) for known in (found, truths))
        )

    return protocol.Protocol(
        folder="results",
        run=run,
        result_files=parts.result_files,
        seconds_file=parts.seconds_file,
        program=program,
        show=show,
        starts=parts.starts,
        answers=interface.ANSWERS,
    )


def _ids(
    region: vot_regions.Region | None, size_hw: tuple[int, int]
) -> protocol.Ids | None:
    if region is None or vot_regions.is_code(region):
        return None
    mask = vot_regions.as_mask(region, size_hw)
    return vot_regions.paste_mask(mask, size_hw).astype(np.uint8)
