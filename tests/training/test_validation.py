import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.training import unroll, validation
from tests.training import tiny


def test_mean_iou_is_over_frames_and_objects_of_the_first_frame():
    masks = np.zeros((1, 3, 4, 4), np.uint8)
    masks[0, :, :2] = 1
    masks[0, :2, 3] = 2  # the second object leaves
    masks[0, 2, 0, 0] = 3  # another one comes, which was not asked for
    batch = unroll.Batch(
        np.zeros((1, 3, 4, 4, 3), np.uint8), masks, np.zeros((1, 3, 2), np.float32)
    )
    found = np.zeros((2, 1, 4, 4), np.uint8)
    found[0, 0] = masks[0, 1]
    found[1, 0, :1] = 1
    # Frame 1: both right. Frame 2: 3 of 7 pixels, and an empty mask is right.
    found[1, 0, 0, 0] = 0
    expected = (1 + 1 + 3 / 7 + 1) / 4
    assert validation.mean_iou(jnp.asarray(found), batch) == pytest.approx(expected)


def test_held_out_crops_are_always_the_same():
    config = tiny.config()
    first = validation.held_out_batches(config, tiny.videos())
    again = validation.held_out_batches(config, tiny.videos())
    assert len(first) == validation.NUM_BATCHES
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a.frames, b.frames)
        np.testing.assert_array_equal(a.masks, b.masks)
    assert validation.held_out_batches(config, ()) == []


def test_held_out_crops_need_no_clip_of_the_training_sources():
    by_source = dataclasses.replace(
        tiny.config().sampling, video_shares=(("turn-", 1.0), ("", 9.0))
    )
    config = dataclasses.replace(tiny.config(), sampling=by_source)
    plain = validation.held_out_batches(tiny.config(), tiny.videos())
    assert not any(v.name.startswith("turn-") for v in tiny.videos())
    for a, b in zip(
        plain, validation.held_out_batches(config, tiny.videos()), strict=True
    ):
        np.testing.assert_array_equal(a.frames, b.frames)
