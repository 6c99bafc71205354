"""A frame that a memory does not want is not encoded, and that changes nothing."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from samn_jax.memory.design import Wrapper
from samn_jax.memory.designs.swiftnet import SwiftNet
from samn_jax.tracking import init_tracker, tracker
from tests.tracking import color_net

EXTENT = jnp.array([96, 120], jnp.int32)
FRAMES, MASKS = color_net.make_clip([(30 + 3 * i, 30 + 2 * i) for i in range(9)])


@dataclasses.dataclass(frozen=True)
class Greedy(SwiftNet):
    """Wants every frame, though it uses few."""

    def wants(self, entry):
        return True


@dataclasses.dataclass(frozen=True)
class Hurried(Wrapper):
    """Shows the design inside every frame as one that is due."""

    def write(self, state, entry, read, reader):
        entry = entry._replace(due=jnp.bool_(True))
        return self.inner.write(state, entry, read, reader)


def follow(design):
    """Answers, lessons and the last state of a clip."""
    spec = dataclasses.replace(color_net.make_spec(use_spatial=False), memory=design)
    init = jax.jit(init_tracker, static_argnums=0, static_argnames="from_mask")

    @jax.jit
    def step(state, frame):
        seen = tracker.observe_alone(spec, {}, state, frame)
        return tracker.conclude(spec, {}, state, seen, frame.shape[:2])

    first = MASKS[0].astype(np.float32)
    state, _ = init(spec, {}, FRAMES[0], EXTENT, first, from_mask=True)
    answers, lessons = [], []
    for frame in FRAMES[1:]:
        state, answer, lesson = step(state, frame)
        answers.append(answer)
        lessons.append(lesson)
    return state, answers, lessons


def test_only_wanted_frames_are_encoded_and_answers_stay():
    state, answers, lessons = follow(SwiftNet(4))
    same_state, same_answers, all_encoded = follow(Greedy(4))
    encoded = [bool(lesson.entry.value.attention.any()) for lesson in lessons]
    assert encoded == [frame == 5 for frame in range(1, 9)]
    assert all(lesson.entry.value.attention.any() for lesson in all_encoded)
    # Two programs may round differently.
    same = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6)
    jax.tree.map(same, state, same_state)
    jax.tree.map(same, answers, same_answers)


def test_a_wrapper_has_what_it_shows_the_design_inside():
    state, _, lessons = follow(Hurried(SwiftNet(4)))
    assert all(lesson.entry.key.attention.any() for lesson in lessons)
    written = np.asarray(state.memory.frame_idx) == 8
    assert written.any() and np.asarray(state.memory.value.attention)[written].any()
