"""Semi-supervised video object segmentation: objects are given once, then tracked.

Results are masks with object ids, `<results>/<video>/<frame>.png`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tqdm
from jaxtyping import Bool, UInt8

from samn_jax import places
from samn_jax.data import types
from samn_jax.data.formats import images
from samn_jax.evaluation import stopwatch
from samn_jax.evaluation.protocols import frames, protocol
from samn_jax.evaluation.trackers import interface, objects, warm_up

Ids = UInt8[np.ndarray, "H W"]


def track_objects(
    tracker: interface.VideoTracker,
    sequence: types.Sequence,
    start: interface.Start,
    watch: stopwatch.Stopwatch,
) -> Iterator[Ids]:
    """Yields the object ids of every frame, one frame at a time.

    Every object is tracked from the frame that gives it. Its result there is the given
    mask, or what the tracker makes of the box.

    Args:
      tracker: of one object, or of several at once.
      sequence: video; its masks say which objects to track from where.
      start: whether the tracker sees such a mask or only its bounding box.
      watch: times the tracker.

    Raises:
      InputError: a frame can't be read or changes its size, or no mask to start from
        can be used.
    """
    starts = sequence.starts()
    several = objects.tracker_of(tracker, sum(map(len, starts.values())))
    state = None
    all_frames = frames.read_ahead(sequence, range(sequence.num_frames))
    for index, frame in enumerate(all_frames):
        ids = np.zeros(frame.shape[:2], np.uint8)
        if state is not None:
            state, ids = watch.step(several.step, state, frame)
        masks = {}
        given: Any = sequence.given_mask(index) if index in starts else None
        for i in starts.get(index, ()):
            what = _start_of(given == i, start)
            state, masks[i] = watch.start(several.add, state, frame, i, what)
        if masks:
            found = objects.winners(masks)
            ids = np.where(found > 0, found, ids)
        yield ids


def mask_file(sequence: types.Sequence, index: int, results_dir: Path) -> Path:
    """Returns the file of one frame's result, proved to lie in the results folder.

    Raises:
      InputError: it does not.
    """
    name = f"{sequence.frame_names[index]}.png"
    return places.inside(results_dir, results_dir / sequence.name / name)


def mask_files(sequence: types.Sequence, results_dir: Path) -> list[Path]:
    """Returns the files of all frames' results, as `mask_file` does."""
    indices = range(sequence.num_frames)
    return [mask_file(sequence, index, results_dir) for index in indices]


def _run(job: protocol.Job) -> None:
    paths = mask_files(job.sequence, job.results_dir)
    tracked = track_objects(job.tracker, job.sequence, job.request.start, job.watch)
    progress = tqdm.tqdm(
        tracked, total=len(paths), desc=job.sequence.name, leave=False, disable=None
    )
    for path, ids in zip(paths, progress, strict=True):
        images.write_mask(path, ids)


def _program(sequence: types.Sequence, request: interface.Request) -> warm_up.Program:
    num_objects = sum(map(len, sequence.starts().values()))
    size_hw = sequence.frame(0).shape[:2]
    return warm_up.Program(size_hw, request.start == "mask", num_objects)


def _show(sequence: types.Sequence, index: int, results_dir: Path) -> protocol.Shown:
    path = mask_file(sequence, index, results_dir)
    # Results to score may leave out the first and last frame.
    ids = images.read_mask(path) if path.is_file() else None
    return protocol.Shown(ids, sequence.mask(index))


def _no_seconds(path: Path) -> None:
    return None


SEMI_SUPERVISED = protocol.Protocol(
    folder="masks",
    run=_run,
    result_files=mask_files,
    seconds_file=_no_seconds,
    program=_program,
    show=_show,
    starts=("mask", "box"),
    answers=("mask",),
    has_ids=True,
)


def _start_of(mask: Bool[np.ndarray, "H W"], start: interface.Start) -> dict[str, Any]:
    if start == "mask":
        return {"mask": mask}
    box_xywh = cv2.boundingRect(mask.astype(np.uint8))
    return {"box_xywh": tuple(float(value) for value in box_xywh)}
