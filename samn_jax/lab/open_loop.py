"""The open loop: crops around the truth, so that designs differ by memory alone.

The tracker's own masks are remembered, but they don't move its crop: where the target
is away, the crop stays where it was seen last. There is no spatial memory, so every
frame counts as certain. What a crop looks like is then the same for all designs, and
is encoded once for all of them.
"""

import dataclasses
import functools
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from samn_jax import Tracker
from samn_jax.evaluation.protocols import frames, protocol
from samn_jax.geometry import crops
from samn_jax.lab import closed_loop, frame_table
from samn_jax.lab.video import TARGET
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.designs.ring import Ring
from samn_jax.models import aggregation
from samn_jax.tracking import given as given_lib
from samn_jax.tracking import measure, padding, segmentation
from samn_jax.tracking import tracker as tracker_lib
from samn_jax.tracking.state import Prediction, TrackerSpec, TrackerState, bucket

_KEPT_BYTES = 3 * 2**29  # of encoded crops

Looks = Callable[[int, Callable[[], given_lib.Given]], given_lib.Given]


class OpenState(NamedTuple):
    """The tracker's state, and the mask where the target was seen last."""

    tracker: TrackerState
    place: UInt8[np.ndarray, "H W"]


@dataclasses.dataclass(frozen=True)
class OpenLoop:
    """A tracker that is told where to look, but not what is there.

    Attributes:
      tracker: without a spatial memory; `open_loop` makes it so.
      true_masks: remember the true masks instead of its own: an upper bound.
      looks: frame index, what encodes it → its crop, encoded once for all designs.
    """

    tracker: Tracker
    true_masks: bool
    looks: Looks

    def init(
        self, frame: UInt8[np.ndarray, "H W 3"], *, mask: np.ndarray
    ) -> tuple[OpenState, Prediction]:
        """Returns state and answer after the first frame."""
        state, answer = self.tracker.init(frame, mask=mask)
        return OpenState(state, np.asarray(mask, np.uint8)), answer

    def step(
        self, state: OpenState, frame: UInt8[np.ndarray, "H W 3"]
    ) -> tuple[OpenState, Prediction]:
        """Returns state and answer after a frame of which no truth is known."""
        return self.conclude(state, self.encode(state, frame, None), frame.shape[:2])

    def encode(
        self,
        state: OpenState,
        frame: UInt8[np.ndarray, "H W 3"],
        truth: np.ndarray | None,
    ) -> given_lib.Given:
        """Returns the crop around the truth: its features, and the true mask in it."""
        truth = state.place if truth is None else truth
        return _look(
            _without_memory(self.tracker.spec),
            self.tracker.variables,
            jnp.asarray(padding.pad(frame)),
            jnp.array(frame.shape[:2], jnp.int32),
            jnp.asarray(padding.pad(_place(state, truth)), jnp.float32),
            jnp.asarray(padding.pad(truth), jnp.float32),
        )

    def conclude(
        self, state: OpenState, look: given_lib.Given, size_hw: tuple[int, ...]
    ) -> tuple[OpenState, Prediction]:
        """Returns state and answer after a frame that is encoded."""
        spec, variables = self.tracker.spec, self.tracker.variables
        padded = bucket(*size_hw[:2])
        after, answer = _step(
            spec, self.true_masks, variables, state.tracker, look, padded
        )
        return state._replace(tracker=after), padding.finish(answer, size_hw)


def open_loop(
    tracker: Tracker, key: tuple[Hashable, ...], *, true_masks: bool
) -> OpenLoop:
    """Returns a tracker for the open loop over one video.

    Args:
      tracker: any.
      key: of weights and video; crops are encoded once for all trackers with the same
        key and the same settings besides those of the memory.
      true_masks: as `OpenLoop` has it.
    """
    config = dataclasses.replace(tracker.config, use_spatial=False)
    spec = dataclasses.replace(tracker.spec, config=config)
    looks = _looks(_without_memory(spec), key)
    return OpenLoop(dataclasses.replace(tracker, spec=spec), true_masks, looks)


@functools.lru_cache(maxsize=1)  # All designs follow each other on one video.
def _looks(spec: TrackerSpec, key: tuple[Hashable, ...]) -> Looks:
    """Returns a memory of encoded crops; what is beyond its size is encoded anew."""
    del spec, key
    kept: dict[int, given_lib.Given] = {}

    def looks(index: int, encode: Callable[[], given_lib.Given]) -> given_lib.Given:
        if index in kept:
            return kept[index]
        look = encode()
        size = sum(x.nbytes for x in jax.tree.leaves(look))
        if (len(kept) + 1) * size <= _KEPT_BYTES:
            kept[index] = look
        return look

    return looks


def _without_memory(spec: TrackerSpec) -> TrackerSpec:
    """Returns the spec of all designs: what they look at does not depend on them."""
    config = dataclasses.replace(spec.config, memory=MemoryConfig())
    return TrackerSpec(spec.network, config, Ring())


def _place(
    state: OpenState, truth: UInt8[np.ndarray, "H W"]
) -> UInt8[np.ndarray, "H W"]:
    return truth if truth.any() else state.place


@functools.partial(jax.jit, static_argnums=0)
def _look(
    spec: TrackerSpec,
    variables: dict,
    frame: UInt8[Array, "H W 3"],
    extent_hw: Int[Array, "2"],
    place: Float[Array, "H W"],
    truth: Float[Array, "H W"],
) -> given_lib.Given:
    """Returns the crop around a place, with the true mask in it."""
    seen = given_lib.observe(spec, variables, frame, extent_hw, place, from_mask=True)
    crop, size = seen.region.crop, spec.config.crop_size
    prob = crops.sample_crop(truth, extent_hw, crop, out_size=size, border="zero")
    return seen._replace(prob=prob)


@functools.partial(jax.jit, static_argnums=(0, 1, 5))
def _step(
    spec: TrackerSpec,
    true_masks: bool,
    variables: dict,
    state: TrackerState,
    look: given_lib.Given,
    frame_hw: tuple[int, int],
) -> tuple[TrackerState, Prediction]:
    """Returns the state that has learned from a crop, and the answer to it."""
    prob, read = segmentation.segment(spec, variables, look.region, state.memory)
    prob = aggregation.join_one(prob, kind=spec.config.aggregation)
    estimate = tracker_lib.Estimate(None, look.target, jnp.zeros((), jnp.float32))
    learned = look.prob if true_masks else prob
    seen = tracker_lib.Observation(estimate, look.region, learned, read)
    after, _, _ = tracker_lib.remember(spec, variables, state, seen, frame_hw)
    threshold = measure.threshold(spec.config, state.from_mask)
    measured = measure.measure(spec.config, prob, look.region.crop, threshold)
    answer = measure.report(spec.config, prob, measured, look.region.crop, frame_hw)
    return after, answer


def _run(job: protocol.Job) -> None:
    video, watch, tracker = job.sequence, job.watch, job.tracker
    assert isinstance(tracker, OpenLoop)
    rows: list[frame_table.FrameRow] = []
    state: Any = None
    for index, frame in enumerate(frames.read_ahead(video, range(video.num_frames))):
        if index == 0:
            init = functools.partial(tracker.init, mask=video.first_mask() == TARGET)
            state, _ = watch.start(init, frame)
            continue
        ids = video.mask(index)
        truth = None if ids is None else (ids == TARGET).astype(np.uint8)
        encode = functools.partial(tracker.encode, state, frame, truth)
        look = tracker.looks(index, encode)
        state, answer = watch.step(tracker.conclude, state, look, frame.shape[:2])
        if truth is not None:
            state = state._replace(place=_place(state, truth))
        row = frame_table.measure(video, index, answer.mask, answer.confidence)
        rows += [row] if row else []
    frame_table.write(closed_loop.table_path(video, job.results_dir), rows)


OPEN_LOOP = closed_loop.CLOSED_LOOP._replace(run=_run)
