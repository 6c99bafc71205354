"""A tracker that tells a log of every frame, and tracks as it did."""

import dataclasses
from typing import Any

import jax
import numpy as np

from samn_jax.inspect.log import Log, Shown
from samn_jax.tracking import Tracker, trace
from samn_jax.tracking.multi_object import MultiPrediction, MultiState
from samn_jax.tracking.predictor import State
from samn_jax.tracking.state import Prediction, TrackerState

_THRESHOLD = 0.5  # of the object probability


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class TracingTracker(Tracker):
    """A tracker whose frames are logged; `tracing` makes it.

    Attributes:
      log: what is told; None tells nobody, as when it is warmed up.
    """

    log: Log | None = None

    def init(
        self, frame: np.ndarray, *, mask: Any = None, box_xywh: Any = None
    ) -> tuple[TrackerState, Prediction]:
        """Returns what `Tracker.init` does."""
        state, answer = super().init(frame, mask=mask, box_xywh=box_xywh)
        if self.log is not None:
            shown = Shown(frame, np.asarray(answer.mask) > _THRESHOLD)
            self.log.begin(shown, int(state.frame_idx), self._slots(state))
        return state, answer

    def add_state(
        self,
        state: TrackerState | MultiState | None,
        one: TrackerState,
        object_id: int | None = None,
    ) -> MultiState:
        """Returns what `Tracker.add_state` does; the object was begun just now."""
        before = set() if state is None else _ids(state)
        after = super().add_state(state, one, object_id)
        if self.log is not None:
            (new,) = _ids(after) - before
            self.log.rename(new)
        return after

    # Here and above the arguments are those of the methods that are overridden.
    def correct(
        self,
        state: State,
        frame: np.ndarray,
        mask: Any = None,
        object_id: int | None = None,
        *,
        box_xywh: Any = None,
    ) -> tuple[State, Prediction]:
        """Returns what `Tracker.correct` does."""
        log, quiet = self.log, dataclasses.replace(self, log=None)
        state, answer = Tracker.correct(
            quiet, state, frame, mask, object_id, box_xywh=box_xywh
        )
        if log is not None:
            one: Any = state
            number = log.alone
            if isinstance(state, MultiState):
                number = object_id or next(iter(_ids(state)))
                slot = np.asarray(state.object_ids).tolist().index(number)
                one = jax.tree.map(lambda x: x[slot], state.objects)
            shown = Shown(frame, np.asarray(answer.mask) > _THRESHOLD)
            log.correct(number, shown, int(one.frame_idx), self._slots(one))
        return state, answer

    def _step(
        self, state: State, frame: np.ndarray
    ) -> tuple[State, Prediction | MultiPrediction]:
        state, answer, told = trace.step_in_place(self, state, frame)
        if self.log is None:
            return state, answer
        if isinstance(answer, Prediction):
            mask = np.asarray(answer.mask) > _THRESHOLD
            self.log.add(self.log.alone, Shown(frame, mask), told)
            return state, answer
        for slot, number in enumerate(np.asarray(answer.object_ids).tolist()):
            if number:
                one = jax.tree.map(lambda x, slot=slot: x[slot], told)
                shown = Shown(frame, np.asarray(answer.ids) == number)
                self.log.add(number, shown, one)
        return state, answer

    def _slots(self, state: TrackerState) -> Any:
        return jax.tree.map(np.asarray, self.spec.memory.slots(state.memory))


def tracing(tracker: Tracker, log: Log | None) -> TracingTracker:
    """Returns the tracker telling a log, which learns what the memory's design is."""
    if log is not None:
        log.design = log.design or tracker.config.memory.design
        log.settings = log.settings or repr(tracker.spec.memory)
    return TracingTracker(
        tracker.spec, tracker.variables, tracker.object_slots, log=log
    )


def _ids(state: State) -> set[int]:
    if isinstance(state, TrackerState):
        return {1}
    return {number for number in np.asarray(state.object_ids).tolist() if number}
