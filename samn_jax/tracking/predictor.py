"""The host side: frames as they come from a file or camera, one call a frame."""

import dataclasses
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from samn_jax.errors import InputError
from samn_jax.geometry import box_masks
from samn_jax.memory import parameters
from samn_jax.memory.config import MemoryConfig
from samn_jax.memory.design import Design
from samn_jax.models import model_file, winograd
from samn_jax.tracking import multi_object, slots
from samn_jax.tracking import tracker as tracker_lib
from samn_jax.tracking.config import TrackerConfig, file_config
from samn_jax.tracking.multi_object import MultiPrediction, MultiState
from samn_jax.tracking.state import (
    Prediction,
    TrackerSpec,
    TrackerState,
    bucket,
)

State = TrackerState | MultiState
Answer = TypeVar("Answer", Prediction, MultiPrediction)

_init = jax.jit(tracker_lib.init_tracker, static_argnums=0, static_argnames="from_mask")
_step = jax.jit(multi_object.step_any, static_argnums=0, donate_argnums=2)
_video = jax.jit(multi_object.track_any, static_argnums=0, donate_argnums=2)
_copy = jax.jit(lambda state: jax.tree.map(jnp.copy, state))


@dataclasses.dataclass(frozen=True, eq=False)
class Tracker:
    """Tracks objects, frame by frame; all state is outside, in a pytree.

    `init` starts one object; `add_object` makes it several, whose state the same
    methods take. Adding or removing one does not compile anew as long as a slot is
    free. With several objects an answer is a `MultiPrediction`.

    Frames are uint8 (H, W, 3) RGB. The first frame of a size compiles (see `warm_up`);
    sizes that share a bucket of 64 pixels share the compilation.
    """

    spec: TrackerSpec
    variables: dict[str, Any]
    object_slots: int = 4  # of a state with several objects, at first

    @classmethod
    def from_checkpoint(
        cls, checkpoint: str | Path, *, design: Design | None = None, **overrides: Any
    ) -> "Tracker":
        """Returns the tracker of a model file or a shipped model's name.

        Args:
          checkpoint: path of a model file, or `lite`.
          design: a memory design, in place of the one that the settings name.
          **overrides: fields of `TrackerConfig`; of a part, some fields are enough:
            `memory={"capacity": 4}`, or `**{"memory.capacity": 4}`.

        Raises:
          InputError: the file is missing, damaged or of another model; a setting is
            unknown or not right.
        """
        model = model_file.load_model(checkpoint)
        if design is not None:  # No other one need be there.
            overrides = {**overrides, "memory.design": MemoryConfig.design}
        config = file_config(checkpoint, model, overrides)
        network = model_file.build_network(model.config)
        spec = TrackerSpec.of(network, config, design)
        variables = parameters.select(spec.memory, network, model.variables, checkpoint)
        return cls(spec, winograd.with_fast_kernels(network, variables))

    @property
    def config(self) -> TrackerConfig:
        """Returns the settings."""
        return self.spec.config

    def init(
        self,
        frame: np.ndarray,
        *,
        mask: Any = None,
        box_xywh: Any = None,
    ) -> tuple[TrackerState, Prediction]:
        """Returns the state and the answer after the first frame.

        Args:
          frame: RGB.
          mask: the object, boolean or 0/1 (H, W); or
          box_xywh: its box, left, top, width, height in pixels.

        Raises:
          InputError: not exactly one of both is given, the mask is empty or of another
            size than the frame, the box lies outside the frame, or the frame is no
            uint8 RGB image.
        """
        if (mask is None) == (box_xywh is None):
            raise InputError("give either mask or box_xywh to start from")
        _check_frame(frame)
        from_mask = mask is not None
        given = mask if from_mask else _fill_box(box_xywh, frame.shape[:2])
        given = _check_mask(given, frame.shape[:2])
        state, answer = _init(
            self.spec,
            self.variables,
            _pad(frame),
            jnp.array(frame.shape[:2], jnp.int32),
            _pad(given),
            from_mask=from_mask,
        )
        return state, _cut(answer, frame.shape[:2])

    def add_object(
        self,
        state: TrackerState | MultiState | None,
        frame: np.ndarray,
        mask: Any = None,
        object_id: int | None = None,
        *,
        box_xywh: Any = None,
    ) -> MultiState:
        """Returns the state with one more object, to be stepped with the others.

        Args:
          state: after the step of this very frame; None if there is no object yet. An
            object tracked alone until now becomes number 1.
          frame: RGB.
          mask: the object, as in `init`; or
          object_id: its id in 1-255; by default the one after the highest.
          box_xywh: its box.

        Raises:
          InputError: as in `init`; the frame has another size than those before; or the
            id is taken.
        """
        _check_frame(frame, state)
        one, _ = self.init(frame, mask=mask, box_xywh=box_xywh)
        return self.add_state(state, one, object_id)

    def add_state(
        self,
        state: TrackerState | MultiState | None,
        one: TrackerState,
        object_id: int | None = None,
    ) -> MultiState:
        """Returns what `add_object` does, of an object that `init` has started."""
        return slots.add_object(state, one, object_id, slots=self.object_slots)

    def remove_object(self, state: MultiState, object_id: int) -> MultiState:
        """Returns the state without an object; its slot is free for another.

        Raises:
          InputError: there is no such object.
        """
        return slots.remove_object(state, object_id)

    def step(
        self, state: State, frame: np.ndarray
    ) -> tuple[State, Prediction | MultiPrediction]:
        """Returns the state and the answer after one more frame.

        The given state stays valid: it can be kept, stepped again, forked.

        Raises:
          InputError: the frame is not of the first frame's size, or no uint8 RGB image.
        """
        return self.step_in_place(_copy(state), frame)

    def step_in_place(
        self, state: State, frame: np.ndarray
    ) -> tuple[State, Prediction | MultiPrediction]:
        """Returns what `step` returns; the given state's buffers are lost."""
        _check_frame(frame, state)
        state, answer = _step(self.spec, self.variables, state, _pad(frame))
        return state, _cut(answer, frame.shape[:2])

    def track_video(
        self, state: State, frames: np.ndarray
    ) -> tuple[State, Prediction | MultiPrediction]:
        """Returns the state after a chunk of frames (F, H, W, 3) and all their answers.

        One `lax.scan`; chunks of the same length compile once. The given state's
        buffers are reused and lost.

        Raises:
          InputError: there is no frame, or as in `step`.
        """
        if not len(frames):
            raise InputError("the chunk holds no frames: give one or more")
        for frame in frames:
            _check_frame(frame, state)
        padded = np.stack([_pad(frame) for frame in frames])
        state, answers = _video(self.spec, self.variables, state, padded)
        return state, _cut(answers, frames[0].shape[:2])

    def warm_up(self, height: int, width: int, *, from_mask: bool = True) -> None:
        """Compiles `init` and `step` for frames of a size, so that the first is fast.

        Args:
          height: of the frames, pixels.
          width: of the frames, pixels.
          from_mask: whether `init` will be given a mask, or else a box.
        """
        frame = np.zeros((height, width, 3), np.uint8)
        box = width / 4, height / 4, width / 2, height / 2
        start: dict[str, Any] = {"box_xywh": box}
        if from_mask:
            start = {"mask": _fill_box(box, (height, width))}
        state, _ = self.init(frame, **start)
        self.step(state, frame)


def _check_frame(frame: np.ndarray, state: State | None = None) -> None:
    """Raises InputError unless the frame is uint8 RGB, and of the state's size."""
    shape, dtype = np.shape(frame), getattr(frame, "dtype", None)
    if len(shape) != 3 or shape[2] != 3 or dtype != np.uint8:
        raise InputError(f"a frame is {dtype} {shape}: give uint8 (height, width, 3)")
    if state is None:
        return
    size = tuple(np.asarray(state.extent_hw).tolist())
    if shape[:2] != size:
        raise InputError(
            f"a frame is {shape[:2]}, the first one {size}: bring all to one size, or "
            "start anew"
        )


def _pad(image: np.ndarray) -> np.ndarray:
    """Returns the frame or mask padded to its bucket."""
    height, width = bucket(*image.shape[:2])
    rest = [(0, 0)] * (image.ndim - 2)
    pads = [(0, height - image.shape[0]), (0, width - image.shape[1]), *rest]
    return np.pad(image, pads)


def _cut(answer: Answer, size: tuple[int, ...]) -> Answer:
    """Returns the answer with its maps cut to the frame, on the host."""
    height, width = size

    def cut(x: Array) -> Any:
        return np.asarray(x)[..., :height, :width]

    if isinstance(answer, MultiPrediction):
        objects = _cut(answer.objects, size)
        return answer._replace(objects=objects, ids=cut(answer.ids))
    return answer._replace(mask=cut(answer.mask))


def _check_mask(mask: Any, size: tuple[int, int]) -> Float[np.ndarray, "H W"]:
    """Returns the mask as float32 0/1.

    Raises:
      InputError: it has another size than the frame, or no pixel is set.
    """
    array = np.asarray(mask)
    if array.shape != tuple(size):
        raise InputError(
            f"the first mask is {array.shape}, its frame {tuple(size)}: "
            "give a mask of the frame's size"
        )
    inside = array > 0.5
    if not inside.any():
        raise InputError("the first mask is empty: mark the object in it")
    return inside.astype(np.float32)


def _fill_box(box_xywh: Any, size: tuple[int, int]) -> Bool[np.ndarray, "H W"]:
    """Returns the mask of the pixels whose centers lie in the box.

    Raises:
      InputError: the box is not four numbers, or has no pixel inside the frame.
    """
    try:
        box = np.asarray(box_xywh, np.float64)
    except (TypeError, ValueError):
        box = np.zeros(0)
    if box.shape != (4,) or not np.isfinite(box).all() or (box[2:] <= 0).any():
        raise InputError(f"box {box_xywh} is no box: give x,y,w,h with w and h above 0")
    mask = box_masks.fill_box(box, size)
    if not mask.any():
        raise InputError(
            f"box {box.tolist()} holds no pixel of the frame of {size[1]} x {size[0]}: "
            "give x,y,w,h in pixels"
        )
    return mask
