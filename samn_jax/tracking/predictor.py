"""The host side: frames as they come from a file or camera, one call a frame."""

import dataclasses
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from samn_jax import allocation
from samn_jax.errors import InputError
from samn_jax.memory.design import Design
from samn_jax.tracking import (
    checks,
    correction,
    loading,
    multi_object,
    padding,
    slots,
    state_checks,
)
from samn_jax.tracking import tracker as tracker_lib
from samn_jax.tracking.config import TrackerConfig
from samn_jax.tracking.multi_object import MultiPrediction, MultiState
from samn_jax.tracking.state import Prediction, TrackerSpec, TrackerState, bucket

State = TrackerState | MultiState

_init = jax.jit(tracker_lib.init_tracker, static_argnums=0, static_argnames="from_mask")
_step = jax.jit(multi_object.step_any, static_argnums=0, donate_argnums=2)
_video = jax.jit(multi_object.track_any, static_argnums=0, donate_argnums=2)
_correct = jax.jit(
    correction.correct_any, static_argnums=0, static_argnames="from_mask"
)
_copy = jax.jit(lambda state: jax.tree.map(jnp.copy, state))


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Tracker:
    """Tracks objects, frame by frame; all state is outside, in a pytree.

    `init` starts one object; `add_object` makes it several, whose state the same
    methods take. Adding or removing one does not compile anew as long as a slot is
    free. With several objects an answer is a `MultiPrediction`.

    Frames are uint8 (H, W, 3) RGB. The first frame of a size compiles (see `warm_up`);
    sizes that share a bucket of 64 pixels share the compilation. What cannot be used is
    an `InputError`, a state of another tracker too, as `state_checks` says.

    Attributes:
      spec: network, settings (`TrackerConfig`) and memory design.
      variables: weights of the network.
      object_slots: slots of a state with several objects, at first; once all are taken
        so many are added, and the next step compiles anew. Each slot, even an empty
        one, takes the memory of one object's state: 20 MB with `lite`.
    """

    spec: TrackerSpec
    variables: dict[str, Any]
    object_slots: int = 4
    _forms: dict[tuple[int, int], state_checks.Form] = dataclasses.field(
        default_factory=dict, init=False
    )

    def __post_init__(self) -> None:
        """Checks the number of slots; the process keeps its pages from now on."""
        allocation.keep_pages()
        checks.check_count(self.object_slots, "object_slots", checks.MAX_OBJECT_ID)

    def __repr__(self) -> str:
        """Returns network, memory and sizes on one line."""
        config, memory = self.config, type(self.spec.memory).__name__
        return (
            f"Tracker({type(self.spec.network).__name__}, memory={memory}, "
            f"capacity={config.memory.capacity}, crop_size={config.crop_size}, "
            f"object_slots={self.object_slots})"
        )

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
          InputError: a file or a setting is not right, as `loading.load_tracker` says.
        """
        return cls(*loading.load_tracker(checkpoint, design, overrides))

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
            size than the frame, the box lies outside the frame, the frame is no uint8
            RGB image, or the answer is NaN.
        """
        checks.check_frame(frame)
        given, from_mask = checks.given(frame, mask, box_xywh)
        state, answer = _init(
            self.spec,
            self.variables,
            padding.pad(frame),
            jnp.array(frame.shape[:2], jnp.int32),
            padding.pad(given),
            from_mask=from_mask,
        )
        # Here it is known without tracing the program once more.
        self._forms.setdefault(bucket(*frame.shape[:2]), state_checks.Form.of(state))
        return state, padding.finish(answer, frame.shape[:2])

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
          InputError: as in `init`; the state is not this tracker's; the frame has
            another size than those before; or the id is taken or not in 1-255.
        """
        checks.check_frame(frame, None if state is None else self.check_state(state))
        one, _ = self.init(frame, mask=mask, box_xywh=box_xywh)
        return self.add_state(state, one, object_id)

    def add_state(
        self,
        state: TrackerState | MultiState | None,
        one: TrackerState,
        object_id: int | None = None,
    ) -> MultiState:
        """Returns what `add_object` does, of an object that `init` has started."""
        size = self.check_state(one, single=True)
        if state is not None and self.check_state(state) != size:
            raise InputError(
                f"the object was started in a frame of {size}, the others in one of "
                f"{self.check_state(state)}: all are tracked in the same frames"
            )
        return slots.add_object(state, one, object_id, slots=self.object_slots)

    def remove_object(self, state: MultiState, object_id: int) -> MultiState:
        """Returns the state without an object; its slot is free for another.

        Raises:
          InputError: there is no such object, or the state is of one tracked alone.
        """
        self.check_state(state)
        return slots.remove_object(state, object_id)

    def correct(
        self,
        state: State,
        frame: np.ndarray,
        mask: Any = None,
        object_id: int | None = None,
        *,
        box_xywh: Any = None,
    ) -> tuple[State, Prediction]:
        """Returns the state in which an object is where a person says, and its answer.

        The frame becomes a permanent entry of the memory; what was remembered of it is
        replaced, earlier frames stay. See `correction.correct_target`. Other objects
        stay as they are, and so does the given state. To say that an object is not
        there any more, remove it and add it again where it returns.

        Args:
          state: after the step of this very frame; if it was the object's first, the
            object is started anew.
          frame: RGB.
          mask: the object, as in `init`; or
          object_id: which one it is; may be left out where there is one alone.
          box_xywh: its box.

        Raises:
          InputError: an empty mask is refused; as in `add_object`; no such object.
        """
        checks.check_frame(frame, self.check_state(state))
        given, from_mask = checks.given(frame, mask, box_xywh)
        slot, frame_idx = slots.locate(state, object_id)
        if not frame_idx:
            one, answer = self.init(frame, mask=mask, box_xywh=box_xywh)
            return slots.replace(state, one, slot), answer
        where = padding.pad(given), jnp.int32(slot)
        arguments = self.spec, self.variables, state, padding.pad(frame), where
        state, answer = _correct(*arguments, from_mask=from_mask)
        return state, padding.finish(answer, frame.shape[:2])

    def step(
        self, state: State, frame: np.ndarray
    ) -> tuple[State, Prediction | MultiPrediction]:
        """Returns the state and the answer after one more frame.

        The given state stays valid: it can be kept, stepped again, forked.

        Raises:
          InputError: the frame is not of the first frame's size, or no uint8 RGB image;
            the state is not this tracker's; or the answer is NaN.
        """
        checks.check_frame(frame, self.check_state(state))
        return self._step(_copy(state), frame)

    def step_in_place(
        self, state: State, frame: np.ndarray
    ) -> tuple[State, Prediction | MultiPrediction]:
        """Returns what `step` returns; the given state's buffers are lost."""
        checks.check_frame(frame, self.check_state(state))
        return self._step(state, frame)

    def track_video(
        self, state: State, frames: np.ndarray
    ) -> tuple[State, Prediction | MultiPrediction]:
        """Returns the state after a chunk of frames (F, H, W, 3) and all their answers.

        One `lax.scan`; chunks of the same length compile once. The given state's
        buffers are reused and lost.

        Raises:
          InputError: there is no frame, or as in `step`.
        """
        checks.check_frames(frames, self.check_state(state))
        padded = np.stack([padding.pad(frame) for frame in frames])
        state, answers = _video(self.spec, self.variables, state, padded)
        return state, padding.finish(answers, frames[0].shape[:2])

    def check_state(self, state: Any, *, single: bool = False) -> tuple[int, int]:
        """Returns the true size of a state's frames.

        Raises:
          InputError: it is none of this tracker's, as `state_checks.check_state` says.
        """
        return state_checks.check_state(state, self._form, single=single)

    def warm_up(self, height: int, width: int, *, from_mask: bool = True) -> None:
        """Compiles `init` and `step` for frames of a size, so that the first is fast.

        Args:
          height: of the frames, pixels.
          width: of the frames, pixels.
          from_mask: whether `init` will be given a mask, or else a box.

        Raises:
          InputError: the size is not of whole numbers above 0.
        """
        checks.check_count(height, "the height")
        checks.check_count(width, "the width")
        frame = np.zeros((height, width, 3), np.uint8)
        box = width / 4, height / 4, width / 2, height / 2
        mask = checks.fill_box(box, (height, width)) if from_mask else None
        state, _ = self.init(frame, mask=mask, box_xywh=None if from_mask else box)
        self.step(state, frame)

    def _step(
        self, state: State, frame: np.ndarray
    ) -> tuple[State, Prediction | MultiPrediction]:
        state, answer = _step(self.spec, self.variables, state, padding.pad(frame))
        return state, padding.finish(answer, frame.shape[:2])

    def _form(self, size: tuple[int, int]) -> state_checks.Form:
        """Returns how this tracker's states are built, for frames of a size."""
        padded = bucket(*size)
        if padded not in self._forms:
            one = state_checks.expected(self.spec, self.variables, padded)
            self._forms[padded] = state_checks.Form.of(one)
        return self._forms[padded]
