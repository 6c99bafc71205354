import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from samn_jax.errors import InputError
from samn_jax.training import previous, unroll
from samn_jax.training.spoil import SpoilConfig
from tests.training import tiny

SIZE = 64
PLAIN = previous.PreviousConfig(
    true_share=0.0, empty_share=0.0, drift=0.0, growth=0.0, spoil=SpoilConfig()
)


def box(x, y, w, h):
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[y : y + h, x : x + w] = 1.0
    return jnp.asarray(mask)


# The object was seen small on the left, and is large on the right.
BEFORE = previous.Before(
    predicted=box(8, 20, 12, 10),
    truth=box(8, 20, 10, 10),
    now=box(30, 24, 20, 20),
    other=box(50, 2, 8, 8),
)


@functools.partial(jax.jit, static_argnums=0)
def show(config, keys, before):
    return jax.vmap(lambda key: previous.shown(config, key, before))(keys)


def draw(count=400, before=BEFORE, **settings):
    keys = jax.random.split(jax.random.key(1), count)
    return np.asarray(show(dataclasses.replace(PLAIN, **settings), keys, before))


def center_of(masks):
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    weights = masks.sum((1, 2))
    return (
        np.stack([(masks * x).sum((1, 2)), (masks * y).sum((1, 2))], 1)
        / weights[:, None]
    )


def test_the_prediction_is_laid_where_the_target_is_now():
    (mask,) = draw(1)
    np.testing.assert_array_equal(mask > 0.5, box(30, 24, 24, 20) > 0.5)


def test_without_a_key_it_is_neither_moved_nor_spoilt():
    config = previous.PreviousConfig()
    mask = jax.jit(lambda before: previous.shown(config, None, before))(BEFORE)
    np.testing.assert_allclose(mask, draw(1)[0], atol=1e-6)


def test_true_and_empty_masks_have_their_shares():
    masks = draw(1000, true_share=0.3, empty_share=0.2)
    width = (masks > 0.5).any(1).sum(1)
    assert abs(np.mean(width == 0) - 0.2) < 0.05
    assert abs(np.mean(width == 20) - 0.3 * 0.8) < 0.05
    assert set(width.tolist()) == {0, 20, 24}


def test_drift_and_growth_have_their_deviations():
    masks = draw(1000, drift=0.1, growth=0.05, true_share=1.0)
    shift = center_of(masks) - np.array([40.0, 34.0])
    np.testing.assert_allclose(shift.std(0), 0.1 * 20, rtol=0.1)
    np.testing.assert_allclose(shift.mean(0), 0.0, atol=0.3)
    size = np.log(np.sqrt(masks.sum((1, 2))) / 20)
    np.testing.assert_allclose(size.std(), 0.05, rtol=0.15)


def test_a_target_that_left_was_shown_where_it_was():
    gone = BEFORE._replace(now=np.zeros_like(BEFORE.now))
    (mask,) = draw(1, gone)
    np.testing.assert_allclose(mask, BEFORE.predicted, atol=1e-5)


def test_no_gradient_flows_through_what_is_shown():
    def total(predicted):
        before = BEFORE._replace(predicted=predicted)
        return previous.shown(PLAIN, jax.random.key(0), before).sum()

    assert not np.any(jax.jit(jax.grad(total))(BEFORE.predicted))


class ShownNet(tiny.TinyNet):
    """Answers with what it is shown."""

    previous_mask = True

    def decode(self, readout, query, center_xy, previous=None):
        log_odds = super().decode(readout, query, center_xy)
        if previous is None:
            return log_odds
        shown = jnp.repeat(jnp.repeat(previous, 2, axis=1), 2, axis=2)
        return 20.0 * (shown - 0.5) + 0.0 * log_odds


def test_a_clip_shows_the_truth_first_and_then_the_predictions():
    settings = {"leave_share": 0.0, "center_jitter": 0.05, "crop_factor": (3.0, 3.5)}
    batch = tiny.batch(**settings)._replace(seeds=None)
    network = unroll.Network(ShownNet(), tiny.MemoryConfig())
    run = jax.jit(functools.partial(unroll.unroll, network))
    logits = np.asarray(run(tiny.variables(), batch))
    found = logits[:, :, 1] > 0
    for clip in range(4):
        # Discs are alike wherever they are: what is shown lies where the target is, in
        # the second frame the first mask, in the third the answer to the second.
        for index in (1, 2):
            truth = np.asarray(batch.masks[clip, index]) == 1
            answer = found[index - 1, clip]
            assert (answer & truth).sum() / (answer | truth).sum() > 0.6


def test_equal_seeds_show_the_same_and_others_do_not():
    batch = tiny.batch()
    network = unroll.Network(ShownNet(), tiny.MemoryConfig())
    run = jax.jit(functools.partial(unroll.unroll, network))
    once, again = (np.asarray(run(tiny.variables(), batch)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    other = run(tiny.variables(), batch._replace(seeds=batch.seeds + np.uint32(1)))
    assert np.abs(once - other).max() > 1.0
    # A clip's own seed counts, not that of its neighbors.
    seeds = batch.seeds + np.arange(4, dtype=np.uint32)
    mixed = run(tiny.variables(), batch._replace(seeds=seeds))
    np.testing.assert_allclose(mixed[:, 0], once[:, 0], atol=1e-5)


def test_settings_are_checked():
    with pytest.raises(InputError, match="empty_share is 2"):
        previous.PreviousConfig(empty_share=2.0)
    with pytest.raises(InputError, match="drift"):
        previous.PreviousConfig(drift=-1.0)
