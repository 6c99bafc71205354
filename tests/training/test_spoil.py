import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.training import spoil, unroll
from tests.training import tiny

SIZE = 64
MASK = np.zeros((SIZE, SIZE), np.float32)
MASK[20:36, 24:48] = 1.0
OTHER = np.zeros_like(MASK)
OTHER[48:60, 4:16] = 1.0
NOTHING = np.zeros_like(MASK)


@functools.partial(jax.jit, static_argnums=0)
def spoil_many(config, keys, mask, other):
    return jax.vmap(lambda key: spoil.spoil(config, key, mask, other))(keys)


def draw(count=200, other=OTHER, mask=MASK, **settings):
    keys = jax.random.split(jax.random.key(0), count)
    found = spoil_many(spoil.SpoilConfig(**settings), keys, mask, other)
    return jax.tree.map(np.asarray, found)


def test_nothing_is_spoiled_by_default():
    masks, spoiled = draw(20)
    assert not spoiled.any()
    np.testing.assert_array_equal(masks, np.broadcast_to(MASK, masks.shape))


def test_shares_are_kept_and_others_are_as_they_were():
    masks, spoiled = draw(2000, drifted_share=0.2, other_share=0.3)
    assert abs(spoiled.mean() - 0.5) < 0.05
    same = (masks == MASK).all((1, 2))
    np.testing.assert_array_equal(same, ~spoiled)
    is_other = (masks == OTHER).all((1, 2))
    assert abs(is_other.mean() - 0.3) < 0.05


def test_a_drifted_mask_is_shifted_by_a_share_of_its_size():
    masks, _ = draw(drifted_share=1.0, drift=(0.3, 0.5))
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    weights = masks.sum((1, 2))
    center = np.stack([(masks * x).sum((1, 2)), (masks * y).sum((1, 2))]) / weights
    far = np.hypot(center[0] - 36, center[1] - 28) / np.sqrt(MASK.sum())
    assert far.min() > 0.29 and far.max() < 0.51 and np.ptp(far) > 0.15
    np.testing.assert_allclose(weights, MASK.sum(), rtol=0.01)


def test_a_ragged_mask_is_smaller_or_larger_and_at_its_place():
    masks, _ = draw(ragged_share=1.0)
    area = (masks > 0.5).sum((1, 2)) / MASK.sum()
    assert (area < 0.9).any() and (area > 1.1).any()
    assert area.min() > 0.4 and area.max() < 2.0
    small, large = masks[area < 1] > 0.5, masks[area > 1] > 0.5
    assert not (small & (MASK == 0)).any()
    assert large[:, MASK > 0][:, :].mean() > 0.97


def test_a_part_is_missing_and_the_rest_is_as_it_was():
    masks, _ = draw(missing_share=1.0)
    assert ((masks == MASK) | (masks == 0)).all()
    share = masks.sum((1, 2)) / MASK.sum()
    assert share.min() > 0.05 and share.max() <= 1.0 and (share < 0.9).mean() > 0.5


def test_without_another_object_the_mask_lies_on_something_else():
    masks, spoiled = draw(other_share=1.0, other=NOTHING)
    assert spoiled.all()
    inside = (masks * MASK).sum((1, 2)) / MASK.sum()
    assert inside.max() < 0.3


def test_an_empty_mask_stays_empty():
    for name in spoil._SHARES[:3]:
        masks, _ = draw(20, mask=NOTHING, **{name: 1.0})
        assert not masks.any()


def test_move_takes_a_point_to_another_and_enlarges():
    move = jax.jit(spoil.move)
    moved = move(MASK, jnp.array([36.0, 28.0]), jnp.array([30.0, 30.0]), 1.0)
    np.testing.assert_allclose(moved, np.roll(MASK, (2, -6), (0, 1)), atol=1e-5)
    larger = move(MASK, jnp.array([36.0, 28.0]), jnp.array([32.0, 32.0]), 2.0)
    expected = np.zeros_like(MASK)
    expected[16:48, 8:56] = 1.0
    assert np.abs(larger - expected).sum() < 0.12 * expected.sum()
    np.testing.assert_array_equal(np.asarray(larger) > 0.5, expected > 0.5)


def test_settings_are_checked():
    with pytest.raises(InputError, match="are 1.2 together, more than 1"):
        spoil.SpoilConfig(drifted_share=0.6, other_share=0.6)
    with pytest.raises(InputError, match="missing_share"):
        spoil.SpoilConfig(missing_share=-0.1)
    with pytest.raises(InputError, match="drift is"):
        spoil.SpoilConfig(drift=(0.5, 0.1))
    total = dataclasses.replace(spoil.SpoilConfig(), ragged_share=0.25).total
    assert total == 0.25


def test_remembered_masks_are_spoiled_but_never_the_first():
    batch = tiny.batch(num_frames=3)
    always = spoil.SpoilConfig(other_share=1.0)
    run = {
        name: jax.jit(
            functools.partial(unroll.unroll, tiny.objective(**settings).network)
        )
        for name, settings in {"good": {}, "wrong": {"spoil": always}}.items()
    }
    good, wrong = (np.asarray(f(tiny.variables(), batch)) for f in run.values())
    # The second frame is told by the first alone, the third by a wrong second one too.
    np.testing.assert_array_equal(good[0], wrong[0])
    assert np.abs(good[1] - wrong[1]).max() > 1e-3
    plain = batch._replace(seeds=None)
    np.testing.assert_array_equal(
        run["good"](tiny.variables(), plain), run["wrong"](tiny.variables(), plain)
    )


@functools.cache
def remembering(config, num_objects=1):
    network = tiny.objective(num_objects, mode="mask", spoil=config).network

    @jax.jit
    def masks(batch):
        steps = unroll._Steps(network, tiny.variables(), batch, 3)
        logits = jnp.zeros((4, num_objects + 1, tiny.SIZE, tiny.SIZE))
        return steps.remembered_mask(1, logits)

    return lambda batch: np.asarray(masks(batch))


def test_the_other_object_is_the_clips_next_or_what_was_pasted_in():
    always = spoil.SpoilConfig(other_share=1.0)
    batch = tiny.batch(num_frames=3, distractor_share=1.0, occluder_share=0.0)
    there = batch.others[:, 1].any((1, 2))
    assert there.sum() >= 2
    masks = remembering(always)(batch)[:, 0]
    np.testing.assert_array_equal(masks[there], batch.others[there, 1])
    batch = tiny.batch(num_frames=3, max_objects=2)
    ids = np.arange(1, 3)[None, :, None, None]
    masks = remembering(always, 2)(batch)
    truth = (batch.masks[:, 1][:, None] == ids).astype(np.float32)
    both = truth.any((2, 3)).all(1) & (batch.masks[:, 0].max((1, 2)) == 2)
    assert both.any()
    np.testing.assert_array_equal(masks[both], truth[both][:, ::-1])


def test_a_share_of_remembered_masks_is_wrong():
    batch = tiny.batch(num_frames=3)
    config = spoil.SpoilConfig(missing_share=0.5)
    wrong = []
    for number in range(40):
        seeds = batch.seeds + np.uint32(number)
        masks = remembering(config)(batch._replace(seeds=seeds))[:, 0]
        wrong += (masks != (batch.masks[:, 1] == 1)).any((1, 2)).tolist()
    assert 0.3 < np.mean(wrong) < 0.6  # some cuts go beside the object
