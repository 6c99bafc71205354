"""Tracking through a source of frames: forward, backward, or both ways from a frame.

Everything is a generator of results: whoever takes them may stop at any one.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from samn_jax.errors import InputError
from samn_jax.inspect.tracing import TracingTracker
from samn_jax.media.frames import Frame, FrameSource
from samn_jax.track.prompts import Prompt
from samn_jax.track.results import FrameResult, ObjectResult, pack, unpack
from samn_jax.tracking import MultiPrediction, Prediction, Tracker


class Span(NamedTuple):
    """The frames to track, and in which order."""

    start: int = 0  # the frame in which tracking begins
    frames: int | None = None  # how many, in each direction; None for all
    every: int = 1  # from one tracked frame to the next
    forward: bool = True
    backward: bool = False

    def passes(self) -> list[tuple[int, int | None, int]]:
        """Returns `start, stop, step` of each direction, backward first."""
        passes: list[tuple[int, int | None, int]] = []
        if self.backward:
            low = -1
            if self.frames is not None:
                low = max(-1, self.start - self.frames * self.every)
            passes.append((self.start, low, -self.every))
        if self.forward:
            stop = None
            if self.frames is not None:
                stop = self.start + self.frames * self.every
            passes.append((self.start, stop, self.every))
        return passes

    def holds(self, frame_idx: int) -> bool:
        """Returns whether a frame is tracked, if the video has it."""
        for start, stop, step in self.passes():
            ahead = step * (frame_idx - start) >= 0 and (frame_idx - start) % step == 0
            if ahead and (stop is None or step * (stop - frame_idx) > 0):
                return True
        return False


class Tracking(NamedTuple):
    """A state amid tracking, and what it follows."""

    state: Any
    prompts: dict[int, Prompt]  # by object id; those that have joined


def track(
    tracker: Tracker,
    source: FrameSource,
    prompts: Sequence[Prompt],
    span: Span | None = None,
    *,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[FrameResult]:
    """Yields the results in the order in which frames are tracked.

    A second prompt of an object corrects it. Backward comes before forward; the frame
    where both begin is told once.

    Args:
      tracker: what tracks.
      source: of the frames.
      prompts: of every object, each in a frame that is tracked; an object joins there.
      span: which frames; all of them, forward, if left out.
      should_stop: asked before each frame.

    Raises:
      InputError: a frame can't be read, a prompt doesn't fit its frame, or it is of a
        frame that is not tracked. Results up to then have been given.
    """
    span = span or Span()
    _check_frames(prompts, span)
    for number, (start, stop, step) in enumerate(span.passes()):
        frames = source.read(start, stop, step)
        results = track_frames(tracker, frames, prompts, alone=len(prompts) == 1)
        for result in results:
            if not (number and result.frame.index == start):
                yield result
            if should_stop():
                return


def track_in_order(
    tracker: Tracker,
    source: FrameSource,
    prompts: Sequence[Prompt],
    span: Span,
    on_frame: Callable[[], None] = lambda: None,
) -> Iterator[FrameResult]:
    """Yields what `track` does, in the order of the video.

    What was tracked backward is held back, packed, until its end, and its frames are
    then read once more. After an error what was tracked is still given, then it raises.

    Args:
      tracker: what tracks.
      source: of the frames.
      prompts: as in `track`.
      span: as in `track`.
      on_frame: called after every tracked frame.

    Raises:
      InputError: as in `track`.
    """
    if span.backward:
        packed, problem = [], None
        try:
            for result in track(tracker, source, prompts, span._replace(forward=False)):
                packed.append(pack(result))
                on_frame()
        except InputError as error:
            problem = error
        if packed:
            packed.reverse()
            first, last = packed[0].frame_idx, packed[-1].frame_idx
            frames = source.read(first, last + 1, span.every)
            yield from map(unpack, packed, frames)
        if problem is not None:
            raise problem
    if span.forward:
        for result in track(tracker, source, prompts, span._replace(backward=False)):
            if not (span.backward and result.frame.index == span.start):
                on_frame()
                yield result


def track_frames(
    tracker: Tracker,
    frames: Iterator[Frame],
    prompts: Sequence[Prompt],
    *,
    tracking: Tracking | None = None,
    alone: bool = False,
) -> Iterator[FrameResult]:
    """Yields the result of each frame from the first that has a prompt.

    Args:
      tracker: what tracks.
      frames: in either order.
      prompts: objects join at the frames of theirs.
      tracking: what is tracked already.
      alone: whether there will never be a second object, which is faster.

    Raises:
      InputError: as in `track`.
    """
    slots = max(1, len({prompt.object_id for prompt in prompts}))
    tracker = dataclasses.replace(tracker, object_slots=slots)
    for frame in frames:
        tracking, result = step(tracker, tracking, frame, prompts, alone=alone)
        if result is not None:
            yield result


def step(
    tracker: Tracker,
    tracking: Tracking | None,
    frame: Frame,
    prompts: Sequence[Prompt],
    *,
    alone: bool,
) -> tuple[Tracking | None, FrameResult | None]:
    """Returns what is tracked after one more frame, and its result if there is any."""
    objects: dict[int, ObjectResult] = {}
    ids = np.zeros(frame.image.shape[:2], np.uint8)
    state, joined = (None, {}) if tracking is None else tracking
    if isinstance(tracker, TracingTracker) and tracker.log is not None:
        tracker.log.see(frame.index, frame.image)
    if state is not None:
        state, answer = tracker.step_in_place(state, frame.image)
        ids, objects = _told(answer, joined)
    for prompt in prompts:
        if prompt.frame_idx == frame.index:
            prompt.check(frame.image)
            state, answer = _heed(tracker, state, frame, prompt, alone=alone)
            number = prompt.object_id
            objects[number] = _object_result(prompt, answer)
            ids = np.where(ids == number, np.uint8(0), ids)
            ids = np.where(objects[number].alpha > 127, np.uint8(number), ids)
            joined = {**joined, number: prompt}
    if state is None:
        return None, None
    told = tuple(objects[number] for number in sorted(objects))
    return Tracking(state, joined), FrameResult(frame, ids, told)


def _heed(
    tracker: Tracker, state: Any, frame: Frame, prompt: Prompt, *, alone: bool
) -> tuple[Any, Prediction]:
    """Returns the state after a prompt of its very frame, and what it says of it.

    A prompt of an object that is tracked already corrects it.
    """
    number = prompt.object_id
    if alone and state is not None:
        return tracker.correct(state, frame.image, **prompt.start)
    if state is not None and number in np.asarray(state.object_ids):
        return tracker.correct(state, frame.image, object_id=number, **prompt.start)
    one, answer = tracker.init(frame.image, **prompt.start)
    return (one if alone else tracker.add_state(state, one, number)), answer


def _told(
    answer: Prediction | MultiPrediction, joined: dict[int, Prompt]
) -> tuple[np.ndarray, dict[int, ObjectResult]]:
    if isinstance(answer, Prediction):
        ((number, prompt),) = joined.items()
        ids = np.where(answer.mask > 0.5, np.uint8(number), np.uint8(0))
        return ids, {number: _object_result(prompt, answer)}
    parts = Prediction._make(map(np.asarray, answer.objects))
    objects = {}
    for slot, number in enumerate(np.asarray(answer.object_ids).tolist()):
        if number:
            part = Prediction(*(values[slot] for values in parts))
            objects[number] = _object_result(joined[number], part)
    return np.asarray(answer.ids), objects


def _object_result(prompt: Prompt, answer: Prediction) -> ObjectResult:
    x, y, width, height = np.asarray(answer.box_xywh).tolist()
    alpha = np.rint(np.asarray(answer.mask) * 255).clip(0, 255).astype(np.uint8)
    return ObjectResult(
        prompt.object_id,
        prompt.name,
        float(answer.confidence),
        float(answer.uncertainty),
        (x, y, width, height),
        np.asarray(answer.polygon),
        alpha,
    )


def _check_frames(prompts: Sequence[Prompt], span: Span) -> None:
    for prompt in prompts:
        index = prompt.frame_idx
        if (index - span.start) % span.every:
            raise InputError(
                f"{prompt.name} is marked in frame {index}, which is left out by every "
                f"{span.every}: mark it in another"
            )
        if not span.holds(index):
            raise InputError(
                f"{prompt.name} is marked in frame {index}, which is not tracked: mark "
                "it in another, or track that one too"
            )
