"""Even thinning against a plain simulation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.memory.designs import stm
from tests.memory import frames, plain


def thinned(kept, last, _):
    """The kept frame whose neighbors in time are nearest to each other."""
    times = [0, *sorted(kept), last]
    spans = {
        t: times[i + 1] - times[i - 1] for i, t in enumerate(times) if 0 < t < last
    }
    return min(kept, key=lambda number: spans[number])


@pytest.mark.parametrize("every", [1, 3])
@pytest.mark.parametrize("capacity", [4, 7])
def test_full_memory_loses_the_frame_that_leaves_the_smallest_gap(capacity, every):
    rng = np.random.default_rng(every)
    facts = [{"found": rng.random() < 0.9, "due": i % every == 0} for i in range(1, 41)]
    entries = [frames.numbered(i, **fact) for i, fact in enumerate(facts, 1)]
    _, _, _, slots = frames.track(stm.Stm(capacity), entries)

    def keeps(number):
        return facts[number - 1]["due"]

    assert frames.held(slots) == plain.simulate(facts, capacity - 2, keeps, thinned)


def test_those_that_stay_cover_the_video_and_with_room_none_goes():
    entries = [frames.numbered(i, due=i % 5 == 0) for i in range(1, 41)]
    few = frames.held(frames.track(stm.Stm(6), entries)[3])[-1]
    assert few[0] == 0 and few[-1] == 40
    assert max(np.diff(few)) <= 15, "a fifo's first gap would be 20 frames"
    all_ = frames.held(frames.track(stm.Stm(12), entries)[3])[-1]
    assert all_ == list(range(0, 41, 5))


def test_gaps_are_those_between_neighbors_in_time():
    numbers = jnp.asarray([0, 30, 12, 7, 3, -1])
    valid = jnp.asarray([True, True, True, True, False, False])
    found = jax.jit(stm.gaps)(numbers, valid)
    assert found[:4].tolist() == [jnp.inf, jnp.inf, 30 - 7, 12 - 0]
