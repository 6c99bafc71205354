"""The shipped model on real frames with a second object pasted into them."""

import numpy as np
import pytest

from samn_jax.tracking import Tracker
from tests.tracking.compile_count import count_compilations
from tests.tracking.composed import compose

ADD, REMOVE = 3, 12


@pytest.mark.full_size
def test_two_objects_at_once_while_one_comes_and_goes(davis16_dir):
    frames, truths = compose(davis16_dir)
    tracker = Tracker.from_checkpoint("lite")
    overlaps = {1: [], 2: []}

    def score(ids, index):
        for i in overlaps:
            found, true = ids == i, truths[index] == i
            overlaps[i].append((found & true).sum() / (found | true).sum())

    # All that is needed is compiled before: one object, several, and removal.
    state = tracker.add_object(None, frames[0], truths[0] == 1)
    state = tracker.add_object(state, frames[0], truths[0] == 2)
    tracker.step(tracker.remove_object(state, 1), frames[0])
    with count_compilations() as compiled:
        state = tracker.add_object(None, frames[0], truths[0] == 1)
        for index in range(1, len(frames)):
            state, answer = tracker.step(state, frames[index])
            if ADD < index <= REMOVE:
                score(answer.ids, index)
            if index == ADD:
                state = tracker.add_object(state, frames[index], truths[index] == 2)
            if index == REMOVE:
                state = tracker.remove_object(state, 1)
    assert not compiled
    assert set(np.unique(answer.ids).tolist()) == {0, 2}
    means = {i: float(np.mean(values)) for i, values in overlaps.items()}
    assert all(value > 0.6 for value in means.values()), means
