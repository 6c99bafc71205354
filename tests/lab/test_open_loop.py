"""The open loop looks where the truth is, at the same crops for all designs."""

import dataclasses
import functools

import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.lab import open_loop
from samn_jax.lab.suite import Arm
from samn_jax.tracking import Tracker
from tests.tracking import color_net

PLACES = [(20, 30), (20, 30), (90, 60), (60, 10)]  # too far apart for a tracker
FRAMES, MASKS = color_net.make_clip(PLACES)
TRUTH = MASKS.astype(np.uint8)


def make(key, true_masks=False, **fields):
    tracker = Tracker(color_net.make_spec(use_spatial=True, **fields), {})
    return open_loop.open_loop(tracker, (key,), true_masks=true_masks)


def follow(tracker, truth=TRUTH):
    state, _ = tracker.init(FRAMES[0], mask=MASKS[0])
    answers = []
    for index in range(1, len(FRAMES)):
        encode = functools.partial(tracker.encode, state, FRAMES[index], truth[index])
        look = tracker.looks(index, encode)
        state, answer = tracker.conclude(state, look, FRAMES[index].shape[:2])
        answers.append((look, answer))
    return state, answers


def test_crops_lie_around_the_truth():
    tracker = make("one")
    assert tracker.tracker.spec.config.use_spatial is False
    _, answers = follow(tracker)
    for place, mask, (look, answer) in zip(PLACES[1:], MASKS[1:], answers, strict=True):
        np.testing.assert_allclose(look.target.center_xy, np.array(place) + 10)
        assert color_net.overlap(answer.mask, mask) > 0.8


def test_a_target_that_is_away_is_sought_where_it_was():
    truth = TRUTH.copy()
    truth[2] = 0
    tracker = make("two")
    state, _ = tracker.init(FRAMES[0], mask=MASKS[0])
    look = tracker.encode(state, FRAMES[2], truth[2])
    np.testing.assert_allclose(look.target.center_xy, np.array(PLACES[0]) + 10)
    assert not np.any(look.prob), "the truth says that nothing is there"
    without = tracker.encode(state, FRAMES[2], None)
    assert np.any(without.prob), "no truth is not an empty one"


def test_crops_are_encoded_once_for_all_designs():
    looks = [follow(make("three", **{"memory.design": d}))[1] for d in ("ring", "fifo")]
    for (one, _), (other, _) in zip(*looks, strict=True):
        assert one is other
    again = follow(make("four"))[1]
    assert again[0][0] is not looks[0][0][0], "another video has crops of its own"


def test_true_masks_are_what_is_remembered():
    # Half of what is seen is the target's, which the network can't know.
    truth = TRUTH.copy()
    truth[3, :, PLACES[3][0] + 10 :] = 0
    own, _ = follow(make("five"), truth)
    true, answers = follow(make("five", true_masks=True), truth)
    # The last frame's value in slot 1: its first channel is the share of each cell.
    share = np.asarray(true.tracker.memory.bank.value.attention[1, ..., 0])
    wanted = np.asarray(answers[-1][0].prob)
    cells = wanted.reshape(4, 16, 4, 16).mean(axis=(1, 3))
    np.testing.assert_allclose(share, cells, atol=1e-5)
    learned = np.asarray(own.tracker.memory.bank.value.attention[1, ..., 0])
    assert np.abs(learned - share).max() > 0.1, "its own masks are others"
    assert dataclasses.asdict(make("five").tracker.config)["use_spatial"] is False


def test_true_masks_are_for_the_open_loop():
    with pytest.raises(InputError, match="open"):
        Arm("cheat", true_masks=True)
