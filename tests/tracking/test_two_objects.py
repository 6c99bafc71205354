"""The shipped model on real frames with a second object pasted into them."""

import cv2
import numpy as np
import pytest

from samn_jax.data import davis
from samn_jax.tracking import Tracker
from tests.tracking.compile_count import count_compilations

SIZE = (240, 426)
FRAMES = range(0, 32, 2)
ADD, REMOVE = 3, 12


def shrink(image):
    method = cv2.INTER_AREA if image.ndim == 3 else cv2.INTER_NEAREST
    return cv2.resize(image, SIZE[::-1], interpolation=method)


def compose(davis16_dir):
    """Frames of a camel with a dog walking in before it, and their ids 1 and 2."""
    camel, dog = davis.read_davis16(davis16_dir).select(("camel", "dog")).sequences
    frames, truths = [], []
    for index in FRAMES:
        frame, ids = shrink(camel.frame(index)), shrink(camel.mask(index))
        scale = 0.45
        small = cv2.resize(dog.frame(index), None, fx=scale, fy=scale)
        inside = cv2.resize(dog.mask(index), small.shape[1::-1], interpolation=0) > 0
        top, left = SIZE[0] - small.shape[0], index
        y, x = np.nonzero(inside)
        y, x = y + top, x + left
        visible = (x < SIZE[1]) & (y < SIZE[0])
        frame[y[visible], x[visible]] = small[inside][visible]
        ids[y[visible], x[visible]] = 2
        frames.append(frame)
        truths.append(ids)
    return frames, truths


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
